//! Cancels intents at Stripe, so that they cannot be paid any more.

use domain::{IntentId, Order};
use resilience::{Clock, Ids, Transport};
use store::{Orders, Receipt, ReceiptSource};

use crate::{Checkout, CheckoutError};

impl<O: Orders, T: Transport, C: Clock, I: Ids> Checkout<'_, O, T, C, I> {
    /// Has Stripe cancel each of the order's intents that could still be paid, and applies its answers: cancelled,
    /// processing, or paid when the customer was faster.
    ///
    /// # Errors
    ///
    /// [`CheckoutError`]; asking again is safe.
    pub async fn void_intents(&self, order: Order) -> Result<Order, CheckoutError> {
        let live = order.payment.facts.live();
        let live: Vec<IntentId> = live.map(|intent| intent.id.clone()).collect();
        self.void(order, live).await
    }

    /// The same for intents that another one has taken the place of, or is to.
    pub(crate) async fn void_replaced(&self, order: Order) -> Result<Order, CheckoutError> {
        let current = &order.payment.intent;
        let live = order.payment.facts.live();
        let replaced = live.map(|intent| &intent.id).filter(|id| current.as_ref() != Some(id)).cloned().collect();
        self.void(order, replaced).await
    }

    async fn void(&self, order: Order, intents: Vec<IntentId>) -> Result<Order, CheckoutError> {
        if intents.is_empty() {
            return Ok(order);
        }
        let (facts, now) = (self.stripe()?.void(&intents, self.deadline).await?, self.clock.now());
        let receipt = Receipt::from_facts(ReceiptSource::Checkout, order.id, facts.clone(), now, self.correlation_id);
        let apply = |stored: &Order| stored.apply_facts(facts.clone(), self.correlation_id, now);
        self.update(&order, Some(&receipt), apply).await
    }
}
