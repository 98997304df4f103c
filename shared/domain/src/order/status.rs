//! How an order's status follows from what is known and what was decided.

use super::Order;
use crate::{IntentStatus, OrderStatus};

impl Order {
    pub(super) fn derive_status(&self) -> OrderStatus {
        let facts = &self.payment.facts;
        if self.contradicted() {
            return OrderStatus::NeedsReview;
        }
        let (captured, refunded) = (facts.captured(), facts.refunded());
        if captured == 0 {
            return self.unpaid_status();
        }
        if facts.lost() > 0 {
            OrderStatus::ChargedBack
        } else if facts.has_open_dispute() {
            OrderStatus::Disputed
        } else if refunded >= captured {
            OrderStatus::Refunded
        } else if self.cancelled_at.is_some() {
            // Money that we hold without a right to it, and that cannot go back by itself: people must see to it.
            if self.payment.has_refund_that_came_to_nothing() {
                OrderStatus::NeedsReview
            } else {
                OrderStatus::Cancelled
            }
        } else if refunded > 0 {
            OrderStatus::PartiallyRefunded
        } else if self.fulfilled_at.is_some() {
            OrderStatus::Fulfilled
        } else {
            OrderStatus::Paid
        }
    }

    fn unpaid_status(&self) -> OrderStatus {
        if self.cancelled_at.is_some() {
            OrderStatus::Cancelled
        } else if self.payment.facts.intents().any(|intent| intent.status == IntentStatus::Processing) {
            OrderStatus::PaymentProcessing
        } else {
            OrderStatus::PendingPayment
        }
    }

    /// Whether Stripe's word on money received does not fit the order: another amount, currency or order id, or paid
    /// twice. Once so, always so: facts about money received never go away.
    fn contradicted(&self) -> bool {
        let fits = |intent: &crate::IntentFact| intent.received == self.total && intent.order_id == Some(self.id);
        let mut succeeded = self.payment.facts.succeeded();
        succeeded.next().is_some_and(|first| !fits(first)) || succeeded.next().is_some()
    }
}
