//! How many dead letters there are, queue by queue.

use serde_json::json;

use crate::cloud::services::{ServiceError, Services};
use crate::embedded::front::QUEUES;
use crate::http::{Http, HttpError};
use crate::stack::{Kind, Stack};

/// Why they could not be counted.
#[derive(Debug, thiserror::Error)]
pub enum DeadLettersError {
    /// The HTTP client.
    #[error(transparent)]
    Client(#[from] resilience::HttpClientError),
    /// The embedded stack did not answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The answer does not have it.
    #[error("the number of dead letters of {0} is unknown")]
    Unknown(String),
    /// The queue did not answer.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// The dead letters of each consumer that has any: what it gave up on, and what never reached it.
///
/// # Errors
///
/// The stack does not say.
pub async fn counts(stack: &Stack) -> Result<Vec<(String, usize)>, DeadLettersError> {
    let mut counts = match stack.kind {
        Kind::Cloud => of_sqs(stack).await?,
        Kind::Embedded => of_process(stack).await?,
    };
    counts.retain(|(_, letters)| *letters > 0);
    Ok(counts)
}

async fn of_process(stack: &Stack) -> Result<Vec<(String, usize)>, DeadLettersError> {
    let answer = Http::new()?.get(&format!("{}{QUEUES}", stack.api_url), &[]).await?;
    let letters = |queue: &str| answer.body[queue].as_u64().and_then(|count| usize::try_from(count).ok());
    let count = |(name, url): (String, &String)| match letters(url) {
        Some(count) => Ok((name, count)),
        None => Err(DeadLettersError::Unknown(name)),
    };
    queues(stack).map(count).collect()
}

/// Every queue of dead letters, by what is in it.
fn queues(stack: &Stack) -> impl Iterator<Item = (String, &String)> {
    stack.queues.iter().flat_map(|(consumer, queue)| {
        let undelivered = queue.undelivered_url.as_ref().map(|url| (format!("{consumer} (undelivered)"), url));
        std::iter::once((consumer.clone(), &queue.dead_letters_url)).chain(undelivered)
    })
}

async fn of_sqs(stack: &Stack) -> Result<Vec<(String, usize)>, DeadLettersError> {
    let services = Services::new(&stack.endpoint_url)?;
    let mut counts = vec![];
    for (name, url) in queues(stack) {
        let input = json!({"QueueUrl": url, "AttributeNames": ["All"]});
        let answer = services.call("sqs", "AmazonSQS.GetQueueAttributes", &input).await?;
        let count = |name: &str| answer["Attributes"][name].as_str().and_then(|text| text.parse::<usize>().ok());
        let visible = count("ApproximateNumberOfMessages").ok_or_else(|| DeadLettersError::Unknown(name.clone()))?;
        counts.push((name, visible + count("ApproximateNumberOfMessagesNotVisible").unwrap_or_default()));
    }
    Ok(counts)
}
