//! The seams towards the bus: a topic to publish on and a queue for what nobody can read.

use domain::OrderEvent;

/// Publishes order events to whoever subscribed. At least once: a lost answer may publish twice.
pub trait Publisher {
    /// Publishes one event; after `Ok` it is the bus's to deliver.
    async fn publish(&self, event: &OrderEvent) -> Result<(), BusError>;
}

/// Keeps what cannot be processed, whole, for people to look at.
pub trait DeadLetters {
    /// Keeps the record's content with the reason why it is here.
    async fn keep(&self, content: &str, reason: &str) -> Result<(), BusError>;
}

/// The bus did not take the message, or its answer was lost: publish again.
#[derive(Debug, thiserror::Error)]
#[error("the bus did not take the message")]
pub struct BusError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// The attributes that an event's message carries, for filters and logs: name and text.
pub fn attributes(event: &OrderEvent) -> [(&'static str, String); 5] {
    [
        ("event_type", event.event_type.as_str().to_owned()),
        ("schema_version", event.schema_version.to_string()),
        ("order_id", event.order_id.to_string()),
        ("order_version", event.order_version.to_string()),
        ("correlation_id", event.correlation_id.clone()),
    ]
}
