//! Events on their way: from a table's stream through the topic into the consumers' batches.
//!
//! Must not know what a consumer does with an event, nor Stripe, SendGrid or the sheet.

mod batch;
mod event;
mod patience;
mod publish;
mod relay;
mod sns;
mod sqs;
mod stream;

pub use batch::{Consumer, Delivery, Message, Returned, read};
pub use event::{Event, EventKind, UnreadableEvent};
pub use patience::{Failure, longest_wait};
pub use publish::{BusError, DeadLetters, Publisher, Visibility};
pub use relay::{EventSource, relay};
pub use sns::SnsPublisher;
pub use sqs::{SqsDeadLetters, SqsVisibility};
pub use stream::{StreamRecordError, account_event, order_event};
