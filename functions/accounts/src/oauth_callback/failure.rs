//! Why nobody was signed in, and the words that the web app is told.

use api::ApiError;
use domain::ExternalSignInError;
use oidc::OpenIdError;
use telemetry::chain;

/// Why somebody who came back is not signed in.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// They did not want to.
    #[error("cancelled at the provider")]
    Cancelled,
    /// There is no such sign-in, not any more, or not at this provider.
    #[error("the sign-in is unknown, used or expired")]
    Expired,
    /// Another browser asked: somebody may have been given a stranger's address.
    #[error("the sign-in was begun by another browser")]
    OtherBrowser,
    /// Another provider answers than the one that was asked.
    #[error("the answer is another issuer's")]
    OtherIssuer,
    /// The provider gave an error in place of a code.
    #[error("the provider gave no code")]
    ProviderRefused,
    /// The provider failed.
    #[error("the provider failed")]
    ProviderFailed,
    /// The exchange of the code failed, or the ID token is not good.
    #[error(transparent)]
    OpenId(#[from] OpenIdError),
    /// Whom the provider vouches for has no account that may be opened by that.
    #[error(transparent)]
    SignIn(#[from] ExternalSignInError),
    /// A table or a secret of ours is out of reach.
    #[error(transparent)]
    Ours(ApiError),
}

impl Failure {
    /// The stable word for the web app.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::OtherBrowser => "other_browser",
            Self::OpenId(OpenIdError::Unavailable { .. }) | Self::ProviderFailed | Self::Ours(_) => "unavailable",
            Self::OtherIssuer | Self::ProviderRefused | Self::OpenId(_) => "provider_refused",
            Self::SignIn(ExternalSignInError::EmailNotVerified) => "email_not_verified",
            Self::SignIn(ExternalSignInError::OfStaff) => "use_password",
            Self::SignIn(ExternalSignInError::OtherIdentity) => "other_identity",
        }
    }

    /// Logs what an operator may have to look at, and counts the rest.
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
