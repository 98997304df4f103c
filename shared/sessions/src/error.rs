//! Why a session, a sign-in or a link is refused.

use std::time::Duration;

use api::{ApiError, MayConflict};
use auth::mint::MintError;
use store::StoreError;

/// Why a session, a sign-in or a link is refused.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The refresh token is missing, used up, expired or revoked.
    #[error("the session has ended")]
    Ended,
    /// The link is invalid, expired or already used.
    #[error("the link is invalid, expired or already used")]
    LinkInvalid,
    /// A foreign web page sent the browser's cookie.
    #[error("a foreign page sent the cookie")]
    ForeignOrigin,
    /// The account was tried too often, or too many mails were requested to its address.
    #[error("the account's limit {class} is reached")]
    LimitReached {
        /// The limit.
        class: &'static str,
        /// When the next try may pass.
        retry_after: Duration,
    },
    /// A repository failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no key to sign with.
    #[error("no signing key is active")]
    NoSigningKey,
    /// The key cannot sign.
    #[error(transparent)]
    Mint(#[from] MintError),
}

impl MayConflict for SessionError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(StoreError::Conflict))
    }
}

impl From<SessionError> for ApiError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Ended => Self::SessionEnded,
            SessionError::LinkInvalid => Self::LinkInvalid,
            SessionError::ForeignOrigin => Self::ForeignOrigin,
            SessionError::LimitReached { class, retry_after } => Self::TooManyRequests { class, retry_after },
            SessionError::Store(error) => error.into(),
            SessionError::NoSigningKey | SessionError::Mint(_) => Self::Internal(error.into()),
        }
    }
}
