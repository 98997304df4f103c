//! Why there is nothing to pay with now.

use std::convert::Infallible;
use std::time::Duration;

use api::ApiError;
use resilience::Verdict;
use store::UpdateError;
use stripe::{AmountError, StripeError};

/// When to come back if Stripe names no time.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// Why an intent cannot be found or made.
#[derive(Debug, thiserror::Error)]
pub enum CheckoutError {
    /// Stripe's key cannot be read.
    #[error("stripe's key cannot be read")]
    NoKey,
    /// Stripe refused, failed, or did not answer.
    #[error(transparent)]
    Stripe(#[from] StripeError),
    /// The order could not be read or written.
    #[error(transparent)]
    Order(#[from] UpdateError<Infallible>),
    /// Intents were given up at Stripe as fast as they were made.
    #[error("no attempt came to a live intent")]
    NoLiveIntent,
}

impl From<AmountError> for CheckoutError {
    fn from(error: AmountError) -> Self {
        Self::Stripe(error.into())
    }
}

impl From<CheckoutError> for ApiError {
    fn from(error: CheckoutError) -> Self {
        match error {
            CheckoutError::Order(error) => error.into(),
            CheckoutError::Stripe(error) => {
                Self::PaymentUnavailable { retry_after: retry_after(&error), source: error.into() }
            }
            CheckoutError::NoKey | CheckoutError::NoLiveIntent => {
                Self::PaymentUnavailable { retry_after: AGAIN_AFTER, source: error.into() }
            }
        }
    }
}

fn retry_after(error: &StripeError) -> Duration {
    match error.verdict() {
        Verdict::Retry { after } => after.unwrap_or(AGAIN_AFTER),
        // An operator has to act first.
        Verdict::GiveUp => AGAIN_AFTER * 12,
    }
}
