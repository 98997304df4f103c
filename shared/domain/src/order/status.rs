//! Derives an order's status from facts and decisions.

use super::{Order, PaymentMethod};
use crate::{IntentFact, IntentStatus, OrderStatus};

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
        let lost = facts.lost();
        if facts.has_open_dispute() {
            OrderStatus::Disputed
        } else if refunded.saturating_add(lost) >= captured {
            // What a dispute has left over goes on like any other money.
            if lost > 0 { OrderStatus::ChargedBack } else { OrderStatus::Refunded }
        } else if self.cancellation.is_some() {
            // Money that we hold without a right to it, and that no automatic refund can return: staff must decide.
            if self.payment.refunds_that_came_to_nothing().any(|id| !self.is_reviewed(id)) {
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
        if self.cancellation.is_some() {
            OrderStatus::Cancelled
        } else if self.payment.method != PaymentMethod::Stripe {
            OrderStatus::Invoiced
        } else if self.payment.facts.intents().any(|intent| intent.status == IntentStatus::Processing) {
            OrderStatus::PaymentProcessing
        } else {
            OrderStatus::PendingPayment
        }
    }

    /// Whether Stripe's facts about received money contradict the order: another amount, currency or order id, or a
    /// second payment. Such facts never go away, so the contradiction stays until staff decide.
    fn contradicted(&self) -> bool {
        let fits = |intent: &IntentFact| intent.received == self.total && intent.order_id == Some(self.id);
        let paid = self.payment.facts.succeeded();
        let mut in_doubt = paid.filter(|intent| !self.is_reviewed(intent.id.as_str())).peekable();
        if in_doubt.peek().is_some() && self.payment.facts.payments() > 1 {
            return true;
        }
        in_doubt.any(|intent| !fits(intent))
    }
}
