//! Carrying out a refund that was reserved.

use std::error::Error;
use std::time::Duration;

use domain::{Order, PaymentFact, RefundAction, RefundActionState};
use resilience::{Clock, Ids, Transport};
use store::Orders;
use stripe::{AmountError, NewRefund, Refund, StripeError, refund_facts};

use super::{ReversalError, Reversals};

/// How long a refund whose key Stripe used up on a failure is looked for before another action replaces it: by then
/// Stripe's list shows what the failed request did.
const ABANDON_AFTER: Duration = Duration::from_mins(1);
/// How many refunds of Stripe's list are applied in one write: its receipt and its ledger entries are an item each.
const FACTS_AT_ONCE: usize = 100;

impl<O: Orders, T: Transport, C: Clock, I: Ids> Reversals<'_, O, T, C, I> {
    /// Makes the reserved refund at Stripe, or finds the one that an earlier attempt made, and stores the outcome: the
    /// refund, or that there will be none. Returns the order afterwards, unchanged when this id has no open refund.
    ///
    /// Concurrent callers use the same key, so that one action stays one refund. A lost answer is looked for in
    /// Stripe's list, and a key that Stripe may have forgotten is not used again.
    ///
    /// # Errors
    ///
    /// [`ReversalError`]: the amount stays reserved, and how it ended has to be found out by asking again.
    pub async fn carry_out(&self, order: Order, action: &str) -> Result<Order, ReversalError> {
        let Some(refund) = open(&order, action) else { return Ok(order) };
        if refund.reserved_at < self.began
            && let Some(done) = self.stripe.find_refund(&refund.intent, action, self.deadline).await?
        {
            return self.apply_facts(order.id, refund_facts(&done)?).await;
        }
        if !refund.may_be_asked_for(self.clock.now()) {
            return self.abandon(&order, action).await;
        }
        let (amount, reason) = (refund.amount, refund.reason);
        let new = NewRefund { action, order_id: order.id, intent: &refund.intent, amount, reason };
        match self.stripe.create_refund(&new, self.deadline).await {
            Ok(done) => self.apply_facts(order.id, refund_facts(&done)?).await,
            Err(error) if error.is_refusal() => {
                tracing::error!(order_id = %order.id, action, error = &error as &dyn Error, "refund refused");
                self.refuse(&order, action, refund, error.code()).await
            }
            Err(StripeError::KeySpent) if self.clock.now().since(refund.reserved_at) > ABANDON_AFTER => {
                self.abandon(&order, action).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Stripe refused. Its list takes precedence: the refund may exist already, perhaps made in the dashboard.
    async fn refuse(
        &self,
        order: &Order,
        action: &str,
        refund: &RefundAction,
        code: Option<&str>,
    ) -> Result<Order, ReversalError> {
        let listed = self.stripe.list_refunds(&refund.intent, self.deadline).await?;
        // What is known already needs no receipt, and a receipt is one item of the table.
        let mut news = facts(&listed)?;
        news.retain(|fact| !order.payment.facts.contains(fact));
        for facts in news.chunks(FACTS_AT_ONCE) {
            self.apply_facts(order.id, facts.to_vec()).await?;
        }
        self.update(order.id, None, |order| {
            open(order, action)?;
            order.refuse_refund(action, code, self.correlation_id, self.clock.now())
        })
        .await
    }

    async fn abandon(&self, order: &Order, action: &str) -> Result<Order, ReversalError> {
        tracing::warn!(order_id = %order.id, action, "refund action abandoned");
        let state = RefundActionState::Abandoned;
        let close = |order: &Order| order.close_refund(action, state, self.correlation_id, self.clock.now());
        self.update(order.id, None, close).await
    }
}

/// The refund of this id, while Stripe has not been seen to carry it out and has not refused it.
fn open<'a>(order: &'a Order, action: &str) -> Option<&'a RefundAction> {
    order.open_refund_actions().find(|(id, _)| *id == action).map(|(_, refund)| refund)
}

fn facts(refunds: &[Refund]) -> Result<Vec<PaymentFact>, AmountError> {
    let facts: Result<Vec<_>, _> = refunds.iter().map(refund_facts).collect();
    Ok(facts?.into_iter().flatten().collect())
}
