//! The money of orders: what was called off is given back, what was asked for goes back, and what nobody is to pay any
//! more is voided.

use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use checkout::Reversals;
use domain::OrderEvent;
use events::consume;
use resilience::{Clock, Deadline};
use settings::SecretError;

/// Left of the invocation when no other message is begun: one answer's time and a write.
pub const RESERVE: Duration = Duration::from_secs(12);
/// One answer of Stripe's may take so long.
const TIMEOUT: Duration = Duration::from_secs(10);

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
