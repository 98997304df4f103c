//! Refunds carried out, intents voided that nobody is to pay, expired orders taken up again whose money came late.
//!
//! What is to be done was decided and stored before; here Stripe is asked for it, and its answers are written down with a
//! receipt. Any number of times, by any number of invocations at once: what is done already is seen in the order's facts
//! and in Stripe's list. Must not know who asks, nor how they asked.

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
    /// The way to Stripe.
    pub stripe: &'a Stripe<T, C, I>,
    /// The time.
    pub clock: &'a C,
    /// Jitter.
    pub ids: &'a I,
    /// By when everything has to be over.
    pub deadline: Deadline,
    /// The request or event that asks.
    pub correlation_id: &'a str,
    /// When the work began: of what was decided before, Stripe may have been asked already.
    pub began: Timestamp,
}

impl<O: Orders, T: Transport, C: Clock, I: Ids> Reversals<'_, O, T, C, I> {
    /// Writes down what Stripe said, if it is news.
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
        // Boxed: it is waited for from within many others' waits.
        Ok(Box::pin(update(self.orders, self.clock, self.ids, id, receipt, decide)).await?)
    }
}
