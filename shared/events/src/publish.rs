//! The seams towards the bus: a topic to publish on and a queue for what nobody can read.

use crate::Event;

/// Publishes events to whoever subscribed. At least once: a lost answer may publish twice.
pub trait Publisher {
    /// Publishes one event; after `Ok` it is the bus's to deliver.
    async fn publish(&self, event: &Event) -> Result<(), BusError>;
}

/// Keeps what cannot be processed, for people to look at.
pub trait DeadLetters {
    /// Keeps the content with the reason why it is here.
    async fn keep(&self, content: &str, reason: &str) -> Result<(), BusError>;
}

/// The bus did not take the message, or its answer was lost: publish again.
#[derive(Debug, thiserror::Error)]
#[error("the bus did not take the message")]
pub struct BusError(#[source] pub Box<dyn std::error::Error + Send + Sync>);
