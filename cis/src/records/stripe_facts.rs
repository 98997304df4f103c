//! All of Stripe's objects that move money, page by page, by the orders that they are of.

use std::collections::BTreeMap;

use domain::{DisputeId, IntentFact, IntentId, KnownFacts, Order, OrderId, PaymentFact, RefundId, Timestamp};
use resilience::{Deadline, SystemClock};
use stripe::{AmountError, Listed, StripeError, dispute_facts, intent_facts, refund_facts};

use super::{PATIENCE, Records, RecordsError};

/// What Stripe has: by order, and what names no order that there is.
#[derive(Debug, Default)]
pub struct StripeFacts {
    /// Facts about each order.
    pub of_orders: BTreeMap<OrderId, KnownFacts>,
    /// Facts that belong to no order.
    pub of_nobody: KnownFacts,
}

impl StripeFacts {
    /// Facts by order: an intent is of the order that its metadata names, or of the one that knows it; what is done to an
    /// intent is of the intent's order.
    pub fn sorted<'a>(facts: &KnownFacts, orders: impl IntoIterator<Item = &'a Order>) -> Self {
        let mut owners: BTreeMap<IntentId, OrderId> = BTreeMap::new();
        let mut sorted = Self::default();
        for order in orders {
            let known = order.payment.facts.intents().map(|intent| &intent.id).chain(&order.payment.intent);
            owners.extend(known.map(|intent| (intent.clone(), order.id)));
            sorted.of_orders.insert(order.id, KnownFacts::default());
        }
        let named = facts.intents().filter_map(|intent| Some((intent.id.clone(), intent.order_id?)));
        for (intent, order) in named.filter(|(_, order)| sorted.of_orders.contains_key(order)) {
            owners.entry(intent).or_insert(order);
        }
        for fact in facts.clone().into_facts() {
            let owner = intent_of(&fact).and_then(|intent| owners.get(intent));
            let known = owner.and_then(|order| sorted.of_orders.get_mut(order)).unwrap_or(&mut sorted.of_nobody);
            known.apply(fact);
        }
        sorted
    }

    /// Payments for no order that did not go back in full.
    pub fn strays(&self) -> impl Iterator<Item = &IntentFact> {
        let went_back = |id: &IntentId| -> i64 {
            let refunds = self.of_nobody.refunds().filter(|refund| refund.intent.as_ref() == Some(id));
            refunds.filter(|refund| refund.status.counts()).map(|refund| refund.amount.amount).sum()
        };
        self.of_nobody.succeeded().filter(move |intent| went_back(&intent.id) < intent.received.amount)
    }
}

fn intent_of(fact: &PaymentFact) -> Option<&IntentId> {
    match fact {
        PaymentFact::PaymentIntent(fact) => Some(&fact.id),
        PaymentFact::Charge(fact) => fact.intent.as_ref(),
        PaymentFact::Refund(fact) => fact.intent.as_ref(),
        PaymentFact::Dispute(fact) => fact.intent.as_ref(),
        PaymentFact::Transfer(_) => None,
    }
}

/// What an element of a list says; nothing if it is nobody's of ours and makes no sense to us.
fn facts_of<O>(
    listed: Listed<O>,
    facts: impl Fn(&O) -> Result<Vec<PaymentFact>, AmountError>,
) -> Result<Vec<PaymentFact>, RecordsError> {
    let is_ours = listed.order.is_some();
    let read = listed.object.map_err(StripeError::Unreadable).and_then(|object| Ok(facts(&object)?));
    match read {
        Err(_) if !is_ours => Ok(Vec::new()),
        read => Ok(read?),
    }
}

impl Records {
    /// All that Stripe has of intents, refunds and disputes since a moment.
    ///
    /// # Errors
    ///
    /// Stripe does not answer, or speaks of amounts that are none.
    pub async fn all_at_stripe(&self, since: Timestamp) -> Result<KnownFacts, RecordsError> {
        let mut facts = KnownFacts::default();
        let deadline = || Deadline::after(&SystemClock, PATIENCE);
        let mut after: Option<IntentId> = None;
        loop {
            let page = self.stripe.list_payment_intents(since, after.as_ref(), deadline()).await?;
            after = page.next().map(Into::into);
            for intent in page.data {
                facts.extend(facts_of(intent, intent_facts)?);
            }
            if after.is_none() {
                break;
            }
        }
        let mut after: Option<RefundId> = None;
        loop {
            let page = self.stripe.list_refunds_since(since, after.as_ref(), deadline()).await?;
            after = page.next().map(Into::into);
            for refund in page.data {
                facts.extend(facts_of(refund, refund_facts)?);
            }
            if after.is_none() {
                break;
            }
        }
        let mut after: Option<DisputeId> = None;
        loop {
            let page = self.stripe.list_disputes_since(since, after.as_ref(), deadline()).await?;
            after = page.next().map(Into::into);
            for dispute in page.data {
                facts.extend(facts_of(dispute, dispute_facts)?);
            }
            if after.is_none() {
                return Ok(facts);
            }
        }
    }
}
