//! The one map of DynamoDB's errors to ours, and how often a write is attempted.

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use resilience::{Deadline, Policy, RandomIds, SystemClock, Verdict, retry};

use crate::StoreError;

/// No new attempt begins after this time: an API call must answer, and a queue has more patience.
const PATIENCE: Duration = Duration::from_secs(3);

type Cause = Box<dyn Error + Send + Sync>;

/// Why a call has no result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Another transaction holds one of the items: nothing was written, and it will be over in milliseconds. The SDK
    /// does not retry this.
    Busy(Cause),
    /// No answer came, after the SDK's own retries: the write may have taken effect.
    Lost(Cause),
    /// The table refuses, and a retry will not help soon.
    Down(Cause),
    /// The table refuses this write, whenever it is made.
    Rejected(String),
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Busy(cause) | Failure::Lost(cause) | Failure::Down(cause) => Self::Unavailable(cause),
            Failure::Rejected(code) => Self::Rejected(code),
        }
    }
}

impl From<BuildError> for StoreError {
    fn from(error: BuildError) -> Self {
        Self::Unavailable(error.into())
    }
}

impl<E, R> From<SdkError<E, R>> for Failure
where
    E: ProvideErrorMetadata + Error + 'static,
    R: fmt::Debug + 'static,
{
    fn from(error: SdkError<E, R>) -> Self {
        let cause = cause(&error);
        match &error {
            SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => Self::Lost(cause),
            SdkError::ServiceError(refusal) => match refusal.err().code() {
                Some("TransactionConflictException" | "TransactionInProgressException") => Self::Busy(cause),
                Some("InternalServerError" | "ServiceUnavailable") => Self::Lost(cause),
                Some(code @ ("ValidationException" | "ItemCollectionSizeLimitExceededException")) => {
                    Self::Rejected(code.to_owned())
                }
                _ => Self::Down(cause),
            },
            _ => Self::Down(cause),
        }
    }
}

/// The error in a few words. What DynamoDB answered is named by its code alone: its messages quote items, and `Debug` shows
/// them whole, addresses included.
pub(crate) fn cause<E, R>(error: &SdkError<E, R>) -> Cause
where
    E: ProvideErrorMetadata + Error + 'static,
    R: fmt::Debug,
{
    if let SdkError::ServiceError(refusal) = error {
        return refusal.err().code().unwrap_or("an error without a code").to_owned().into();
    }
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text.into()
}

/// Reads: what the SDK's own retries did not solve is the caller's problem.
pub(crate) fn unavailable<E, R>(error: SdkError<E, R>) -> StoreError
where
    E: ProvideErrorMetadata + Error + 'static,
    R: fmt::Debug + 'static,
{
    Failure::from(error).into()
}

/// Makes a write until its outcome is known: it retries soon while other writes hold the items, and once when the
/// answer was lost. The write must recognise its own earlier attempt.
pub(crate) async fn settle<T>(write: impl AsyncFnMut() -> Result<T, Failure>) -> Result<T, StoreError> {
    let asked_again = Cell::new(false);
    let judge = |failure: &Failure| match failure {
        Failure::Busy(_) => Verdict::RETRY,
        Failure::Lost(_) if !asked_again.replace(true) => Verdict::RETRY,
        Failure::Lost(_) | Failure::Down(_) | Failure::Rejected(_) => Verdict::GiveUp,
    };
    let deadline = Deadline::after(&SystemClock, PATIENCE);
    Ok(retry(&SystemClock, &RandomIds, Policy::CONFLICT, deadline, write, judge).await?)
}
