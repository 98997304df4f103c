//! The state of requested refunds, and what may still be refunded.

use utoipa::ToSchema;

use super::{Order, PaymentMethod, RefundAction, RefundActionState, RefundReason};
use crate::{Money, RefundFact, RefundId, RefundStatus, Timestamp, TransferFact};

/// A requested refund and its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundView<'a> {
    /// The amount.
    pub amount: Money,
    /// Why.
    pub reason: RefundReason,
    /// The progress.
    pub progress: RefundProgress,
    /// Stripe's refund, once there is one.
    pub refund: Option<&'a RefundId>,
    /// Stripe's code for why it was refused, if it gave one.
    pub refusal: Option<&'a str>,
    /// When it was requested.
    pub requested_at: Timestamp,
}

string_enum! {
    /// How far a refund is.
    #[derive(ToSchema)]
    pub enum RefundProgress {
        /// Its amount is reserved; Stripe was not reached yet, or the bank is at work.
        Pending = "pending",
        /// The money went back.
        Succeeded = "succeeded",
        /// It was not made, or its money came back to us. The amount is free again.
        Failed = "failed",
        /// Stripe said no, for good. The amount is free again.
        Refused = "refused",
    }
}

impl Order {
    /// The refund with this id, if one was requested.
    pub fn refund(&self, id: &str) -> Option<RefundView<'_>> {
        let facts = &self.payment.facts;
        if let Some(transfer) = facts.transfers().find(|transfer| transfer.action.as_deref() == Some(id)) {
            return Some(returned(transfer, self.updated_at));
        }
        let action = self.payment.refund_actions.get(id)?;
        Some(view(action, facts.refunds().find(|refund| refund.action.as_deref() == Some(id))))
    }

    /// The refunds that we decided on, with their ids: requested refunds, and those that follow from a decision about
    /// the order.
    pub fn refunds(&self) -> impl Iterator<Item = (&str, RefundView<'_>)> {
        let actions = self.payment.refund_actions.keys().map(String::as_str);
        let noted = self.payment.facts.transfers().filter_map(|transfer| transfer.action.as_deref());
        actions.chain(noted).filter_map(|id| Some((id, self.refund(id)?)))
    }

    /// The refunds that were made in Stripe's dashboard.
    pub fn dashboard_refunds(&self) -> impl Iterator<Item = &RefundFact> {
        let is_ours = |action: &String| self.payment.refund_actions.contains_key(action);
        self.payment.facts.refunds().filter(move |refund| !refund.action.as_ref().is_some_and(is_ours))
    }

    /// The most that one more requested refund may refund, in minor units.
    pub fn refundable(&self) -> i64 {
        if !self.status.can_be_refunded() {
            return 0;
        }
        let left = match self.payment.method {
            PaymentMethod::Stripe => {
                self.payment.facts.succeeded().map(|intent| self.payment.unreserved(&intent.id)).max().unwrap_or(0)
            }
            PaymentMethod::Invoice { .. } => self.payment.kept(),
        };
        left.max(0)
    }
}

impl From<RefundStatus> for RefundProgress {
    fn from(status: RefundStatus) -> Self {
        match status {
            RefundStatus::Unknown | RefundStatus::Pending | RefundStatus::RequiresAction => Self::Pending,
            RefundStatus::Succeeded => Self::Succeeded,
            RefundStatus::Failed | RefundStatus::Canceled => Self::Failed,
        }
    }
}

fn returned(transfer: &TransferFact, noted_at: Timestamp) -> RefundView<'_> {
    RefundView {
        amount: transfer.amount,
        reason: transfer.reason.unwrap_or(RefundReason::RequestedByCustomer),
        progress: RefundProgress::Succeeded,
        refund: None,
        refusal: None,
        requested_at: transfer.requested_at.unwrap_or(noted_at),
    }
}

/// The state of Stripe's object takes precedence over Stripe's answer to the request.
fn view<'a>(action: &'a RefundAction, made: Option<&'a RefundFact>) -> RefundView<'a> {
    let progress = match (made, action.state) {
        (Some(made), _) => made.status.into(),
        (None, RefundActionState::Reserved) => RefundProgress::Pending,
        (None, RefundActionState::Abandoned) => RefundProgress::Failed,
        (None, RefundActionState::Refused) => RefundProgress::Refused,
    };
    RefundView {
        amount: action.amount,
        reason: action.reason,
        progress,
        refund: made.map(|refund| &refund.id),
        refusal: action.refusal.as_deref(),
        requested_at: action.reserved_at,
    }
}
