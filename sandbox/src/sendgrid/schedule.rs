//! The events that are still to be posted, and how they are gathered into posts.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::Timestamp;
use serde_json::{Map, Value};

use super::event_kind::EventKind;
use super::request::Address;
use super::{SendGrid, event, event_kind};
use crate::{Provider, Webhook};

/// One event as it goes over the wire.
pub type Event = Map<String, Value>;

/// Copies with another id come up to this many milliseconds later.
const COPY_LATER_MS: u32 = 2000;

/// Events by the moment they are due; those of one moment in the order they came up.
#[derive(Debug, Default)]
pub struct Schedule {
    queue: BTreeMap<(Timestamp, u64), Event>,
    last: u64,
}

impl Schedule {
    /// Puts an event in.
    pub fn push(&mut self, due: Timestamp, event: Event) {
        self.last += 1;
        self.queue.insert((due, self.last), event);
    }

    /// When the next event is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.queue.first_key_value().map(|((due, _), _)| *due)
    }

    /// Takes out everything that is due.
    pub fn take_due(&mut self, now: Timestamp) -> Vec<Event> {
        let later = self.queue.split_off(&(now.plus(Duration::from_millis(1)), 0));
        std::mem::replace(&mut self.queue, later).into_values().collect()
    }

    /// Every event that waits, with when it is due.
    pub fn waiting(&self) -> impl Iterator<Item = (Timestamp, &Event)> {
        self.queue.iter().map(|((due, _), event)| (*due, event))
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.queue.clear();
    }
}

impl SendGrid {
    /// Plans the events that the recipients' addresses ask for; a name that is taken for a list of addresses is dropped.
    pub(super) fn plan_fate(&mut self, mail: usize) {
        let Some(found) = self.mails.get(mail) else { return };
        let start = found.send_at.unwrap_or(found.accepted_at);
        let fate = |address: &Address| -> &'static [EventKind] {
            if address.is_taken_for_a_list() { &[EventKind::Dropped] } else { event_kind::of(&address.email) }
        };
        let fates: Vec<_> = found.recipients().map(|address| (address.email.clone(), fate(address))).collect();
        for (recipient, kinds) in fates {
            let mut at = start.plus(Duration::from_millis(self.behaviour.processed_after_ms));
            for kind in kinds {
                self.plan_event(mail, *kind, &recipient, at);
                at = at.plus(Duration::from_millis(self.behaviour.delivered_after_ms));
            }
        }
    }

    /// Plans one event of a mail.
    pub(super) fn plan_event(&mut self, mail: usize, kind: EventKind, email: &str, at: Timestamp) {
        let Some(mail) = self.mails.get_mut(mail) else { return };
        let event = event::of(mail, kind, email, at, &mut self.draw);
        mail.events.push(event.clone());
        if self.draw.chance(self.behaviour.duplicate_percent) {
            let mut copy = event.clone();
            copy.insert("sg_event_id".to_owned(), event::event_id(kind.name(), &mut self.draw).into());
            let later = Duration::from_millis(u64::from(self.draw.below(COPY_LATER_MS)));
            self.schedule.push(at.plus(later), copy);
        }
        self.schedule.push(at, event);
    }

    /// Makes webhooks of events, in batches; without an address they go nowhere.
    pub(super) fn post(&mut self, events: &[Event]) {
        let Some(url) = &self.behaviour.webhook_url else { return };
        for batch in events.chunks(self.behaviour.batch_size.max(1)) {
            let first = batch.first();
            let text = |key| first.and_then(|event| event.get(key)?.as_str()).unwrap_or_default().to_owned();
            self.webhooks.push(Webhook {
                provider: Provider::Sendgrid,
                endpoint: "event".to_owned(),
                event_id: text("sg_event_id"),
                event_type: text("event"),
                url: url.clone(),
                body: event::body(batch),
                after: Duration::ZERO,
            });
        }
    }
}
