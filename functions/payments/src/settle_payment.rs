//! The money of orders: what was called off is given back, what was asked for goes back, and what nobody is to pay any
//! more is voided.

use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use checkout::Reversals;
use domain::OrderEvent;
use events::consume;
use resilience::{Clock, Deadline, Ids, Transport};
use store::Orders;
use stripe::Stripe;

/// Left of the invocation when no other message is begun: one answer's time and a write.
pub const RESERVE: Duration = Duration::from_secs(12);

/// Settles the order of each event, alone. Any number of times, in any order: what is done already is seen in the
/// order's facts and in Stripe's list.
pub async fn handle<T: Transport, C: Clock, I: Ids>(
    orders: &impl Orders,
    stripe: &Stripe<T, C, I>,
    clock: &C,
    ids: &I,
    deadline: Deadline,
    event: SqsEvent,
) -> SqsBatchResponse {
    consume(clock, deadline, event, async |event: OrderEvent| {
        let (correlation_id, began) = (event.correlation_id.as_str(), clock.now());
        let settlement = Reversals { orders, stripe, clock, ids, deadline, correlation_id, began };
        settlement.settle(event.order_id).await.map(drop)
    })
    .await
}
