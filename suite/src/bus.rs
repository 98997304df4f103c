//! Topic and queues in process: what SNS and SQS do between the functions.
//!
//! At least once and unordered, as on AWS: a message stays until its consumer says that it is done, comes again when
//! its visibility timeout is over, and becomes a dead letter when it was received too often.

mod broker;
mod queue;
#[cfg(test)]
mod tests;

pub use broker::{Bus, DeliverySchedule, Misbehaviour};
pub use queue::{Counts, Message, ReceivedMessage};
