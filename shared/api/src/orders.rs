//! An order as clients see it. It is not the stored form, which may change independently.

use domain::{
    Address, CancelReason, Cancellation, Currency, CustomerId, EmailAddress, Order, OrderId, OrderLine, OrderStatus,
    PaymentMethod, ReviewDecision, Sku, Timestamp,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::OrderRefund;

/// An order; every amount is in minor units of `currency`.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Order)]
pub struct OrderAnswer<'a> {
    /// `ord_…`
    pub order_id: OrderId,
    /// The customer.
    pub customer_id: CustomerId,
    /// The status.
    pub status: OrderStatus,
    /// The lines.
    pub lines: Vec<LineAnswer<'a>>,
    /// ISO 4217, lower case.
    pub currency: Currency,
    /// The total.
    #[schema(minimum = 0)]
    pub total: i64,
    /// The payment method.
    pub payment_method: PaymentMethod,
    /// Received so far.
    #[schema(minimum = 0)]
    pub captured: i64,
    /// Refunded so far.
    #[schema(minimum = 0)]
    pub refunded: i64,
    /// Lost in disputes so far.
    #[schema(minimum = 0)]
    pub lost: i64,
    /// The newest 20 refunds, newest first: made, pending or failed. `refunded` counts all of them, and the order's
    /// history has each movement.
    #[schema(max_items = 20)]
    pub refunds: Vec<OrderRefund<'a>>,
    /// The shipping address; absent once the person was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Address>, nullable = false)]
    pub shipping_address: Option<&'a Address>,
    /// The email address; absent once the person was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<EmailAddress>, nullable = false)]
    pub email: Option<&'a EmailAddress>,
    /// Counts the changes.
    #[schema(minimum = 1)]
    pub version: u64,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cancelled_at: Option<Timestamp>,
    /// Why it was cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cancel_reason: Option<CancelReason>,
    /// The staff's decision about payments that contradict the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub review: Option<ReviewAnswer>,
    /// When it was fulfilled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub fulfilled_at: Option<Timestamp>,
}

/// A decision of staff about an order's payments.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = OrderReview)]
pub struct ReviewAnswer {
    /// The decision.
    pub decision: ReviewDecision,
    /// When it was made.
    pub at: Timestamp,
}

/// A line of an order; amounts in minor units of the order's currency.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OrderLine)]
pub struct LineAnswer<'a> {
    /// The product.
    #[schema(value_type = Sku)]
    pub sku: &'a Sku,
    /// Its name.
    pub name: &'a str,
    /// The quantity.
    #[schema(minimum = 1)]
    pub quantity: u32,
    /// The price of one piece.
    #[schema(minimum = 0)]
    pub unit_price: i64,
    /// The price of the line.
    pub total: i64,
}

impl<'a> From<&'a Order> for OrderAnswer<'a> {
    fn from(order: &'a Order) -> Self {
        let contact = order.person.contact();
        Self {
            order_id: order.id,
            customer_id: order.customer,
            status: order.status,
            lines: order.lines.iter().map(LineAnswer::from).collect(),
            currency: order.total.currency,
            total: order.total.amount,
            payment_method: order.payment.method,
            captured: order.payment.facts.captured(),
            refunded: order.payment.facts.refunded(),
            lost: order.payment.facts.lost(),
            refunds: OrderRefund::newest_of(order),
            shipping_address: contact.map(|contact| &contact.shipping_address),
            email: contact.map(|contact| &contact.email),
            version: order.version,
            placed_at: order.placed_at,
            updated_at: order.updated_at,
            cancelled_at: order.cancellation.map(|cancellation| cancellation.at),
            cancel_reason: order.cancellation.map(Cancellation::current_reason),
            review: order.review.as_ref().map(|review| ReviewAnswer { decision: review.decision, at: review.at }),
            fulfilled_at: order.fulfilled_at,
        }
    }
}

impl<'a> From<&'a OrderLine> for LineAnswer<'a> {
    fn from(line: &'a OrderLine) -> Self {
        Self {
            sku: &line.sku,
            name: &line.name,
            quantity: line.quantity,
            unit_price: line.unit_price.amount,
            // It was part of a total that did not overflow.
            total: line.unit_price.amount.saturating_mul(i64::from(line.quantity)),
        }
    }
}
