//! Refunds carried out, intents voided that nobody is to pay, expired orders taken up again whose money came late.
//!
//! The decisions were stored before; here Stripe is asked to carry them out, and its answers are stored with a receipt.
//! Repeating this, even concurrently, is safe: the order's facts and Stripe's list show what is done already. Must not
//! know who asks, nor how.

mod error;
mod refund;
mod settle;

use std::convert::Infallible;

use domain::{Change, Order, OrderId, PaymentFact, Timestamp};
use resilience::{Clock, Deadline, Ids, Transport};
use store::{Orders, Receipt, ReceiptSource, update};
use stripe::Stripe;

pub use error::ReversalError;

/// Carries out refunds and voids that were decided.
#[derive(Debug)]
pub struct Reversals<'a, O, T, C, I> {
    /// Where orders are.
    pub orders: &'a O,
    /// Stripe's client.
    pub stripe: &'a Stripe<T, C, I>,
    /// The time.
    pub clock: &'a C,
    /// Jitter.
    pub ids: &'a I,
    /// The deadline for all of it.
    pub deadline: Deadline,
    /// The correlation id of the request or event.
    pub correlation_id: &'a str,
    /// When the work began: Stripe may have been asked for earlier decisions already.
    pub began: Timestamp,
}

impl<O: Orders, T: Transport, C: Clock, I: Ids> Reversals<'_, O, T, C, I> {
    /// Stores Stripe's answer, if it is new.
    async fn apply_facts(&self, id: OrderId, facts: Vec<PaymentFact>) -> Result<Order, ReversalError> {
        let now = self.clock.now();
        let receipt = Receipt::from_facts(ReceiptSource::Settlement, id, facts.clone(), now, self.correlation_id);
        self.update(id, Some(&receipt), |order| order.apply_facts(facts.clone(), self.correlation_id, now)).await
    }

    async fn update(
        &self,
        id: OrderId,
        receipt: Option<&Receipt>,
        decide: impl Fn(&Order) -> Option<Change>,
    ) -> Result<Order, ReversalError> {
        let decide = |order: &Order| Ok::<_, Infallible>(decide(order));
        // Boxed: this future is part of many larger ones.
        Ok(Box::pin(update(self.orders, self.clock, self.ids, id, receipt, decide)).await?)
    }
}
