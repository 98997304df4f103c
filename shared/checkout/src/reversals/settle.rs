//! All refunds and voids of an order.

use domain::{IntentId, Order, OrderId};
use resilience::{Clock, Ids, Transport};
use store::{Orders, StoreError};

use super::{ReversalError, Reversals};

impl<O: Orders, T: Transport, C: Clock, I: Ids> Reversals<'_, O, T, C, I> {
    /// Voids the intents that are not to be paid any more, reinstates an expired order whose payment came late, and
    /// carries out every due or requested refund: each step alone, so that none that is stuck holds up money.
    ///
    /// # Errors
    ///
    /// [`ReversalError`], the first of them; what was done stays done.
    pub async fn settle(&self, id: OrderId) -> Result<Order, ReversalError> {
        let mut order = self.orders.find(id).await?.ok_or(ReversalError::NoOrder)?;
        let mut failure = None;
        let voidable: Vec<IntentId> = order.intents_to_void().cloned().collect();
        for intent in voidable {
            match self.void_intent(&order, &intent).await {
                Ok(next) => order = next,
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        let order = self.reinstate(order).await?;
        // Decided and stored before Stripe is asked, so that a concurrent caller finds the amount reserved.
        let reserve = |order: &Order| order.reserve_due_refunds(self.correlation_id, self.began);
        let mut order = self.update(order.id, None, reserve).await?;
        let open: Vec<String> = order.open_refund_actions().map(|(action, _)| action.clone()).collect();
        for action in open {
            match self.carry_out(order.clone(), &action).await {
                Ok(next) => order = next,
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(order), Err)
    }

    /// Reinstates an expired order whose payment came late, if there is still stock for it.
    async fn reinstate(&self, order: Order) -> Result<Order, ReversalError> {
        if !order.can_be_reinstated() {
            return Ok(order);
        }
        let reinstate = |order: &Order| order.reinstate(self.correlation_id, self.clock.now());
        match self.update(order.id, None, reinstate).await {
            Err(ReversalError::Store(StoreError::OutOfStock(sku))) => {
                tracing::warn!(order_id = %order.id, %sku, "late money goes back: its goods are gone");
                Ok(order)
            }
            outcome => outcome,
        }
    }

    async fn void_intent(&self, order: &Order, intent: &IntentId) -> Result<Order, ReversalError> {
        let facts = self.stripe.void([intent], self.deadline).await?;
        self.apply_facts(order.id, facts).await
    }
}
