//! Refunds and voids: refunds cancelled orders, carries out requested refunds, and voids intents that are not to be
//! paid any more.

use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use checkout::{ReversalError, Reversals};
use domain::{EventType, OrderEvent};
use events::{EventKind, Failure};
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
    env: &(impl capabilities::Orders + capabilities::Queue + capabilities::Stripe),
    deadline: Deadline,
    event: SqsEvent,
) -> Result<SqsBatchResponse, SecretError> {
    let (orders, clock, ids) = (env.orders(), env.clock(), env.ids());
    let consumer = env.consumer();
    let stripe = &consumer.needs(&event, env.stripe(TIMEOUT).await).await?;
    let settle = async |event: OrderEvent| {
        let (correlation_id, began) = (event.correlation_id.as_str(), clock.now());
        let refunds = Reversals { orders, stripe, clock, ids, deadline, correlation_id, began };
        refunds.settle(event.order_id).await.map(drop)
    };
    Ok(consumer.each(deadline, event, settle, failure).await)
}

/// What an error says about its message. What Stripe refuses for good stays due in the order, and the reconciliation
/// takes it up again each hour.
fn failure(error: &ReversalError) -> Failure {
    match error {
        ReversalError::NoOrder | ReversalError::Amount(_) => Failure::Poison,
        ReversalError::Store(error) if error.is_about_one() => Failure::Poison,
        ReversalError::Stripe(error) if error.is_refusal() => Failure::Poison,
        ReversalError::Store(_) | ReversalError::Stripe(_) => Failure::Outage,
    }
}
