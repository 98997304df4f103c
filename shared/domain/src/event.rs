//! What happened to an order, for whoever listens. Ids, versions and amounts; nothing personal.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{EventId, Money, Order, OrderId, OrderStatus, Timestamp};

/// The version of [`OrderEvent`]'s shape. A consumer that meets a greater one leaves the message for its successor.
pub const EVENT_SCHEMA_VERSION: u32 = 1;

/// Kinds of order event; the word in messages and filters is [`EventType::as_str`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub enum EventType {
    /// The order exists.
    #[serde(rename = "order.placed")]
    Placed,
    /// The bank is at work.
    #[serde(rename = "order.payment_processing")]
    PaymentProcessing,
    /// A try to pay failed; another is possible.
    #[serde(rename = "order.payment_failed")]
    PaymentFailed,
    /// The whole amount was received.
    #[serde(rename = "order.paid")]
    Paid,
    /// Sent to the customer.
    #[serde(rename = "order.fulfilled")]
    Fulfilled,
    /// Called off.
    #[serde(rename = "order.cancelled")]
    Cancelled,
    /// Money came for an order that was called off: it has to go back.
    #[serde(rename = "order.refund_due")]
    RefundDue,
    /// Part of the money went back.
    #[serde(rename = "order.partially_refunded")]
    PartiallyRefunded,
    /// All of the money went back.
    #[serde(rename = "order.refunded")]
    Refunded,
    /// A bank holds the money.
    #[serde(rename = "order.disputed")]
    Disputed,
    /// A dispute was lost.
    #[serde(rename = "order.charged_back")]
    ChargedBack,
    /// The facts contradict the order.
    #[serde(rename = "order.needs_review")]
    NeedsReview,
    /// Something else that a reader of the order sees has changed.
    #[serde(rename = "order.updated")]
    Updated,
}

impl EventType {
    /// The word in messages and filters: `order.paid`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Placed => "order.placed",
            Self::PaymentProcessing => "order.payment_processing",
            Self::PaymentFailed => "order.payment_failed",
            Self::Paid => "order.paid",
            Self::Fulfilled => "order.fulfilled",
            Self::Cancelled => "order.cancelled",
            Self::RefundDue => "order.refund_due",
            Self::PartiallyRefunded => "order.partially_refunded",
            Self::Refunded => "order.refunded",
            Self::Disputed => "order.disputed",
            Self::ChargedBack => "order.charged_back",
            Self::NeedsReview => "order.needs_review",
            Self::Updated => "order.updated",
        }
    }

    /// The event that says that an order has come to this status. That it is paid or called off is said when the money
    /// comes and when the decision is made, not when money comes back from a dispute or a failed refund.
    fn of(status: OrderStatus) -> Self {
        match status {
            OrderStatus::PendingPayment | OrderStatus::Paid | OrderStatus::Cancelled => Self::Updated,
            OrderStatus::PaymentProcessing => Self::PaymentProcessing,
            OrderStatus::Fulfilled => Self::Fulfilled,
            OrderStatus::PartiallyRefunded => Self::PartiallyRefunded,
            OrderStatus::Refunded => Self::Refunded,
            OrderStatus::Disputed => Self::Disputed,
            OrderStatus::ChargedBack => Self::ChargedBack,
            OrderStatus::NeedsReview => Self::NeedsReview,
        }
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that happened, written in the same transaction as the order and published from the stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderEvent {
    /// Derived from order, version and place, so that a second publication is recognisable.
    pub event_id: EventId,
    /// What happened.
    #[serde(rename = "type")]
    pub event_type: EventType,
    /// [`EVENT_SCHEMA_VERSION`] when it was written.
    pub schema_version: u32,
    /// Whose event.
    pub order_id: OrderId,
    /// The order's version that it came with.
    pub order_version: u64,
    /// Place among the events of that version, from 0.
    pub index: usize,
    /// Where the order stood after it.
    pub status: OrderStatus,
    /// The order's total.
    pub total: Money,
    /// Received so far, in minor units.
    pub captured: i64,
    /// Given back so far, in minor units.
    pub refunded: i64,
    /// When.
    pub at: Timestamp,
    /// The request or webhook that caused it.
    pub correlation_id: String,
}

/// The events that tell how `before` (none: nothing) became `after`.
pub(crate) fn events_between(before: Option<&Order>, after: &Order, correlation_id: &str) -> Vec<OrderEvent> {
    let types = match before {
        None => vec![EventType::Placed],
        Some(before) => differences(before, after),
    };
    let event = |(index, event_type)| OrderEvent {
        event_id: EventId::derived(after.id, after.version, index),
        event_type,
        schema_version: EVENT_SCHEMA_VERSION,
        order_id: after.id,
        order_version: after.version,
        index,
        status: after.status,
        total: after.total,
        captured: after.payment.facts.captured(),
        refunded: after.payment.facts.refunded(),
        at: after.updated_at,
        correlation_id: correlation_id.to_owned(),
    };
    types.into_iter().enumerate().map(event).collect()
}

fn differences(before: &Order, after: &Order) -> Vec<EventType> {
    let (was, is) = (&before.payment.facts, &after.payment.facts);
    let mut types = Vec::new();
    // Money received never goes away again, so that an order is paid once, whatever comes first or after.
    let newly_paid = was.captured() == 0 && is.captured() > 0;
    if newly_paid && after.cancelled_at.is_none() && after.status != OrderStatus::NeedsReview {
        types.push(EventType::Paid);
    }
    if before.cancelled_at.is_none() && after.cancelled_at.is_some() {
        types.push(EventType::Cancelled);
    }
    if after.status != before.status {
        let is_said = !types.is_empty() && matches!(after.status, OrderStatus::Paid | OrderStatus::Cancelled);
        types.extend((!is_said).then(|| EventType::of(after.status)));
    } else if is.refunded() != was.refunded() {
        types.push(EventType::PartiallyRefunded);
    } else if is.captured() != was.captured() {
        types.push(EventType::Updated);
    }
    if after.payment.last_failure() > before.payment.last_failure() {
        types.push(EventType::PaymentFailed);
    }
    if after.refund_due() > before.refund_due() && before.cancelled_at.is_some() {
        types.push(EventType::RefundDue);
    }
    let was_erased = before.person.contact().is_some() && after.person.contact().is_none();
    if types.is_empty() && was_erased {
        types.push(EventType::Updated);
    }
    types
}
