//! All refunds and voids of an order.

use domain::{Order, OrderId};
use resilience::{Clock, Ids, Transport};
use store::{Orders, StoreError};

use super::{ReversalError, Reversals};

impl<O: Orders, T: Transport, C: Clock, I: Ids> Reversals<'_, O, T, C, I> {
    /// Voids the intents that are not to be paid any more, reinstates an expired order whose payment came late, and
    /// carries out every due or requested refund.
    ///
    /// # Errors
    ///
    /// [`ReversalError`], the first of them; what was done stays done.
    pub async fn settle(&self, id: OrderId) -> Result<Order, ReversalError> {
        let known = self.orders.find(id).await?.ok_or(ReversalError::NoOrder)?;
        let order = self.void_intents(known).await?;
        let order = self.reinstate(order).await?;
        // Decided and stored before Stripe is asked, so that a concurrent caller finds the amount reserved.
        let reserve = |order: &Order| order.reserve_due_refunds(self.correlation_id, self.began);
        let mut order = self.update(order.id, None, reserve).await?;
        let open: Vec<String> = order.open_refund_actions().map(|(action, _)| action.clone()).collect();
        let mut failure = None;
        for action in open {
            match self.carry_out(order.clone(), &action).await {
                Ok(next) => order = next,
                // A refund that is stuck must not hold up the others.
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

    async fn void_intents(&self, order: Order) -> Result<Order, ReversalError> {
        let facts = self.stripe.void(order.intents_to_void(), self.deadline).await?;
        if facts.is_empty() { Ok(order) } else { self.apply_facts(order.id, facts).await }
    }
}
