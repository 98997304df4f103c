//! Why an order is not settled yet.

use std::convert::Infallible;

use store::{StoreError, UpdateError};
use stripe::{AmountError, StripeError};

/// Why an order is not settled yet. Doing it again is safe.
#[derive(Debug, thiserror::Error)]
pub enum ReversalError {
    /// There is no such order, or not yet to be seen.
    #[error("no such order")]
    NoOrder,
    /// It could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Stripe did not do it, or did not say.
    #[error(transparent)]
    Stripe(#[from] StripeError),
    /// Stripe's amounts do not fit our units.
    #[error(transparent)]
    Amount(#[from] AmountError),
}

impl From<UpdateError<Infallible>> for ReversalError {
    fn from(error: UpdateError<Infallible>) -> Self {
        match error {
            UpdateError::NotFound => Self::NoOrder,
            UpdateError::Store(error) => Self::Store(error),
            UpdateError::Refused(never) => match never {},
        }
    }
}
