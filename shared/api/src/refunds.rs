//! An order's refunds, as callers who may see the order see them.

use std::cmp::Reverse;

use domain::{Currency, Money, Order, RefundFact, RefundId, RefundProgress, RefundReason, RefundView, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

/// How many of an order's refunds are shown with it: a page of 100 orders with that many each stays far below the size
/// limit of Lambda's responses (6 MB).
const MAX_REFUNDS: usize = 20;

/// A refund of an order; the amount is in minor units of `currency`.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = OrderRefund)]
pub struct OrderRefund<'a> {
    /// `rfd_…` for a requested refund, `re_…` for one that was made in Stripe's dashboard; others follow from a
    /// decision about the order.
    pub refund_id: &'a str,
    /// The amount.
    #[schema(minimum = 0)]
    pub amount: i64,
    /// ISO 4217, lower case.
    pub currency: Currency,
    /// The reason; unknown for a refund that was made in Stripe's dashboard.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reason: Option<RefundReason>,
    /// The progress.
    pub status: RefundProgress,
    /// Stripe's refund, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<RefundId>, nullable = false)]
    pub stripe_refund_id: Option<&'a RefundId>,
    /// When it was requested or decided; unknown for a refund that was made in Stripe's dashboard.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub requested_at: Option<Timestamp>,
}

impl<'a> OrderRefund<'a> {
    /// The newest of the order's refunds, newest first; those of Stripe's dashboard, whose time is unknown, last.
    pub(crate) fn newest_of(order: &'a Order) -> Vec<Self> {
        let mut ours: Vec<_> = order.refunds().map(Self::from).collect();
        ours.sort_by_key(|refund| Reverse(refund.requested_at));
        ours.into_iter().chain(order.dashboard_refunds().map(Self::from)).take(MAX_REFUNDS).collect()
    }

    fn new(refund_id: &'a str, amount: Money, status: RefundProgress) -> Self {
        let Money { amount, currency } = amount;
        Self { refund_id, amount, currency, reason: None, status, stripe_refund_id: None, requested_at: None }
    }
}

impl<'a> From<(&'a str, RefundView<'a>)> for OrderRefund<'a> {
    fn from((id, refund): (&'a str, RefundView<'a>)) -> Self {
        Self {
            reason: Some(refund.reason),
            stripe_refund_id: refund.refund,
            requested_at: Some(refund.requested_at),
            ..Self::new(id, refund.amount, refund.progress)
        }
    }
}

impl<'a> From<&'a RefundFact> for OrderRefund<'a> {
    fn from(refund: &'a RefundFact) -> Self {
        let stripe_refund_id = Some(&refund.id);
        Self { stripe_refund_id, ..Self::new(refund.id.as_str(), refund.amount, refund.status.into()) }
    }
}
