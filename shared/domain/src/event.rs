//! Order events, for consumers. They carry ids, versions and amounts: nothing personal.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{EventId, IntentId, IntentStatus, Money, Order, OrderId, OrderStatus, Timestamp};

/// The version of [`OrderEvent`]'s shape. A consumer that meets a greater version leaves the message for its successor.
pub const EVENT_SCHEMA_VERSION: u32 = 1;

/// Kinds of order event; the word in messages and filters is [`EventType::as_str`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub enum EventType {
    /// The order was placed.
    #[serde(rename = "order.placed")]
    Placed,
    /// The bank is processing the payment.
    #[serde(rename = "order.payment_processing")]
    PaymentProcessing,
    /// An attempt to pay failed; another is possible.
    #[serde(rename = "order.payment_failed")]
    PaymentFailed,
    /// The whole amount was received.
    #[serde(rename = "order.paid")]
    Paid,
    /// The order was sent to the customer.
    #[serde(rename = "order.fulfilled")]
    Fulfilled,
    /// The order was cancelled.
    #[serde(rename = "order.cancelled")]
    Cancelled,
    /// A payment arrived for a cancelled order and must be refunded.
    #[serde(rename = "order.refund_due")]
    RefundDue,
    /// An intent that is to be voided can be paid, still or again.
    #[serde(rename = "order.void_due")]
    VoidDue,
    /// A refund was requested: ask Stripe for it.
    #[serde(rename = "order.refund_requested")]
    RefundRequested,
    /// A refund will not be made, or its money was returned to us.
    #[serde(rename = "order.refund_failed")]
    RefundFailed,
    /// Part of the payment was refunded.
    #[serde(rename = "order.partially_refunded")]
    PartiallyRefunded,
    /// All of the payment was refunded.
    #[serde(rename = "order.refunded")]
    Refunded,
    /// A bank holds the money because of a dispute.
    #[serde(rename = "order.disputed")]
    Disputed,
    /// A dispute was lost.
    #[serde(rename = "order.charged_back")]
    ChargedBack,
    /// The payment facts contradict the order.
    #[serde(rename = "order.needs_review")]
    NeedsReview,
    /// An invoice was not paid by its due date.
    #[serde(rename = "order.invoice_overdue")]
    InvoiceOverdue,
    /// Something else changed that a reader of the order sees.
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
            Self::VoidDue => "order.void_due",
            Self::RefundRequested => "order.refund_requested",
            Self::RefundFailed => "order.refund_failed",
            Self::PartiallyRefunded => "order.partially_refunded",
            Self::Refunded => "order.refunded",
            Self::Disputed => "order.disputed",
            Self::ChargedBack => "order.charged_back",
            Self::NeedsReview => "order.needs_review",
            Self::InvoiceOverdue => "order.invoice_overdue",
            Self::Updated => "order.updated",
        }
    }

    /// The event that announces an order's new status. That an order is paid, sent or cancelled is announced when it
    /// happens, not when money returns from a dispute or a failed refund.
    fn of(status: OrderStatus) -> Self {
        match status {
            OrderStatus::PendingPayment
            | OrderStatus::Invoiced
            | OrderStatus::Paid
            | OrderStatus::Fulfilled
            | OrderStatus::Cancelled => Self::Updated,
            OrderStatus::PaymentProcessing => Self::PaymentProcessing,
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

/// An event, written in the same transaction as the order and published from the stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderEvent {
    /// Derived from order, version and index, so that a second publication is recognisable.
    pub event_id: EventId,
    /// What happened.
    #[serde(rename = "type")]
    pub event_type: EventType,
    /// [`EVENT_SCHEMA_VERSION`] at the time of writing.
    pub schema_version: u32,
    /// The order.
    pub order_id: OrderId,
    /// The order's version that it belongs to.
    pub order_version: u64,
    /// The index among the events of that version, from 0.
    pub index: usize,
    /// The order's status after it.
    pub status: OrderStatus,
    /// The order's total.
    pub total: Money,
    /// Received so far, in minor units.
    pub captured: i64,
    /// Refunded so far, in minor units.
    pub refunded: i64,
    /// When.
    pub at: Timestamp,
    /// The request or webhook that caused it.
    pub correlation_id: String,
}

/// The events that describe how `before` (`None`: no order) became `after`.
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
    let mut types = Vec::new();
    types.extend((before.paid_at.is_none() && after.paid_at.is_some()).then_some(EventType::Paid));
    types.extend((before.cancellation.is_none() && after.cancellation.is_some()).then_some(EventType::Cancelled));
    types.extend((before.fulfilled_at.is_none() && after.fulfilled_at.is_some()).then_some(EventType::Fulfilled));
    types.extend(of_refunds(before, after));
    let told = EventType::of(after.status);
    let is_said = types.contains(&told) || !types.is_empty() && told == EventType::Updated;
    let less_went_back = after.payment.facts.refunded() < before.payment.facts.refunded();
    let is_worse = less_went_back && matches!(told, EventType::PartiallyRefunded | EventType::Refunded);
    types.extend((after.status != before.status && !is_said && !is_worse).then_some(told));
    if after.payment.last_failure() > before.payment.last_failure() {
        types.push(EventType::PaymentFailed);
    }
    if after.refund_due() > before.refund_due() && before.cancellation.is_some() {
        types.push(EventType::RefundDue);
    }
    types.extend(has_more_to_void(before, after).then_some(EventType::VoidDue));
    types.extend((after.payment.is_overdue() && !before.payment.is_overdue()).then_some(EventType::InvoiceOverdue));
    types.extend((types.is_empty() && is_seen(before, after)).then_some(EventType::Updated));
    types
}

/// Whether a further intent is to be voided. Intents of an order that this change cancels are covered by its own event;
/// intents that a bank is processing end by themselves, or become payable again and get an event then.
fn has_more_to_void(before: &Order, after: &Order) -> bool {
    let is_voidable = |order: &Order, id: &IntentId| {
        order.payment.facts.intent(id).is_some_and(|intent| intent.status != IntentStatus::Processing)
    };
    let was: BTreeSet<_> = before.intents_to_void().filter(|id| is_voidable(before, id)).collect();
    let is_told = before.cancellation.is_none() && after.cancellation.is_some();
    !is_told && after.intents_to_void().any(|id| is_voidable(after, id) && !was.contains(id))
}

/// Events about refunds. When money of a cancelled order is returned to us, its status announces it.
fn of_refunds(before: &Order, after: &Order) -> Vec<EventType> {
    let (was, is) = (&before.payment, &after.payment);
    let mut types = Vec::new();
    types.extend((is.requested_refunds() > was.requested_refunds()).then_some(EventType::RefundRequested));
    let is_worse = is.facts.refunded() < was.facts.refunded() || is.failed_requests() > was.failed_requests();
    types.extend((is_worse && after.cancellation.is_none()).then_some(EventType::RefundFailed));
    let went_back = is.facts.refunded() > was.facts.refunded() && after.status == before.status;
    types.extend(went_back.then_some(EventType::PartiallyRefunded));
    types
}

/// Whether a reader of the order sees a difference that no other event announces.
fn is_seen(before: &Order, after: &Order) -> bool {
    let was_erased = before.person.contact().is_some() && after.person.contact().is_none();
    let was_edited = before.lines != after.lines || before.person.contact() != after.person.contact();
    let money = |order: &Order| (order.payment.facts.captured(), order.payment.facts.refunded());
    was_erased || was_edited || money(before) != money(after) || before.review != after.review
}

#[cfg(test)]
mod tests {
    use super::EventType::*;

    #[test]
    fn the_word_in_filters_is_the_word_in_messages() {
        let all = [
            Placed,
            PaymentProcessing,
            PaymentFailed,
            Paid,
            Fulfilled,
            Cancelled,
            RefundDue,
            VoidDue,
            RefundRequested,
            RefundFailed,
            PartiallyRefunded,
            Refunded,
            Disputed,
            ChargedBack,
            NeedsReview,
            InvoiceOverdue,
            Updated,
        ];
        for event_type in all {
            let stored = serde_json::to_value(event_type).unwrap();
            assert_eq!(
                (event_type.as_str(), event_type.to_string().as_str()),
                (stored.as_str().unwrap(), stored.as_str().unwrap())
            );
        }
    }
}
