//! One order that was not paid in time.

use std::cell::Cell;

use domain::{IntentId, Order, PaymentFact};
use resilience::{Clock, Deadline, Ids, Transport};
use store::{Orders, Receipt, ReceiptSource, StoreError};
use stripe::{Stripe, StripeError};

use crate::expire_orders::decide::{Decider, DecisionOutcome};

/// Why an order is left for a later run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExpiryError {
    /// It could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Stripe did not cancel its intent, or did not answer.
    #[error(transparent)]
    Stripe(#[from] StripeError),
    /// Stripe has failed too often in this run, or its key cannot be read.
    #[error("stripe is out of reach")]
    StripeIsDown,
}

/// After this many consecutive failures, the run asks Stripe no more. A single failure may be about its intent, as a
/// refusal always is, and must not hold up the orders behind it for ever.
const MOST_FAILURES: u32 = 3;

/// Cancels expired orders.
pub(crate) struct Expiry<'a, O, T, C, I, K, R> {
    decider: Decider<'a, O, K, R>,
    stripe: Option<&'a Stripe<T, C, I>>,
    failures: Cell<u32>,
    deadline: Deadline,
}

impl<'a, O: Orders, T: Transport, C: Clock, I: Ids, K: Clock, R: Ids> Expiry<'a, O, T, C, I, K, R> {
    pub const fn new(decider: Decider<'a, O, K, R>, stripe: Option<&'a Stripe<T, C, I>>, deadline: Deadline) -> Self {
        Self { decider, stripe, failures: Cell::new(0), deadline }
    }

    /// Cancels the order if its reservation has expired and no intent can pay it any more. Returns whether this call
    /// cancelled it.
    pub async fn expire(&self, listed: &Order) -> Result<bool, ExpiryError> {
        if !listed.is_overdue_for_expiry(self.decider.clock.now()) {
            return Ok(false);
        }
        // The list may be outdated: the order may be paid, edited, or have another intent.
        let Some(order) = self.decider.orders.find(listed.id).await? else { return Ok(false) };
        let order = self.void_intents(order).await?;
        let expire = |order: &Order| order.expire(&order.correlation_id, self.decider.clock.now());
        Ok(self.decider.decide(&order, None, expire).await?.is_change)
    }

    /// Has Stripe cancel the intents that could still be paid, and applies its answers: cancelled, or paid meanwhile.
    async fn void_intents(&self, order: Order) -> Result<Order, ExpiryError> {
        let now = self.decider.clock.now();
        let live = order.payment.facts.live();
        let live: Vec<IntentId> = live.map(|intent| intent.id.clone()).collect();
        if live.is_empty() || !order.is_overdue_for_expiry(now) {
            return Ok(order);
        }
        let facts = self.void(&live).await?;
        let receipt = Receipt::from_facts(ReceiptSource::Expiry, order.id, facts.clone(), now, &order.correlation_id);
        let apply = |order: &Order| order.apply_facts(facts.clone(), &order.correlation_id, now);
        let DecisionOutcome { order, .. } = self.decider.decide(&order, Some(&receipt), apply).await?;
        Ok(order)
    }

    async fn void(&self, intents: &[IntentId]) -> Result<Vec<PaymentFact>, ExpiryError> {
        let is_down = self.failures.get() >= MOST_FAILURES;
        let stripe = self.stripe.filter(|_| !is_down).ok_or(ExpiryError::StripeIsDown)?;
        let answer = stripe.void(intents, self.deadline).await;
        match &answer {
            Ok(_) => self.failures.set(0),
            Err(StripeError::Invalid { .. } | StripeError::Amount(_)) => {}
            Err(_) => self.failures.set(self.failures.get() + 1),
        }
        Ok(answer?)
    }
}
