//! One queue.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use domain::Timestamp;
use serde::{Deserialize, Serialize};

/// A message as its sender wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Unique; a copy that the bus makes by itself has its own, as with SNS.
    pub id: String,
    /// The body.
    pub body: String,
    /// Message attributes, all of them text.
    pub attributes: BTreeMap<String, String>,
    /// When it came into its first queue.
    pub sent_at: Timestamp,
}

/// Names one receive of a message; the next one makes it stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Receipt {
    place: u64,
    receives: u32,
}

impl Receipt {
    /// Reads what its `Display` wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (place, receives) = text.split_once('-')?;
        Some(Self { place: place.parse().ok()?, receives: receives.parse().ok()? })
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.place, self.receives)
    }
}

/// A message in the hands of a consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedMessage {
    /// What to delete it by.
    pub receipt: Receipt,
    /// The message.
    pub message: Message,
    /// How often it was received, this time included.
    pub receives: u32,
    /// When it was first received.
    pub first_received_at: Timestamp,
}

/// How full a queue is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Can be received now.
    pub visible: usize,
    /// Received and not yet done, or waiting to be received again.
    pub in_flight: usize,
}

/// Messages in the order in which they came, with who has them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Queue {
    entries: BTreeMap<u64, Entry>,
    last_place: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Entry {
    message: Message,
    receives: u32,
    first_received_at: Option<Timestamp>,
    visible_at: Timestamp,
}

impl Queue {
    pub fn send(&mut self, message: Message, visible_at: Timestamp) {
        self.last_place += 1;
        let entry = Entry { message, receives: 0, first_received_at: None, visible_at };
        self.entries.insert(self.last_place, entry);
    }

    /// Hands out up to `most` visible messages and hides them for a while.
    pub fn receive(&mut self, most: usize, visibility: Duration, now: Timestamp) -> Vec<ReceivedMessage> {
        let visible = self.entries.iter_mut().filter(|(_, entry)| entry.visible_at <= now).take(most);
        let hand_out = |(place, entry): (&u64, &mut Entry)| {
            entry.receives += 1;
            entry.visible_at = now.plus(visibility);
            ReceivedMessage {
                receipt: Receipt { place: *place, receives: entry.receives },
                message: entry.message.clone(),
                receives: entry.receives,
                first_received_at: *entry.first_received_at.get_or_insert(now),
            }
        };
        visible.map(hand_out).collect()
    }

    /// Hides a message that was received until a moment. A stale receipt changes nothing.
    pub fn hide(&mut self, receipt: Receipt, until: Timestamp) {
        if let Some(entry) = self.entries.get_mut(&receipt.place)
            && entry.receives == receipt.receives
        {
            entry.visible_at = until;
        }
    }

    /// Deletes a message that is done. A stale receipt changes nothing: another receiver has the message now.
    pub fn delete(&mut self, receipt: Receipt) {
        if self.entries.get(&receipt.place).is_some_and(|entry| entry.receives == receipt.receives) {
            self.entries.remove(&receipt.place);
        }
    }

    /// Takes out the visible messages that were received that often already.
    pub fn take_exhausted(&mut self, max_receives: u32, now: Timestamp) -> Vec<Message> {
        let exhausted = |_: &u64, entry: &mut Entry| entry.visible_at <= now && entry.receives >= max_receives;
        self.entries.extract_if(.., exhausted).map(|(_, entry)| entry.message).collect()
    }

    /// Takes out everything, visible or not.
    pub fn take_all(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.entries).into_values().map(|entry| entry.message).collect()
    }

    pub fn messages(&self) -> impl Iterator<Item = &Message> {
        self.entries.values().map(|entry| &entry.message)
    }

    pub fn counts(&self, now: Timestamp) -> Counts {
        let visible = self.entries.values().filter(|entry| entry.visible_at <= now).count();
        Counts { visible, in_flight: self.entries.len() - visible }
    }

    /// When the next message can be received; `None` when there is none.
    pub fn next_visible(&self) -> Option<Timestamp> {
        self.entries.values().map(|entry| entry.visible_at).min()
    }

    /// Makes messages in flight visible: after a restart, no receiver has them any more.
    pub fn show_all(&mut self, now: Timestamp) {
        for entry in self.entries.values_mut() {
            entry.visible_at = entry.visible_at.min(now);
        }
    }
}
