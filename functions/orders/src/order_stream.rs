//! The orders table's stream: publishes the events that handlers wrote together with an order.

use aws_lambda_events::event::streams::DynamoDbEventResponse;
use events::{EventSource, relay};
use serde_json::Value;

/// Publishes each order event of the batch; see [`relay`]. A malformed record is stored whole.
pub async fn handle(env: &impl capabilities::Bus, event: &Value) -> DynamoDbEventResponse {
    let (publisher, dead_letters) = (env.publisher(), env.dead_letters());
    relay(EventSource::Orders, publisher, dead_letters, event).await
}
