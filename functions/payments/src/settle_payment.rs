//! The money of orders: what was called off is given back, what was asked for goes back, and what nobody is to pay any
//! more is voided.

use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use checkout::Reversals;
use domain::{EventType, OrderEvent};
use events::{EventKind, consume};
use resilience::{Clock, Deadline};
use settings::SecretError;

/// Left of the invocation when no other message is begun: one answer's time and a write.
pub const RESERVE: Duration = Duration::from_secs(12);
/// One answer of Stripe's may take so long.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Whether events of this kind are heard: those after which money is to go back, or an intent is to be voided.
pub const fn hears(kind: EventKind) -> bool {
    match kind {
        EventKind::Order(event_type) => match event_type {
            EventType::Cancelled | EventType::RefundDue | EventType::RefundRequested | EventType::VoidDue => true,
            EventType::Placed
            | EventType::PaymentProcessing
            | EventType::PaymentFailed
            | EventType::Paid
            | EventType::Fulfilled
            | EventType::RefundFailed
            | EventType::PartiallyRefunded
            | EventType::Refunded
            | EventType::Disputed
            | EventType::ChargedBack
            | EventType::NeedsReview
            | EventType::InvoiceOverdue
            | EventType::Updated => false,
        },
        EventKind::Account(_) => false,
    }
}

/// Settles the order of each event, alone. Any number of times, in any order: what is done already is seen in the
/// order's facts and in Stripe's list.
pub async fn handle(
    env: &(impl capabilities::Orders + capabilities::Stripe),
    deadline: Deadline,
    event: SqsEvent,
) -> Result<SqsBatchResponse, SecretError> {
    let (orders, clock, ids) = (env.orders(), env.clock(), env.ids());
    let stripe = &env.stripe(TIMEOUT).await?;
    let response = consume(clock, deadline, event, async |event: OrderEvent| {
        let (correlation_id, began) = (event.correlation_id.as_str(), clock.now());
        let refunds = Reversals { orders, stripe, clock, ids, deadline, correlation_id, began };
        refunds.settle(event.order_id).await.map(drop)
    })
    .await;
    Ok(response)
}
