//! Events on their way: from a table's stream through the topic into the consumers' batches.
//!
//! Must not know what a consumer does with an event, nor Stripe, SendGrid or the sheet.

mod batch;
mod event;
mod publish;
mod relay;
mod sns;
mod sqs;
mod stream;

pub use batch::{Message, consume, read};
pub use event::{Event, EventKind, UnreadableEvent};
pub use publish::{BusError, DeadLetters, Publisher};
pub use relay::{EventSource, relay};
pub use sns::SnsPublisher;
pub use sqs::SqsDeadLetters;
pub use stream::{StreamRecordError, account_event, order_event};
