//! The stored form of facts. An order may have many cancelled intents, and any number of refunds that were made in Stripe's
//! dashboard: those take little more than their ids.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    DisputeFact, IntentFact, IntentId, IntentStatus, KnownFacts, PaymentFact, RefundFact, RefundId, RefundStatus,
    TransferFact,
};
use crate::{Currency, Money, OrderId};

/// Facts as they are stored.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct StoredFacts {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    intents: Vec<StoredIntent>,
    /// Intents that were cancelled and brought nothing, by their currency.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    canceled: BTreeMap<Currency, Vec<IntentId>>,
    /// Those that one of our actions asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refunds: Vec<RefundFact>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dashboard_refunds: Vec<DashboardRefunds>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    disputes: Vec<DisputeFact>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    transfers: Vec<TransferFact>,
}

/// An intent, without what goes without saying.
#[derive(Serialize, Deserialize)]
struct StoredIntent {
    id: IntentId,
    status: IntentStatus,
    /// `None` for a final status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seen_at: Option<i64>,
    created: i64,
    amount: Money,
    /// `None` for what is usual: all of the amount if it succeeded, nothing otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    received: Option<Money>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    order_id: Option<OrderId>,
}

/// Refunds that none of our actions asked for, with what they have in common.
#[derive(Serialize, Deserialize)]
struct DashboardRefunds {
    intent: Option<IntentId>,
    status: RefundStatus,
    currency: Currency,
    /// Each with its amount in minor units.
    refunds: Vec<(RefundId, i64)>,
}

impl From<KnownFacts> for StoredFacts {
    fn from(facts: KnownFacts) -> Self {
        let mut stored = Self::default();
        let mut dashboard: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for fact in facts.into_facts() {
            match fact {
                PaymentFact::PaymentIntent(fact) if fact.came_to_nothing() => {
                    stored.canceled.entry(fact.received.currency).or_default().push(fact.id);
                }
                PaymentFact::PaymentIntent(fact) => stored.intents.push(fact.into()),
                PaymentFact::Refund(RefundFact { status, amount, intent, action: None, id }) => {
                    dashboard.entry((intent, status, amount.currency)).or_default().push((id, amount.amount));
                }
                PaymentFact::Refund(fact) => stored.refunds.push(fact),
                PaymentFact::Dispute(fact) => stored.disputes.push(fact),
                PaymentFact::Transfer(fact) => stored.transfers.push(fact),
                PaymentFact::Charge(_) => {}
            }
        }
        let refunds = |((intent, status, currency), refunds)| DashboardRefunds { intent, status, currency, refunds };
        stored.dashboard_refunds = dashboard.into_iter().map(refunds).collect();
        stored
    }
}

impl From<StoredFacts> for KnownFacts {
    fn from(stored: StoredFacts) -> Self {
        let mut facts = Self::default();
        facts.extend(stored.intents.into_iter().map(|intent| PaymentFact::PaymentIntent(intent.into())));
        for (currency, intents) in stored.canceled {
            facts.extend(intents.into_iter().map(|id| PaymentFact::PaymentIntent(IntentFact::canceled(id, currency))));
        }
        facts.extend(stored.refunds.into_iter().map(PaymentFact::Refund));
        for DashboardRefunds { intent, status, currency, refunds } in stored.dashboard_refunds {
            facts.extend(refunds.into_iter().map(|(id, amount)| {
                let amount = Money::new(amount, currency);
                PaymentFact::Refund(RefundFact { status, amount, intent: intent.clone(), action: None, id })
            }));
        }
        facts.extend(stored.disputes.into_iter().map(PaymentFact::Dispute));
        facts.extend(stored.transfers.into_iter().map(PaymentFact::Transfer));
        facts
    }
}

impl From<IntentFact> for StoredIntent {
    fn from(fact: IntentFact) -> Self {
        let usual = usually_received(fact.status, fact.amount);
        let IntentFact { id, status, seen_at, created, amount, received, order_id } = fact;
        let (seen_at, received) = (Some(seen_at).filter(|at| *at != 0), Some(received).filter(|it| *it != usual));
        Self { id, status, seen_at, created, amount, received, order_id }
    }
}

impl From<StoredIntent> for IntentFact {
    fn from(stored: StoredIntent) -> Self {
        let StoredIntent { id, status, seen_at, created, amount, received, order_id } = stored;
        let received = received.unwrap_or_else(|| usually_received(status, amount));
        Self { id, status, seen_at: seen_at.unwrap_or(0), created, amount, received, order_id }
    }
}

fn usually_received(status: IntentStatus, amount: Money) -> Money {
    if status == IntentStatus::Succeeded { amount } else { Money::zero(amount.currency) }
}

impl IntentFact {
    /// What is kept of an intent that was cancelled and brought nothing.
    pub(super) fn canceled(id: IntentId, currency: Currency) -> Self {
        let nothing = Money::new(0, currency);
        let status = IntentStatus::Canceled;
        Self { id, status, seen_at: 0, created: 0, amount: nothing, received: nothing, order_id: None }
    }

    /// Whether it was cancelled and brought nothing.
    pub(super) fn came_to_nothing(&self) -> bool {
        self.status == IntentStatus::Canceled && self.received.amount == 0
    }
}
