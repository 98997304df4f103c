//! How many dead letters there are, queue by queue.

use serde_json::{Value, json};

use crate::cloud::services::{ServiceError, Services};
use crate::stack::Stack;

/// Why they could not be counted.
#[derive(Debug, thiserror::Error)]
pub enum DeadLettersError {
    /// The HTTP client.
    #[error(transparent)]
    Client(#[from] resilience::HttpClientError),
    /// The queue did not answer.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// The dead letters of each consumer that has any.
///
/// # Errors
///
/// A queue does not answer.
pub async fn counts(stack: &Stack) -> Result<Vec<(String, usize)>, DeadLettersError> {
    let services = Services::new(&stack.endpoint_url)?;
    let mut counts = vec![];
    for (consumer, queue) in &stack.queues {
        let input = json!({"QueueUrl": queue.dead_letters_url, "AttributeNames": ["All"]});
        let answer = services.call("sqs", "AmazonSQS.GetQueueAttributes", &input).await?;
        let count = |name: &str| answer["Attributes"][name].as_str().and_then(|text| text.parse::<usize>().ok());
        let letters = count("ApproximateNumberOfMessages").unwrap_or_default()
            + count("ApproximateNumberOfMessagesNotVisible").unwrap_or_default();
        if letters > 0 || answer["Attributes"] == Value::Null {
            counts.push((consumer.clone(), letters));
        }
    }
    Ok(counts)
}
