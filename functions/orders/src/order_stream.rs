//! The orders table's stream: what handlers wrote together with an order goes out from here.

use aws_lambda_events::event::streams::DynamoDbEventResponse;
use events::{EventSource, relay};
use serde_json::Value;

/// Publishes each order event of the batch; see [`relay`]. A record that nobody can read is kept whole.
pub async fn handle(env: &impl capabilities::Bus, event: &Value) -> DynamoDbEventResponse {
    let (publisher, dead_letters) = (env.publisher(), env.dead_letters());
    relay(EventSource::Orders, publisher, dead_letters, event).await
}
