//! An order's history: its state at an earlier time, as far as the records beside it show it.

use std::fmt;

use super::{CancelReason, Cancellation, Order, PaymentMethod, Person, RefundActionState, Reservation};
use crate::{EventType, KnownFacts, LedgerEntry, OrderEvent, OrderStatus, PaymentFact, Timestamp};

/// Recorded facts about an order, with the first version that knew them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedFacts {
    /// The first version of the order that knew them.
    pub order_version: u64,
    /// When they were recorded.
    pub at: Timestamp,
    /// The facts.
    pub facts: Vec<PaymentFact>,
}

/// An order with all the records beside it.
#[derive(Clone, Copy, Debug)]
pub struct OrderHistory<'a> {
    /// The order now.
    pub order: &'a Order,
    /// The facts of its receipts, in any order.
    pub recorded: &'a [RecordedFacts],
    /// Its events, oldest first.
    pub events: &'a [OrderEvent],
    /// Its ledger entries, oldest first.
    pub ledger: &'a [LedgerEntry],
}

/// A point in an order's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointInTime {
    /// When it had reached this version.
    Version(u64),
    /// At this time.
    Time(Timestamp),
}

/// The state of an order at an earlier time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The order as far as it is known. Its `version` and `updated_at` are those of the last record until then.
    pub order: Order,
    /// What is no longer known.
    pub gaps: Vec<Gap>,
}

/// A part of an order's former state that no record shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gap {
    /// The person, who has been erased since.
    Person,
    /// The lines, which were edited since.
    Lines,
    /// The contact: the order was edited since, perhaps in its contact.
    Contact,
    /// The end of its reservation; its goods are sold or released by now.
    HeldUntil,
    /// An earlier review; records show only that there was one.
    Review,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Person => "the person: erased since",
            Self::Lines => "the lines: edited since",
            Self::Contact => "the contact: the order was edited since; this is the current one",
            Self::HeldUntil => "the end of the reservation: the goods are sold or released by now",
            Self::Review => "the decision of a review: there was a later one",
        })
    }
}

/// A point in time, as the last record until then.
#[derive(Clone, Copy)]
struct Cutoff {
    version: u64,
    at: Timestamp,
}

impl OrderHistory<'_> {
    /// The order at an earlier point; `None` when it did not exist yet, or has not reached that version. It has the
    /// facts and decisions of that time.
    pub fn at(&self, point: PointInTime) -> Option<Snapshot> {
        let cutoff = self.cutoff(point)?;
        let mut order = self.order.clone();
        order.payment.facts = match point {
            PointInTime::Version(version) => self.facts(|recorded| recorded.order_version <= version),
            PointInTime::Time(time) => self.facts(|recorded| recorded.at <= time),
        };
        order.version = cutoff.version;
        order.updated_at = self.came_at(cutoff.version)?;
        let mut gaps = Vec::new();
        self.undo_edits(&mut order, cutoff, &mut gaps);
        self.undo_decisions(&mut order, cutoff);
        if order.review.is_none() && self.order.review.is_some() && self.was_reviewed(cutoff) {
            gaps.push(Gap::Review);
        }
        undo_erasure(&mut order, cutoff, &mut gaps);
        order.reservation = order.reservation_from_facts();
        if order.reservation == (Reservation::Held { until: None }) && order.reservation != self.order.reservation {
            gaps.push(Gap::HeldUntil);
        }
        order.status = self.events_until(cutoff).last().map_or_else(|| order.derive_status(), |event| event.status);
        Some(Snapshot { order, gaps })
    }

    /// The statuses that facts and decisions allow for this version. The versions of reviews and of refused refunds are
    /// not stored, and of reviews only the last one is; everything else is.
    pub(super) fn possible_statuses(&self, version: u64) -> impl Iterator<Item = OrderStatus> {
        let cutoff = Cutoff { version, at: self.order.updated_at };
        let mut order = self.order.clone();
        order.payment.facts = self.facts(|recorded| recorded.order_version <= version);
        self.undo_edits(&mut order, cutoff, &mut Vec::new());
        self.undo_called_off_and_sent(&mut order, cutoff);
        let reviews = [order.review.clone(), None];
        let reopened = order.payment.refund_actions.clone().into_iter().map(|(id, mut action)| {
            action.state = RefundActionState::Reserved;
            (id, action)
        });
        let actions = [order.payment.refund_actions.clone(), reopened.collect()];
        reviews.into_iter().flat_map(move |review| {
            let mut order = Order { review, ..order.clone() };
            actions.clone().map(|actions| {
                order.payment.refund_actions = actions;
                order.derive_status()
            })
        })
    }

    pub(super) fn facts(&self, is_told: impl Fn(&RecordedFacts) -> bool) -> KnownFacts {
        let mut facts = KnownFacts::default();
        self.recorded
            .iter()
            .filter(|recorded| is_told(recorded))
            .for_each(|recorded| facts.extend(recorded.facts.iter().cloned()));
        facts
    }

    fn cutoff(&self, point: PointInTime) -> Option<Cutoff> {
        match point {
            PointInTime::Version(0) => None,
            PointInTime::Version(version) => {
                let at = self.came_at(version)?;
                (version <= self.order.version).then_some(Cutoff { version, at })
            }
            PointInTime::Time(time) => {
                let version = self.traces().filter(|(_, at)| *at <= time).map(|(version, _)| version).max()?;
                Some(Cutoff { version, at: time })
            }
        }
    }

    /// The versions of which a record exists, and their times. Changes without an event or receipt leave none.
    fn traces(&self) -> impl Iterator<Item = (u64, Timestamp)> {
        let events = self.events.iter().map(|event| (event.order_version, event.at));
        // Parked facts were recorded before the order existed.
        let recorded =
            self.recorded.iter().map(|recorded| (recorded.order_version, recorded.at.max(self.order.placed_at)));
        events.chain(recorded)
    }

    /// When the order reached this version; when that left no record, the last version before it that did.
    fn came_at(&self, version: u64) -> Option<Timestamp> {
        if version == self.order.version {
            return Some(self.order.updated_at);
        }
        // A receipt without news is recorded later than its version.
        let last = self.traces().map(|(trace, _)| trace).filter(|trace| *trace <= version).max()?;
        self.traces().filter(|(trace, _)| *trace == last).map(|(_, at)| at).min()
    }

    fn events_until(&self, cutoff: Cutoff) -> impl Iterator<Item = &OrderEvent> {
        self.events.iter().filter(move |event| event.order_version <= cutoff.version)
    }

    fn undo_edits(&self, order: &mut Order, cutoff: Cutoff, gaps: &mut Vec<Gap>) {
        if let Some(event) = self.events_until(cutoff).last() {
            order.total = event.total;
        }
        let later = self.events.iter().filter(|event| event.order_version > cutoff.version);
        let may_be_edit = |event: &OrderEvent| event.event_type == EventType::Updated && event.status.can_be_edited();
        if !later.into_iter().any(may_be_edit) {
            return;
        }
        if order.placed_lines.is_some() {
            order.lines.clear();
            gaps.push(Gap::Lines);
        }
        if order.person.contact().is_some() {
            gaps.push(Gap::Contact);
        }
    }

    fn undo_decisions(&self, order: &mut Order, cutoff: Cutoff) {
        self.undo_called_off_and_sent(order, cutoff);
        order.review = order.review.take().filter(|review| review.at <= cutoff.at);
        order.paid_at = order.paid_at.filter(|_| self.has(EventType::Paid, cutoff));
        order.payment.refund_actions.retain(|_, action| action.reserved_at <= cutoff.at);
        for action in order.payment.refund_actions.values_mut() {
            if action.closed_at.is_some_and(|closed_at| closed_at > cutoff.at) {
                (action.state, action.closed_at, action.refusal) = (RefundActionState::Reserved, None, None);
            }
        }
        if let PaymentMethod::Invoice { overdue_since, .. } = &mut order.payment.method {
            *overdue_since = overdue_since.filter(|_| self.has(EventType::InvoiceOverdue, cutoff));
        }
    }

    fn undo_called_off_and_sent(&self, order: &mut Order, cutoff: Cutoff) {
        order.cancellation = self.cancellation(cutoff);
        order.payment.refusal = order.payment.refusal.take().filter(|_| order.is_payment_refused());
        order.fulfilled_at = order.fulfilled_at.filter(|_| self.has(EventType::Fulfilled, cutoff));
    }

    /// Each cancellation has an event. An `order.paid` after it shows that it was undone, since a cancelled order can
    /// only be paid by being reinstated, which takes an expired one.
    fn cancellation(&self, cutoff: Cutoff) -> Option<Cancellation> {
        let is_either = |event: &&OrderEvent| matches!(event.event_type, EventType::Cancelled | EventType::Paid);
        let last = self.events_until(cutoff).filter(is_either).last()?;
        let was_taken_back = || {
            let later = self.events.iter().filter(|event| event.order_version > last.order_version);
            later.into_iter().any(|event| event.event_type == EventType::Paid)
        };
        match (last.event_type, self.order.cancellation) {
            (EventType::Cancelled, Some(cancellation)) if !was_taken_back() => {
                let confirmed_at = cancellation.confirmed_at.filter(|at| *at <= cutoff.at);
                Some(Cancellation { confirmed_at, ..cancellation })
            }
            (EventType::Cancelled, _) => Some(Cancellation::new(last.at, CancelReason::Expired)),
            _ => None,
        }
    }

    /// Whether the events show a cancellation that was not undone.
    pub(super) fn is_called_off(&self) -> bool {
        self.cancellation(Cutoff { version: u64::MAX, at: self.order.updated_at }).is_some()
    }

    /// Whether it had left `needs_review`, which takes a review.
    fn was_reviewed(&self, cutoff: Cutoff) -> bool {
        let statuses = self.events_until(cutoff).map(|event| event.status);
        statuses
            .skip_while(|status| *status != OrderStatus::NeedsReview)
            .any(|status| status != OrderStatus::NeedsReview)
    }

    fn has(&self, event_type: EventType, cutoff: Cutoff) -> bool {
        self.events_until(cutoff).any(|event| event.event_type == event_type)
    }
}

fn undo_erasure(order: &mut Order, cutoff: Cutoff, gaps: &mut Vec<Gap>) {
    match &order.person {
        Person::Erased { at } if *at > cutoff.at => gaps.push(Gap::Person),
        Person::Leaving { contact, since } if *since > cutoff.at => order.person = Person::Known(contact.clone()),
        _ => {}
    }
}

impl Order {
    /// The reservation that follows from facts and decisions alone.
    pub(super) fn reservation_from_facts(&self) -> Reservation {
        let until = self.reservation.held_until();
        Self { reservation: Reservation::Held { until }, ..self.clone() }.reservation_after_change()
    }
}
