//! Why an order's refunds and voids are not complete.

use std::convert::Infallible;

use store::{StoreError, UpdateError};
use stripe::{AmountError, StripeError};

/// Why an order's refunds and voids are not complete. Repeating them is safe.
#[derive(Debug, thiserror::Error)]
pub enum ReversalError {
    /// There is no such order, or it is not visible yet.
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
