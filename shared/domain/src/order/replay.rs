//! Rebuilds an order from the records beside it, and finds where the stored order differs.
//!
//! What was placed and decided is stored in the order alone. Its facts come from its receipts; everything else is
//! derived from both. One exception: Stripe's answer to the creation of an intent has no receipt. It brings no money
//! and decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::difference::{Difference, EventMismatch, Mismatch, Movement};
use super::{Order, OrderHistory};
use crate::ledger::entries_between;
use crate::{EventType, KnownFacts, PaymentFact};

impl Order {
    /// This order with these facts and no others: what was placed and decided stays, everything else is derived.
    #[must_use]
    pub fn rebuilt_from(&self, facts: KnownFacts) -> Self {
        let mut order = self.clone();
        order.payment.facts = facts;
        order.status = order.derive_status();
        order.reservation = order.reservation_from_facts();
        if order.payment.facts.captured() == 0 {
            order.paid_at = None;
        } else if order.is_paid() {
            order.paid_at = self.paid_at.or(Some(self.updated_at));
        }
        order
    }
}

impl OrderHistory<'_> {
    /// The order rebuilt from its receipts.
    pub fn rebuilt(&self) -> Order {
        let mut facts = self.facts(|_| true);
        let unproven = self.order.payment.facts.clone().into_facts().filter(is_creation_answer);
        facts.extend(unproven.collect::<Vec<_>>());
        self.order.rebuilt_from(facts)
    }

    /// The movements of money that the receipts imply.
    fn movements(&self) -> BTreeSet<Movement> {
        let mut told: BTreeMap<u64, Vec<PaymentFact>> = BTreeMap::new();
        for recorded in self.recorded {
            told.entry(recorded.order_version).or_default().extend(recorded.facts.iter().cloned());
        }
        let mut before = self.order.clone();
        before.payment.facts = KnownFacts::default();
        let mut movements = BTreeSet::new();
        for (version, facts) in told {
            let mut after = Order { version, ..before.clone() };
            after.payment.facts.extend(facts);
            movements.extend(entries_between(&before, &after, "").iter().map(Movement::from));
            before = after;
        }
        movements
    }

    /// The differences between the stored order, ledger and events and what the receipts imply. Everything that carries
    /// money is compared.
    pub fn differences(&self) -> Vec<Difference> {
        let rebuilt = self.rebuilt();
        let mut found = self.of_facts(&rebuilt);
        found.extend(self.of_order(&rebuilt));
        found.extend(self.of_ledger());
        found.extend(self.of_decisions());
        found.extend(self.of_events());
        found
    }

    fn of_facts(&self, rebuilt: &Order) -> Vec<Difference> {
        let (stored, rebuilt) = (&self.order.payment.facts, &rebuilt.payment.facts);
        let not_learned =
            rebuilt.clone().into_facts().filter(|fact| !stored.contains(fact)).map(Difference::FactMissing);
        let no_receipt =
            stored.clone().into_facts().filter(|fact| !rebuilt.contains(fact)).map(Difference::ReceiptMissing);
        not_learned.chain(no_receipt).collect()
    }

    fn of_order(&self, rebuilt: &Order) -> Vec<Difference> {
        let stored = self.order;
        let sums = |order: &Order| {
            [order.payment.facts.captured(), order.payment.facts.refunded(), order.payment.facts.lost()]
        };
        let [captured, refunded, lost] = sums(stored);
        let [captured_anew, refunded_anew, lost_anew] = sums(rebuilt);
        [
            differs(stored.status, rebuilt.status).map(Difference::Status),
            differs(captured, captured_anew).map(Difference::Captured),
            differs(refunded, refunded_anew).map(Difference::Refunded),
            differs(lost, lost_anew).map(Difference::Lost),
            differs(stored.reservation, rebuilt.reservation).map(Difference::Reservation),
            differs(stored.paid_at, rebuilt.paid_at).map(Difference::PaidAt),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn of_ledger(&self) -> Vec<Difference> {
        let stored: BTreeSet<Movement> = self.ledger.iter().map(Movement::from).collect();
        let rebuilt = self.movements();
        let not_booked = rebuilt.difference(&stored).cloned().map(Difference::EntryMissing);
        not_booked.chain(stored.difference(&rebuilt).cloned().map(Difference::EntryUnproven)).collect()
    }

    /// Each announced decision has its event, and each event its decision.
    fn of_decisions(&self) -> Vec<Difference> {
        let order = self.order;
        let told = |event_type| self.events.iter().rev().find(|event| event.event_type == event_type);
        let paid = told(EventType::Paid).map(|event| event.at);
        let is_called_off = self.is_called_off();
        let checks = [
            (EventType::Placed, self.events.iter().filter(|event| event.event_type == EventType::Placed).count() == 1),
            (EventType::Paid, paid == order.paid_at),
            (EventType::Fulfilled, told(EventType::Fulfilled).is_some() == order.fulfilled_at.is_some()),
            (EventType::Cancelled, is_called_off == order.cancellation.is_some()),
        ];
        checks
            .into_iter()
            .filter(|(_, holds)| !holds)
            .map(|(event_type, _)| Difference::EventsDisagree(event_type))
            .collect()
    }

    fn of_events(&self) -> Vec<Difference> {
        let mut found = Vec::new();
        for event in self.events {
            let (order_version, index) = (event.order_version, event.index);
            let mut report = |told| found.push(Difference::Event { order_version, index, told });
            if order_version > self.order.version {
                report(EventMismatch::TooFar);
            }
            let facts = self.facts(|recorded| recorded.order_version <= order_version);
            if let Some(differs) = differs(event.captured, facts.captured()) {
                report(EventMismatch::Captured(differs));
            }
            if let Some(differs) = differs(event.refunded, facts.refunded()) {
                report(EventMismatch::Refunded(differs));
            }
            let mut possible = self.possible_statuses(order_version).peekable();
            let nearest = possible.peek().copied();
            if let Some(rebuilt) = nearest.filter(|_| possible.all(|status| status != event.status)) {
                report(EventMismatch::Status(Mismatch { stored: event.status, rebuilt }));
            }
        }
        found
    }
}

/// An intent without a payment: all that Stripe's answer to its creation can contain.
fn is_creation_answer(fact: &PaymentFact) -> bool {
    matches!(fact, PaymentFact::PaymentIntent(intent) if !intent.status.is_final() && intent.received.amount == 0)
}

fn differs<T: PartialEq>(stored: T, rebuilt: T) -> Option<Mismatch<T>> {
    (stored != rebuilt).then_some(Mismatch { stored, rebuilt })
}
