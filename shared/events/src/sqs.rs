//! An SQS queue of dead letters.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::MessageAttributeValue;

use crate::{BusError, DeadLetters};

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
