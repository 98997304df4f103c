//! A refund as clients see it.

use domain::{Currency, Order, OrderId, RefundActionId, RefundId, RefundProgress, RefundReason, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

/// A refund; every amount is in minor units of `currency`.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Refund)]
pub(crate) struct RefundAnswer<'a> {
    /// `rfd_…`
    pub refund_id: RefundActionId,
    /// The order.
    pub order_id: OrderId,
    /// The amount.
    #[schema(minimum = 1)]
    pub amount: i64,
    /// ISO 4217, lower case.
    pub currency: Currency,
    /// The reason.
    pub reason: RefundReason,
    /// The progress.
    pub status: RefundProgress,
    /// Stripe's refund, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<RefundId>, nullable = false)]
    pub stripe_refund_id: Option<&'a RefundId>,
    /// When it was requested.
    pub requested_at: Timestamp,
    /// The most that one more refund may refund.
    #[schema(minimum = 0)]
    pub refundable: i64,
    #[serde(skip)]
    pub refusal: Option<&'a str>,
}

impl<'a> RefundAnswer<'a> {
    /// The order's refund with this id.
    pub(crate) fn of(order: &'a Order, id: RefundActionId) -> Option<Self> {
        let refund = order.refund(&id.to_string())?;
        Some(Self {
            refund_id: id,
            order_id: order.id,
            amount: refund.amount.amount,
            currency: refund.amount.currency,
            reason: refund.reason,
            status: refund.progress,
            stripe_refund_id: refund.refund,
            requested_at: refund.requested_at,
            refundable: order.refundable(),
            refusal: refund.refusal,
        })
    }
}
