//! The seams towards the bus: a topic to publish on, a queue for dead letters, the queue that a consumer reads.

use std::time::Duration;

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

/// The queue that a consumer reads.
pub trait Visibility {
    /// Hides messages that were received, each by the receipt of its delivery and for so long from now on. A message of
    /// which that fails comes again after the queue's own visibility timeout.
    async fn hide(&self, messages: &[(String, Duration)]) -> Result<(), BusError>;
}

/// The bus refused the message, or its answer was lost: publish again.
#[derive(Debug, thiserror::Error)]
#[error("the bus did not take the message")]
pub struct BusError(#[source] pub Box<dyn std::error::Error + Send + Sync>);
