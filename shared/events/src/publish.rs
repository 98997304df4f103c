//! The seams towards the bus: a topic to publish on, and a queue for dead letters.

use crate::Event;

/// Publishes events to all subscribers, at least once: a lost answer may publish twice.
pub trait Publisher {
    /// Publishes one event; after `Ok` it is the bus's to deliver.
    async fn publish(&self, event: &Event) -> Result<(), BusError>;
}

/// Stores what cannot be processed, for staff to look at.
pub trait DeadLetters {
    /// Stores the content with the reason.
    async fn keep(&self, content: &str, reason: &str) -> Result<(), BusError>;
}

/// The bus refused the message, or its answer was lost: publish again.
#[derive(Debug, thiserror::Error)]
#[error("the bus did not take the message")]
pub struct BusError(#[source] pub Box<dyn std::error::Error + Send + Sync>);
