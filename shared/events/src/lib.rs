//! The way of an order event: out of the table's stream, through the topic, into the consumers' batches.
//!
//! Must not know what a consumer does with an event, nor Stripe, SendGrid or the sheet.

mod batch;
mod publish;
mod sns;
mod sqs;
mod stream;

pub use batch::{Message, consume, read};
pub use publish::{BusError, DeadLetters, Publisher, attributes};
pub use sns::SnsPublisher;
pub use sqs::SqsDeadLetters;
pub use stream::{StreamRecordError, order_event};
