//! The identity table's stream: what handlers wrote together with an account goes out from here.

use aws_lambda_events::event::streams::DynamoDbEventResponse;
use events::{DeadLetters, EventSource, Publisher, relay};
use serde_json::Value;

/// Publishes each account event of the batch; see [`relay`]. The stream shows addresses and hashes as well: what is no
/// event is passed over, and of a record that nobody can read only its keys and its place are kept.
pub async fn handle(
    publisher: &impl Publisher,
    dead_letters: &impl DeadLetters,
    event: &Value,
) -> DynamoDbEventResponse {
    relay(EventSource::Identity, publisher, dead_letters, event).await
}
