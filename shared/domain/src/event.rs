//! Order events, for consumers. They carry ids, versions and amounts: nothing personal.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Actor, DisputeId, DisputeStage, EventId, IntentId, IntentStatus, Money, Order, OrderId, OrderStatus, Timestamp,
};

/// The version of [`OrderEvent`]'s shape. A consumer that meets a greater version leaves the message for its successor.
pub const EVENT_SCHEMA_VERSION: u32 = 1;

string_enum! {
    /// Kinds of order event; the words are those in messages and filters.
    #[derive(ToSchema)]
    pub enum EventType {
        /// The order exists.
        Placed = "order.placed",
        /// The bank is at work.
        PaymentProcessing = "order.payment_processing",
        /// A try to pay failed; another is possible.
        PaymentFailed = "order.payment_failed",
        /// The whole amount was received.
        Paid = "order.paid",
        /// Sent to the customer.
        Fulfilled = "order.fulfilled",
        /// Called off.
        Cancelled = "order.cancelled",
        /// Money came for an order that was called off: it has to go back.
        RefundDue = "order.refund_due",
        /// An intent that nobody is to pay can be paid again, or still: it is to be voided.
        VoidDue = "order.void_due",
        /// Somebody wants money to go back: Stripe is to be asked.
        RefundRequested = "order.refund_requested",
        /// A refund will not be made, or its money came back to us.
        RefundFailed = "order.refund_failed",
        /// Part of the money went back.
        PartiallyRefunded = "order.partially_refunded",
        /// All of the money went back.
        Refunded = "order.refunded",
        /// A bank holds the money.
        Disputed = "order.disputed",
        /// A dispute was lost, and nothing of the money is left.
        ChargedBack = "order.charged_back",
        /// A dispute or an inquiry came to another stage.
        DisputeUpdated = "order.dispute_updated",
        /// The facts contradict the order.
        NeedsReview = "order.needs_review",
        /// An invoice was not paid by its due date.
        InvoiceOverdue = "order.invoice_overdue",
        /// Something else that a reader of the order sees has changed.
        Updated = "order.updated",
    }
}

impl EventType {
    /// The event that says that an order has come to this status. That it is paid, sent or called off is said when that
    /// happens, not when money comes back from a dispute or a failed refund.
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

/// One thing that happened, written in the same transaction as the order and published from the stream.
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
    /// The dispute that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispute: Option<DisputeUpdate>,
    /// The person or service whose request it is. Absent in what follows from a provider's word or happens by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// When.
    pub at: Timestamp,
    /// The request or webhook that caused it.
    pub correlation_id: String,
}

/// A dispute that came to a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputeUpdate {
    /// The dispute.
    pub id: DisputeId,
    /// The stage.
    pub stage: DisputeStage,
}

/// The events that describe how `before` (`None`: no order) became `after`.
pub(crate) fn events_between(before: Option<&Order>, after: &Order, correlation_id: &str) -> Vec<OrderEvent> {
    let mut types: Vec<_> = match before {
        None => vec![EventType::Placed],
        Some(before) => differences(before, after),
    }
    .into_iter()
    .map(|event_type| (event_type, None))
    .collect();
    let disputes = before.map(|before| of_disputes(before, after)).unwrap_or_default();
    types.extend(disputes.into_iter().map(|dispute| (EventType::DisputeUpdated, Some(dispute))));
    let event = |(index, (event_type, dispute))| OrderEvent {
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
        dispute,
        actor: None,
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

/// The disputes that came to another stage.
fn of_disputes(before: &Order, after: &Order) -> Vec<DisputeUpdate> {
    let (was, is) = (&before.payment.facts, &after.payment.facts);
    let stage_before = |id: &DisputeId| was.disputes().find(|known| known.id == *id).map(|known| known.status.stage());
    let updates = is.disputes().map(|dispute| DisputeUpdate { id: dispute.id.clone(), stage: dispute.status.stage() });
    updates.filter(|update| stage_before(&update.id) != Some(update.stage)).collect()
}

/// Whether a reader of the order sees a difference that no other event announces.
fn is_seen(before: &Order, after: &Order) -> bool {
    let was_erased = before.person.contact().is_some() && after.person.contact().is_none();
    let was_edited = before.lines != after.lines || before.person.contact() != after.person.contact();
    let facts = |order: &Order| {
        let facts = &order.payment.facts;
        (facts.captured(), facts.refunded(), facts.lost())
    };
    let was_decided = before.review != after.review || before.cancellation != after.cancellation;
    was_erased || was_edited || facts(before) != facts(after) || was_decided
}
