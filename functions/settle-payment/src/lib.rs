//! A cancelled order's money: intents that could still bring some are voided, what came is given back.

use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use domain::{Order, OrderEvent, OrderId, PaymentFact, RefundAction, RefundActionState};
use events::consume;
use payments::{AmountError, NewRefund, Refund, Stripe, StripeError, intent_facts, refund_facts};
use resilience::{Clock, Deadline, Ids, Transport};
use store::{Orders, Receipt, ReceiptSource, StoreError, UpdateError, update};

/// Left of the invocation when no other message is begun: one answer's time and a write.
pub const RESERVE: Duration = Duration::from_secs(12);

/// A refund whose key Stripe spent on a failure is looked for so long before another action takes its place: by then
/// whatever the failed request did is to be seen in Stripe's list.
const ABANDON_AFTER: Duration = Duration::from_mins(1);

/// Why an order was not settled; its message comes again.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// There is no such order, or not yet to be seen.
    #[error("no such order")]
    NoOrder,
    /// It could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Stripe did not do it, or did not say.
    #[error(transparent)]
    Stripe(#[from] StripeError),
    /// Stripe's amounts do not fit our units.
    #[error(transparent)]
    Amount(#[from] AmountError),
}

impl From<UpdateError<std::convert::Infallible>> for SettleError {
    fn from(error: UpdateError<std::convert::Infallible>) -> Self {
        match error {
            UpdateError::NotFound => Self::NoOrder,
            UpdateError::Store(error) => Self::Store(error),
            UpdateError::Refused(never) => match never {},
        }
    }
}

/// Settles the order of each event, alone. Any number of times, in any order: what is done already is seen in the
/// order's facts and in Stripe's list.
pub async fn handle<T: Transport, C: Clock, I: Ids>(
    orders: &impl Orders,
    stripe: &Stripe<T, C, I>,
    clock: &impl Clock,
    ids: &impl Ids,
    deadline: Deadline,
    event: SqsEvent,
) -> SqsBatchResponse {
    consume(clock, deadline, event, async |event: OrderEvent| {
        let correlation_id = event.correlation_id;
        Settlement { orders, stripe, clock, ids, deadline, correlation_id }.settle(event.order_id).await
    })
    .await
}

/// The work on one order, with all that it needs.
struct Settlement<'a, O, T, C, I, K, R> {
    orders: &'a O,
    stripe: &'a Stripe<T, C, I>,
    clock: &'a K,
    ids: &'a R,
    deadline: Deadline,
    correlation_id: String,
}

impl<O: Orders, T: Transport, C: Clock, I: Ids, K: Clock, R: Ids> Settlement<'_, O, T, C, I, K, R> {
    async fn settle(&self, id: OrderId) -> Result<(), SettleError> {
        let known = self.orders.find(id).await?.ok_or(SettleError::NoOrder)?;
        let order = self.void_intents(known).await?;
        // Decided and stored before Stripe is asked, so that whoever comes second finds the amount taken.
        let began = self.clock.now();
        let order = self.reinstate(order).await?;
        let reserve = |order: &Order| order.reserve_due_refunds(&self.correlation_id, began);
        let order = self.update(order.id, None, reserve).await?;
        for (action, refund) in order.open_refund_actions() {
            self.carry_out(&order, action, refund, refund.reserved_at < began).await?;
        }
        Ok(())
    }

    /// Lets an expired order go on whose money came late, if there still are goods for it.
    async fn reinstate(&self, order: Order) -> Result<Order, SettleError> {
        if !order.can_be_reinstated() {
            return Ok(order);
        }
        let reinstate = |order: &Order| order.reinstate(&self.correlation_id, self.clock.now());
        match self.update(order.id, None, reinstate).await {
            Err(SettleError::Store(StoreError::OutOfStock(sku))) => {
                tracing::warn!(order_id = %order.id, %sku, "late money goes back: its goods are gone");
                Ok(order)
            }
            outcome => outcome,
        }
    }

    async fn void_intents(&self, order: Order) -> Result<Order, SettleError> {
        let mut facts = Vec::new();
        for intent in order.intents_to_void() {
            facts.extend(intent_facts(&self.stripe.cancel_payment_intent(intent, self.deadline).await?)?);
        }
        if facts.is_empty() { Ok(order) } else { self.learn(order.id, facts).await }
    }

    /// Asks Stripe for the refund; first whether it exists, when this is not the first try.
    async fn carry_out(
        &self,
        order: &Order,
        action: &str,
        refund: &RefundAction,
        tried_before: bool,
    ) -> Result<(), SettleError> {
        if tried_before && let Some(done) = self.stripe.find_refund(&refund.intent, action, self.deadline).await? {
            return self.note(order.id, &done).await;
        }
        if !refund.may_be_asked_for(self.clock.now()) {
            tracing::warn!(order_id = %order.id, action, "refund action given up: its key is too old to be used");
            return self.close(order.id, action, RefundActionState::Abandoned).await;
        }
        let (amount, reason) = (refund.amount, refund.reason);
        let new = NewRefund { action, order_id: order.id, intent: &refund.intent, amount, reason };
        match self.stripe.create_refund(&new, self.deadline).await {
            Ok(done) => self.note(order.id, &done).await,
            Err(error @ (StripeError::Invalid { .. } | StripeError::Amount(_) | StripeError::Declined { .. })) => {
                tracing::error!(order_id = %order.id, action, error = &error as &dyn std::error::Error, "refund refused");
                self.close(order.id, action, RefundActionState::Refused).await
            }
            Err(StripeError::KeySpent) if self.clock.now().since(refund.reserved_at) > ABANDON_AFTER => {
                tracing::warn!(order_id = %order.id, action, "refund action abandoned");
                self.close(order.id, action, RefundActionState::Abandoned).await
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn note(&self, id: OrderId, refund: &Refund) -> Result<(), SettleError> {
        self.learn(id, refund_facts(refund)?).await.map(drop)
    }

    async fn close(&self, id: OrderId, action: &str, state: RefundActionState) -> Result<(), SettleError> {
        let close = |order: &Order| order.close_refund(action, state, &self.correlation_id, self.clock.now());
        self.update(id, None, close).await.map(drop)
    }

    async fn learn(&self, id: OrderId, facts: Vec<PaymentFact>) -> Result<Order, SettleError> {
        let now = self.clock.now();
        let receipt = Receipt::heard(ReceiptSource::Settlement, id, facts.clone(), now, &self.correlation_id);
        let learn = |order: &Order| order.learn(facts.clone(), &self.correlation_id, now);
        self.update(id, Some(&receipt), learn).await
    }

    async fn update(
        &self,
        id: OrderId,
        receipt: Option<&Receipt>,
        decide: impl Fn(&Order) -> Option<domain::Change>,
    ) -> Result<Order, SettleError> {
        Ok(update(self.orders, self.clock, self.ids, id, receipt, |order| Ok(decide(order))).await?)
    }
}
