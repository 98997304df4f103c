//! Refunds and voids: refunds cancelled orders, carries out requested refunds, and voids intents that are not to be
//! paid any more.

use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use checkout::Reversals;
use domain::{EventType, OrderEvent};
use events::{EventKind, consume};
use resilience::{Clock, Deadline};
use settings::SecretError;

/// The remaining time at which no other message is begun: one answer's time and a write.
pub const RESERVE: Duration = Duration::from_secs(12);
/// How long one answer of Stripe's may take.
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
            | EventType::DisputeUpdated
            | EventType::NeedsReview
            | EventType::InvoiceOverdue
            | EventType::Updated => false,
        },
        EventKind::Account(_) => false,
    }
}

/// Processes the order of each event, each alone. Repeating it in any order is safe: the order's facts and Stripe's
/// list show what is done already.
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
