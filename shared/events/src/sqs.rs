//! SQS: a queue of dead letters, and the queue that a consumer reads.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{ChangeMessageVisibilityBatchRequestEntry, MessageAttributeValue};

use crate::{BusError, DeadLetters, Visibility};

/// SQS changes so many messages in one call.
const MESSAGES_PER_CALL: usize = 10;

/// Stores dead letters in one SQS queue.
#[derive(Clone, Debug)]
pub struct SqsDeadLetters {
    client: Client,
    queue_url: String,
}

impl SqsDeadLetters {
    /// Uses the queue with this URL.
    pub fn new(client: Client, queue_url: impl Into<String>) -> Self {
        Self { client, queue_url: queue_url.into() }
    }
}

impl DeadLetters for SqsDeadLetters {
    async fn keep(&self, content: &str, reason: &str) -> Result<(), BusError> {
        let reason = MessageAttributeValue::builder().data_type("String").string_value(reason).build();
        let reason = reason.map_err(|error| BusError(error.into()))?;
        let message = self.client.send_message().queue_url(&self.queue_url).message_body(content);
        message.message_attributes("reason", reason).send().await.map(drop).map_err(|error| BusError(error.into()))
    }
}

/// The queue that a consumer reads.
#[derive(Clone, Debug)]
pub struct SqsVisibility {
    client: Client,
    queue_url: String,
}

/// SQS did not hide a message: its code for why.
#[derive(Debug, thiserror::Error)]
#[error("not hidden ({0})")]
struct NotHidden(String);

impl SqsVisibility {
    /// Uses the queue with this URL.
    pub fn new(client: Client, queue_url: impl Into<String>) -> Self {
        Self { client, queue_url: queue_url.into() }
    }
}

impl Visibility for SqsVisibility {
    async fn hide(&self, messages: &[(String, Duration)]) -> Result<(), BusError> {
        for messages in messages.chunks(MESSAGES_PER_CALL) {
            let mut change = self.client.change_message_visibility_batch().queue_url(&self.queue_url);
            for (place, (receipt, wait)) in messages.iter().enumerate() {
                let seconds = i32::try_from(wait.as_secs()).unwrap_or(i32::MAX);
                let entry = ChangeMessageVisibilityBatchRequestEntry::builder()
                    .id(place.to_string())
                    .receipt_handle(receipt)
                    .visibility_timeout(seconds)
                    .build();
                change = change.entries(entry.map_err(|error| BusError(error.into()))?);
            }
            let answer = change.send().await.map_err(|error| BusError(error.into()))?;
            if let Some(failed) = answer.failed().first() {
                return Err(BusError(NotHidden(failed.code().to_owned()).into()));
            }
        }
        Ok(())
    }
}
