//! The identity table's stream: publishes the events that handlers wrote together with an account.

use aws_lambda_events::event::streams::DynamoDbEventResponse;
use events::{EventSource, relay};
use serde_json::Value;

/// Publishes each account event of the batch; see [`relay`]. The stream shows addresses and hashes as well: records
/// without an event are skipped, and of a malformed record only its keys and its position are stored.
pub async fn handle(env: &impl capabilities::Bus, event: &Value) -> DynamoDbEventResponse {
    let (publisher, dead_letters) = (env.publisher(), env.dead_letters());
    relay(EventSource::Identity, publisher, dead_letters, event).await
}
