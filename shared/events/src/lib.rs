//! The way of an order event: out of the table's stream, through the topic, into the consumers' batches.
//!
//! Must not know what a consumer does with an event, nor Stripe, SendGrid or the sheet.

mod publish;

pub use publish::{BusError, DeadLetters, Publisher, attributes};
