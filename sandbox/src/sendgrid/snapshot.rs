//! The mailbox as JSON, for a stack that survives its process.

use domain::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::mail::Mail;
use super::schedule::{Event, Schedule};
use super::{Draw, SendGrid};

/// What is kept; keys and behaviour come from the settings of the next start.
#[derive(Debug, Serialize, Deserialize)]
struct Snapshot {
    mails: Vec<Mail>,
    waiting: Vec<(Timestamp, Event)>,
    draw: Draw,
}

impl SendGrid {
    /// Mails, and events that are not posted yet.
    ///
    /// # Errors
    ///
    /// When they cannot be written as JSON.
    pub fn snapshot(&self) -> Result<Value, serde_json::Error> {
        let waiting = self.schedule.waiting().map(|(due, event)| (due, event.clone())).collect();
        serde_json::to_value(Snapshot { mails: self.mails.clone(), waiting, draw: self.draw.clone() })
    }

    /// Takes over what a snapshot kept. Events that came due meanwhile are posted at the next tick.
    ///
    /// # Errors
    ///
    /// When the snapshot is not one; nothing is changed then.
    pub fn restore(&mut self, snapshot: Value) -> Result<(), serde_json::Error> {
        let kept: Snapshot = serde_json::from_value(snapshot)?;
        let mut schedule = Schedule::default();
        for (due, event) in kept.waiting {
            schedule.push(due, event);
        }
        (self.mails, self.schedule, self.draw) = (kept.mails, schedule, kept.draw);
        Ok(())
    }
}
