//! The identity table's stream: what handlers wrote together with an account goes out from here.

use aws_lambda_events::event::streams::DynamoDbEventResponse;
use events::{EventSource, relay};
use serde_json::Value;

/// Publishes each account event of the batch; see [`relay`]. The stream shows addresses and hashes as well: what is no
/// event is passed over, and of a record that nobody can read only its keys and its place are kept.
pub async fn handle(env: &impl capabilities::Bus, event: &Value) -> DynamoDbEventResponse {
    let (publisher, dead_letters) = (env.publisher(), env.dead_letters());
    relay(EventSource::Identity, publisher, dead_letters, event).await
}
