//! Why a sign-in failed, and the reasons that the web app gets.

use api::{ApiError, MayConflict};
use domain::ExternalSignInError;
use oidc::OpenIdError;
use telemetry::chain;

/// Why a sign-in fails after the return from the provider.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The person cancelled it.
    #[error("cancelled at the provider")]
    Cancelled,
    /// The sign-in is unknown, expired, or at another provider.
    #[error("the sign-in is unknown, used or expired")]
    Expired,
    /// Another browser began it: the person may have been given an attacker's link.
    #[error("the sign-in was begun by another browser")]
    OtherBrowser,
    /// The answer is from another provider than the one that was asked.
    #[error("the answer is another issuer's")]
    OtherIssuer,
    /// The provider gave an error in place of a code.
    #[error("the provider gave no code")]
    ProviderRefused,
    /// The provider failed.
    #[error("the provider failed")]
    ProviderFailed,
    /// The exchange of the code failed, or the ID token is invalid.
    #[error(transparent)]
    OpenId(#[from] OpenIdError),
    /// The external identity may not sign in to the account.
    #[error(transparent)]
    SignIn(#[from] ExternalSignInError),
    /// A table or a secret of ours is unavailable.
    #[error(transparent)]
    Ours(ApiError),
}

impl MayConflict for Failure {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Ours(error) if error.is_conflict())
    }
}

impl Failure {
    /// The stable reason for the web app.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::OtherBrowser => "other_browser",
            Self::OpenId(OpenIdError::Unavailable { .. }) | Self::ProviderFailed | Self::Ours(_) => "unavailable",
            // A disabled account gets no word of its own: the answer tells no more than a wrong password's.
            Self::OtherIssuer
            | Self::ProviderRefused
            | Self::OpenId(_)
            | Self::SignIn(ExternalSignInError::Disabled) => "provider_refused",
            Self::SignIn(ExternalSignInError::EmailNotVerified) => "email_not_verified",
            Self::SignIn(ExternalSignInError::OfStaff) => "use_password",
            Self::SignIn(ExternalSignInError::OtherIdentity) => "other_identity",
        }
    }

    /// Logs failures that an operator may have to look at, and counts the others.
    pub(crate) fn log(&self, provider: &str) {
        telemetry::count("SignInsFailed", 1);
        let (error, word) = (chain(self).to_string(), self.word());
        match self {
            Self::Cancelled | Self::Expired | Self::SignIn(_) => tracing::info!(provider, word, "not signed in"),
            Self::OtherBrowser | Self::OtherIssuer | Self::OpenId(OpenIdError::CodeRefused) => {
                tracing::warn!(provider, word, error, "not signed in");
            }
            _ => tracing::error!(provider, word, error, "not signed in"),
        }
    }
}
