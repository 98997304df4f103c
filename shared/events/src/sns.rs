//! The topic on SNS.

use aws_sdk_sns::Client;
use aws_sdk_sns::types::MessageAttributeValue;

use crate::{BusError, Event, Publisher};

/// Publishes events on one SNS topic.
#[derive(Clone, Debug)]
pub struct SnsPublisher {
    client: Client,
    topic_arn: String,
}

impl SnsPublisher {
    /// Uses the topic with this ARN.
    pub fn new(client: Client, topic_arn: impl Into<String>) -> Self {
        Self { client, topic_arn: topic_arn.into() }
    }
}

impl Publisher for SnsPublisher {
    async fn publish(&self, event: &Event) -> Result<(), BusError> {
        let body = event.body().map_err(|error| BusError(error.into()))?;
        let mut message = self.client.publish().topic_arn(&self.topic_arn).message(body);
        for (name, text) in event.attributes() {
            let value = MessageAttributeValue::builder().data_type("String").string_value(text).build();
            message = message.message_attributes(name, value.map_err(|error| BusError(error.into()))?);
        }
        message.send().await.map(drop).map_err(|error| BusError(error.into()))
    }
}
