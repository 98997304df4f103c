//! What a cancelled order gives back: decided and reserved here, before Stripe is asked.

use serde::{Deserialize, Serialize};

use super::{Change, Order, Payment};
use crate::{IntentId, Money, OrderStatus, Timestamp};

/// A refund that we decided on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundAction {
    /// Whose money goes back.
    pub intent: IntentId,
    /// How much.
    pub amount: Money,
    /// When it was decided.
    pub reserved_at: Timestamp,
    /// What Stripe made of it, as long as no refund shows that it was carried out.
    pub state: RefundActionState,
}

/// How a refund action stands while no refund of it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundActionState {
    /// The amount is reserved; Stripe is to be asked, or was asked and has not answered.
    Reserved,
    /// Stripe said no, for good. The amount is free again, and people must look.
    Refused,
    /// Stripe saved a failure under the action's key and lists no refund of it: another action may take its place.
    Abandoned,
}

impl RefundAction {
    fn is_reserved(&self) -> bool {
        self.state == RefundActionState::Reserved
    }
}

impl Order {
    /// Decides to give back what is due for each intent of a cancelled order that brought money: reserves the amounts
    /// before Stripe is asked. None when nothing more is due.
    pub fn reserve_due_refunds(&self, correlation_id: &str, now: Timestamp) -> Option<Change> {
        if self.refund_due() == 0 {
            return None;
        }
        self.change(correlation_id, now, |order| {
            for intent in self.payment.facts.succeeded() {
                let due = self.payment.unreserved(&intent.id);
                let action = format!("cancel-{}-{}", intent.id, order.payment.refund_actions.len());
                if due > 0 {
                    let amount = Money::new(due, intent.received.currency);
                    let refund = RefundAction {
                        intent: intent.id.clone(),
                        amount,
                        reserved_at: now,
                        state: RefundActionState::Reserved,
                    };
                    order.payment.refund_actions.insert(action, refund);
                }
            }
        })
    }

    /// Notes that a reserved refund will not be carried out: refused for good, or abandoned. The amount is free again.
    pub fn close_refund(
        &self,
        action: &str,
        state: RefundActionState,
        correlation_id: &str,
        now: Timestamp,
    ) -> Option<Change> {
        self.change(correlation_id, now, |order| {
            if let Some(refund) = order.payment.refund_actions.get_mut(action).filter(|refund| refund.is_reserved()) {
                refund.state = state;
            }
        })
    }

    /// What a cancelled order still owes its customer and has not reserved yet, in minor units. Nothing while people
    /// must look, and nothing while a bank holds the money.
    pub fn refund_due(&self) -> i64 {
        let settles = self.cancelled_at.is_some() && matches!(self.status, OrderStatus::Cancelled);
        let due = self.payment.facts.succeeded().map(|intent| self.payment.unreserved(&intent.id).max(0));
        if settles { due.fold(0, i64::saturating_add) } else { 0 }
    }

    /// Refund actions that Stripe has not been seen to carry out.
    pub fn open_refund_actions(&self) -> impl Iterator<Item = (&String, &RefundAction)> {
        self.payment
            .refund_actions
            .iter()
            .filter(|(id, action)| action.is_reserved() && !self.payment.is_carried_out(id))
    }
}

impl Payment {
    /// Money of this intent that neither went back nor is reserved to go back, in minor units.
    fn unreserved(&self, intent: &IntentId) -> i64 {
        let received = self.facts.intent(intent).map_or(0, |fact| fact.received.amount);
        let of_intent = |of: Option<&IntentId>| of == Some(intent);
        let refunded =
            self.facts.refunds().filter(|refund| of_intent(refund.intent.as_ref()) && refund.status.counts());
        let open = self
            .refund_actions
            .iter()
            .filter(|(id, action)| of_intent(Some(&action.intent)) && action.is_reserved() && !self.is_carried_out(id));
        let taken = refunded.map(|refund| refund.amount.amount).chain(open.map(|(_, action)| action.amount.amount));
        taken.fold(received, i64::saturating_sub)
    }

    /// Whether Stripe refused a refund of ours, or the bank sent its money back. Another one would end the same way, and
    /// the one after that.
    pub(super) fn has_refund_that_came_to_nothing(&self) -> bool {
        let refused = self.refund_actions.values().any(|action| action.state == RefundActionState::Refused);
        refused || self.facts.refunds().any(|refund| refund.action.is_some() && !refund.status.counts())
    }

    fn is_carried_out(&self, action: &str) -> bool {
        self.facts.refunds().any(|refund| refund.action.as_deref() == Some(action))
    }
}
