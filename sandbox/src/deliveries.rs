//! The webhooks on their way: when each is due, tried again with growing pauses, given up in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use domain::Timestamp;
use http::HeaderMap;
use serde::{Deserialize, Serialize};

use crate::provider::Webhook;

/// Names one webhook through all its tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DeliveryId(u64);

/// One attempt to deliver a webhook, ready to be POSTed. Report the outcome with `Sandbox::delivered`.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// For the report of the outcome.
    pub id: DeliveryId,
    /// Where to.
    pub url: String,
    /// All headers, signature and content type included.
    pub headers: HeaderMap,
    /// The exact bytes that were signed.
    pub body: Bytes,
    /// The kind of event, as in `payment_intent.succeeded`.
    pub event_type: String,
    /// 1 for the first try.
    pub attempt: u32,
}

/// When a webhook that was not taken is tried again: the pause doubles from `first_ms` up to `ceiling_ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetrySchedule {
    /// Pause after the first try, in milliseconds.
    pub first_ms: u64,
    /// Longest pause, in milliseconds.
    pub ceiling_ms: u64,
    /// No try later than this after the webhook came up, in milliseconds.
    pub give_up_after_ms: u64,
}

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

impl Default for RetrySchedule {
    /// Short pauses for work on one machine; given up after three days, as Stripe does.
    fn default() -> Self {
        Self { first_ms: 500, ceiling_ms: 60_000, give_up_after_ms: 3 * DAY_MS }
    }
}

impl RetrySchedule {
    /// About what Stripe does in live mode: minutes at first, twelve hours at most, three days in all
    /// (docs.stripe.com/webhooks#behaviors).
    pub const fn live() -> Self {
        Self { first_ms: 5 * 60_000, ceiling_ms: DAY_MS / 2, give_up_after_ms: 3 * DAY_MS }
    }

    fn pause(self, tries: u32) -> Duration {
        let doubled = 1_u64.checked_shl(tries.saturating_sub(1)).map_or(u64::MAX, |n| n.saturating_mul(self.first_ms));
        Duration::from_millis(doubled.min(self.ceiling_ms))
    }
}

/// How many webhooks are where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DeliveryCounts {
    /// Not yet taken.
    pub waiting: usize,
    /// POSTed, no report yet.
    pub in_flight: usize,
    /// Taken with a 2xx.
    pub taken: u64,
    /// Tries that were not taken.
    pub failed_tries: u64,
    /// Given up after the whole schedule.
    pub given_up: u64,
    /// Lost on the way for good, by a fault.
    pub dropped: u64,
}

#[derive(Debug)]
struct Pending {
    webhook: Webhook,
    since: Timestamp,
    tries: u32,
    in_flight: bool,
}

/// The queue of webhooks.
#[derive(Debug, Default)]
pub struct Deliveries {
    schedule: RetrySchedule,
    pending: BTreeMap<DeliveryId, Pending>,
    queue: BTreeSet<(Timestamp, DeliveryId)>,
    last: u64,
    counts: DeliveryCounts,
}

impl Deliveries {
    /// An empty queue.
    pub fn new(schedule: RetrySchedule) -> Self {
        Self { schedule, ..Self::default() }
    }

    /// Puts a webhook into the queue.
    pub fn push(&mut self, webhook: Webhook, due: Timestamp) {
        self.last += 1;
        let id = DeliveryId(self.last);
        self.pending.insert(id, Pending { webhook, since: due, tries: 0, in_flight: false });
        self.queue.insert((due, id));
    }

    /// Counts a webhook that never gets into the queue.
    pub const fn count_dropped(&mut self) {
        self.counts.dropped += 1;
    }

    /// When the next webhook is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.queue.first().map(|(due, _)| *due)
    }

    /// Takes the next webhook that is due; it stays out of the queue until its outcome is reported.
    pub fn take(&mut self, now: Timestamp) -> Option<(DeliveryId, Webhook, u32)> {
        let &(due, id) = self.queue.first()?;
        if due > now {
            return None;
        }
        self.queue.pop_first();
        let pending = self.pending.get_mut(&id)?;
        pending.tries += 1;
        pending.in_flight = true;
        Some((id, pending.webhook.clone(), pending.tries))
    }

    /// Records the outcome of an attempt. Returns the webhook once that settles it, with whether it was accepted.
    pub fn report(&mut self, now: Timestamp, id: DeliveryId, status: Option<u16>) -> Option<(Webhook, bool)> {
        // A second report, or one about what was forgotten by a reset, changes nothing.
        let pending = self.pending.get_mut(&id).filter(|pending| pending.in_flight)?;
        pending.in_flight = false;
        if status.is_some_and(|status| (200..300).contains(&status)) {
            self.counts.taken += 1;
            return self.pending.remove(&id).map(|pending| (pending.webhook, true));
        }
        self.counts.failed_tries += 1;
        let due = now.plus(self.schedule.pause(pending.tries));
        if due.since(pending.since) > Duration::from_millis(self.schedule.give_up_after_ms) {
            self.counts.given_up += 1;
            return self.pending.remove(&id).map(|pending| (pending.webhook, false));
        }
        self.queue.insert((due, id));
        None
    }

    /// Makes attempts without a report due now: the process that made them is gone.
    pub fn try_again(&mut self, now: Timestamp) {
        for (id, pending) in self.pending.iter_mut().filter(|(_, pending)| pending.in_flight) {
            pending.in_flight = false;
            self.queue.insert((now, *id));
        }
    }

    /// Forgets all webhooks. Their ids are not given again, so that late reports about them hit nothing.
    pub fn clear(&mut self) {
        *self = Self { schedule: self.schedule, last: self.last, ..Self::default() };
    }

    /// Makes everything that waits due now.
    pub fn hurry(&mut self, now: Timestamp) {
        self.queue = self.queue.iter().map(|(due, id)| ((*due).min(now), *id)).collect();
    }

    /// How many webhooks are where.
    pub fn counts(&self) -> DeliveryCounts {
        let in_flight = self.pending.len() - self.queue.len();
        DeliveryCounts { waiting: self.queue.len(), in_flight, ..self.counts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Provider;

    fn webhook(event_type: &str) -> Webhook {
        Webhook {
            provider: Provider::Stripe,
            endpoint: "we_1".into(),
            event_id: "evt_1".into(),
            event_type: event_type.into(),
            url: "http://127.0.0.1/hook".into(),
            body: Bytes::from_static(b"{}"),
            after: Duration::ZERO,
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn pauses_double_up_to_the_ceiling() {
        let schedule = RetrySchedule { first_ms: 500, ceiling_ms: 3000, give_up_after_ms: DAY_MS };
        let pauses: Vec<_> = (1..=5).map(|tries| schedule.pause(tries).as_millis()).collect();
        assert_eq!(pauses, [500, 1000, 2000, 3000, 3000]);
        assert_eq!(schedule.pause(200).as_millis(), 3000);
    }

    #[test]
    fn a_webhook_is_tried_until_it_is_taken() {
        let mut deliveries =
            Deliveries::new(RetrySchedule { first_ms: 1000, ceiling_ms: 10_000, give_up_after_ms: DAY_MS });
        deliveries.push(webhook("a"), at(0));
        let (id, _, attempt) = deliveries.take(at(0)).unwrap();
        assert_eq!(attempt, 1);
        assert!(deliveries.take(at(0)).is_none(), "not while it is under way");
        assert!(deliveries.report(at(0), id, Some(500)).is_none());
        assert_eq!(deliveries.next_due(), Some(at(1)));
        assert!(deliveries.take(Timestamp::from_millis(999)).is_none());
        let (id, _, attempt) = deliveries.take(at(1)).unwrap();
        assert_eq!(attempt, 2);
        let (settled, taken) = deliveries.report(at(1), id, Some(204)).unwrap();
        assert!(taken && settled.event_type == "a");
        let counts = deliveries.counts();
        assert_eq!((counts.taken, counts.failed_tries, counts.waiting), (1, 1, 0));
    }

    #[test]
    fn a_report_counts_once_and_never_for_another_webhook() {
        let mut deliveries = Deliveries::new(RetrySchedule::default());
        deliveries.push(webhook("a"), at(0));
        let (id, ..) = deliveries.take(at(0)).unwrap();
        assert!(deliveries.report(at(0), id, None).is_none());
        assert!(deliveries.report(at(0), id, Some(200)).is_none(), "it waits for its next try");
        assert_eq!(deliveries.counts().waiting, 1);
        let (id, ..) = deliveries.take(at(9)).unwrap();
        deliveries.clear();
        deliveries.push(webhook("b"), at(9));
        assert!(deliveries.report(at(9), id, Some(200)).is_none(), "it was forgotten");
        assert!(deliveries.take(at(9)).is_some_and(|(new, b, _)| new != id && b.event_type == "b"));
    }

    #[test]
    fn what_was_under_way_when_its_sender_died_is_tried_again() {
        let mut deliveries = Deliveries::new(RetrySchedule::default());
        deliveries.push(webhook("a"), at(0));
        let (id, ..) = deliveries.take(at(0)).unwrap();
        deliveries.try_again(at(5));
        assert_eq!(deliveries.take(at(5)).map(|(id, _, attempt)| (id, attempt)), Some((id, 2)));
    }

    #[test]
    fn three_days_without_a_taker_end_it() {
        let mut deliveries = Deliveries::new(RetrySchedule::live());
        deliveries.push(webhook("a"), at(0));
        let mut tries = 0;
        while let Some(due) = deliveries.next_due() {
            let (id, ..) = deliveries.take(due).unwrap();
            tries += 1;
            assert!(due <= at(3 * 24 * 3600));
            let settled = deliveries.report(due, id, None);
            assert_eq!(settled.is_some(), deliveries.next_due().is_none());
        }
        assert!((10..=16).contains(&tries), "{tries}");
        assert_eq!(deliveries.counts().given_up, 1);
    }
}
