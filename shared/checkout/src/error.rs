//! Why there is no price, or nothing to pay with now.

use std::convert::Infallible;
use std::time::Duration;

use api::ApiError;
use domain::{FieldError, Sku};
use resilience::Verdict;
use store::{StoreError, UpdateError};
use stripe::{AmountError, StripeError};

/// When to come back if Stripe names no time.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// Why lines have no price now.
#[derive(Debug, thiserror::Error)]
pub enum QuoteError {
    /// A product is not for sale, not in this currency, or the total cannot be charged.
    #[error("{}", .0.message)]
    Invalid(#[from] FieldError),
    /// There is not enough stock of a product.
    #[error("there is not enough stock of {sku}")]
    OutOfStock {
        /// The product.
        sku: Sku,
        /// The quantity that asks for too much: `lines[0].quantity`.
        field: String,
    },
    /// The catalogue could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<QuoteError> for ApiError {
    fn from(error: QuoteError) -> Self {
        match error {
            QuoteError::Invalid(error) => error.into(),
            QuoteError::OutOfStock { sku, field } => Self::OutOfStock { sku: sku.to_string(), field },
            QuoteError::Store(error) => error.into(),
        }
    }
}

/// Why an intent cannot be found or made.
#[derive(Debug, thiserror::Error)]
pub enum CheckoutError {
    /// Stripe's key cannot be read.
    #[error("stripe's key cannot be read")]
    NoKey,
    /// Stripe refuses for good to charge the order, which is cancelled for that.
    #[error("the payment was refused ({})", .0.as_deref().unwrap_or("no code"))]
    Refused(Option<String>),
    /// Stripe failed, did not answer, or refused for now.
    #[error(transparent)]
    Stripe(#[from] StripeError),
    /// The order could not be read or written.
    #[error(transparent)]
    Order(#[from] UpdateError<Infallible>),
    /// The order has had as many attempts to pay as it may, and none of them can be paid any more.
    #[error("the order has no attempt to pay left")]
    NoAttemptLeft,
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
            CheckoutError::Refused(code) => Self::PaymentRefused { code },
            CheckoutError::NoAttemptLeft => Self::NoAttemptLeft,
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
