//! The orders table's stream: what handlers wrote together with an order goes out from here.

use aws_lambda_events::event::streams::DynamoDbEventResponse;
use events::{DeadLetters, EventSource, Publisher, relay};
use serde_json::Value;

/// Publishes each order event of the batch; see [`relay`]. A record that nobody can read is kept whole.
pub async fn handle(
    publisher: &impl Publisher,
    dead_letters: &impl DeadLetters,
    event: &Value,
) -> DynamoDbEventResponse {
    relay(EventSource::Orders, publisher, dead_letters, event).await
}
