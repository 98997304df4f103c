//! All that is known of an order's payments: a join-semilattice of facts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::stored::StoredFacts;
use super::{
    DisputeFact, DisputeId, IntentFact, IntentId, IntentStatus, PaymentFact, RefundFact, RefundId, TransferDirection,
    TransferFact,
};
use crate::Money;

/// The greatest fact about each Stripe object of an order.
///
/// [`apply`](Self::apply) and [`join`](Self::join) are commutative, associative and idempotent: webhooks, the return
/// page and reconciliation may add facts in any order, any number of times, with the same result.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredFacts", into = "StoredFacts")]
pub struct KnownFacts {
    intents: BTreeMap<IntentId, IntentFact>,
    refunds: BTreeMap<RefundId, RefundFact>,
    disputes: BTreeMap<DisputeId, DisputeFact>,
    transfers: BTreeMap<String, TransferFact>,
}

impl KnownFacts {
    /// Applies one fact; an older or known one changes nothing. Nor does a charge: it is evidence of refunds, which are
    /// facts themselves.
    pub fn apply(&mut self, fact: PaymentFact) {
        match fact {
            PaymentFact::PaymentIntent(fact) => keep_greater(&mut self.intents, fact.id.clone(), fact.as_known()),
            PaymentFact::Charge(_) => {}
            PaymentFact::Refund(fact) => keep_greater(&mut self.refunds, fact.id.clone(), fact),
            PaymentFact::Dispute(fact) => keep_greater(&mut self.disputes, fact.id.clone(), fact),
            PaymentFact::Transfer(fact) => keep_greater(&mut self.transfers, fact.id.clone(), fact),
        }
    }

    /// Applies all facts of the other.
    pub fn join(&mut self, other: Self) {
        self.extend(other.into_facts());
    }

    /// Whether this fact would change nothing.
    pub fn contains(&self, fact: &PaymentFact) -> bool {
        fn has<K: Ord, V: Ord>(known: &BTreeMap<K, V>, id: &K, fact: &V) -> bool {
            known.get(id).is_some_and(|known| known >= fact)
        }
        match fact {
            PaymentFact::PaymentIntent(fact) => has(&self.intents, &fact.id, &fact.clone().as_known()),
            PaymentFact::Charge(_) => true,
            PaymentFact::Refund(fact) => has(&self.refunds, &fact.id, fact),
            PaymentFact::Dispute(fact) => has(&self.disputes, &fact.id, fact),
            PaymentFact::Transfer(fact) => has(&self.transfers, &fact.id, fact),
        }
    }

    /// The payment intents.
    pub fn intents(&self) -> impl Iterator<Item = &IntentFact> {
        self.intents.values()
    }

    /// The payment intents that could still bring money.
    pub fn live(&self) -> impl Iterator<Item = &IntentFact> {
        self.intents().filter(|intent| !intent.status.is_final())
    }

    /// The fact about one payment intent.
    pub fn intent(&self, id: &IntentId) -> Option<&IntentFact> {
        self.intents.get(id)
    }

    /// The refunds.
    pub fn refunds(&self) -> impl Iterator<Item = &RefundFact> {
        self.refunds.values()
    }

    /// The paid intents.
    pub fn succeeded(&self) -> impl Iterator<Item = &IntentFact> {
        self.intents().filter(|intent| intent.status == IntentStatus::Succeeded)
    }

    /// The disputes.
    pub fn disputes(&self) -> impl Iterator<Item = &DisputeFact> {
        self.disputes.values()
    }

    /// The bank transfers.
    pub fn transfers(&self) -> impl Iterator<Item = &TransferFact> {
        self.transfers.values()
    }

    /// The number of payments.
    pub fn payments(&self) -> usize {
        self.succeeded().count() + self.transferred(TransferDirection::Received).count()
    }

    /// Money received, in minor units of the order's currency.
    pub fn captured(&self) -> i64 {
        let transferred = self.transferred(TransferDirection::Received);
        total(self.succeeded().map(|intent| intent.received.amount).chain(transferred))
    }

    /// Money refunded, including pending refunds, in minor units.
    pub fn refunded(&self) -> i64 {
        let refunds = self.refunds().filter(|refund| refund.status.counts()).map(|refund| refund.amount.amount);
        total(refunds.chain(self.transferred(TransferDirection::Returned)))
    }

    /// Money lost in disputes, in minor units.
    pub fn lost(&self) -> i64 {
        total(self.losses().map(|(_, lost)| lost.amount))
    }

    /// What each dispute has cost of its payment, in the payment's currency: nothing unless it was lost, else at most what
    /// was left of the payment, since Stripe gives back what was refunded.
    pub fn losses(&self) -> impl Iterator<Item = (&DisputeFact, Money)> {
        let mut left: BTreeMap<&IntentId, Money> = BTreeMap::new();
        for intent in self.succeeded() {
            let left_of_it = intent.received.amount.saturating_sub(self.refunded_of(&intent.id)).max(0);
            left.insert(&intent.id, Money::new(left_of_it, intent.received.currency));
        }
        self.disputes.values().filter_map(move |dispute| {
            let left = left.get_mut(dispute.intent.as_ref()?)?;
            let cost = dispute.cost(*left);
            left.amount -= cost.amount;
            Some((dispute, cost))
        })
    }

    /// Money lost of one payment, in minor units.
    pub(crate) fn lost_of(&self, intent: &IntentId) -> i64 {
        let of_it = self.losses().filter(|(dispute, _)| dispute.intent.as_ref() == Some(intent));
        total(of_it.map(|(_, lost)| lost.amount))
    }

    /// Money refunded of one payment, including pending refunds, in minor units.
    pub(crate) fn refunded_of(&self, intent: &IntentId) -> i64 {
        let of_it = self.refunds().filter(|refund| refund.intent.as_ref() == Some(intent) && refund.status.counts());
        total(of_it.map(|refund| refund.amount.amount))
    }

    /// Whether a bank holds some of the money now.
    pub fn has_open_dispute(&self) -> bool {
        self.disputes.values().any(|dispute| dispute.status.is_open())
    }

    fn transferred(&self, direction: TransferDirection) -> impl Iterator<Item = i64> {
        self.transfers().filter(move |transfer| transfer.direction == direction).map(|transfer| transfer.amount.amount)
    }

    /// All facts.
    pub fn into_facts(self) -> impl Iterator<Item = PaymentFact> {
        let intents = self.intents.into_values().map(PaymentFact::PaymentIntent);
        let refunds = self.refunds.into_values().map(PaymentFact::Refund);
        let disputes = self.disputes.into_values().map(PaymentFact::Dispute);
        let transfers = self.transfers.into_values().map(PaymentFact::Transfer);
        intents.chain(refunds).chain(disputes).chain(transfers)
    }
}

impl Extend<PaymentFact> for KnownFacts {
    fn extend<I: IntoIterator<Item = PaymentFact>>(&mut self, facts: I) {
        for fact in facts {
            self.apply(fact);
        }
    }
}

fn keep_greater<K: Ord, V: Ord>(known: &mut BTreeMap<K, V>, id: K, fact: V) {
    let greater = match known.remove(&id) {
        Some(before) => before.max(fact),
        None => fact,
    };
    known.insert(id, greater);
}

/// A saturating sum: facts come from outside, and a wrong amount must not stop the merge.
fn total(amounts: impl Iterator<Item = i64>) -> i64 {
    amounts.fold(0, i64::saturating_add)
}
