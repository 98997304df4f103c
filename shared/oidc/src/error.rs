//! Errors of a provider, by who has to act.

use bytes::Bytes;
use http::{Response, StatusCode};
use resilience::{TransportError, Verdict};
use serde::Deserialize;

/// Why a sign-in failed. The provider's own text is dropped, since it can quote codes and tokens.
#[derive(Debug, thiserror::Error)]
pub enum OpenIdError {
    /// The provider failed or was not reached.
    #[error("the provider is unavailable")]
    Unavailable {
        /// The HTTP status, if there was an answer.
        status: Option<u16>,
        /// Why the request or its response did not arrive.
        #[source]
        source: Option<TransportError>,
    },
    /// The code is expired, used or another attempt's: the person has to sign in again.
    #[error("the provider does not take the code")]
    CodeRefused,
    /// The provider rejects our client: an operator must check its id, secret and redirect URI.
    #[error("the provider does not take the client ({status})")]
    ClientRefused {
        /// The HTTP status.
        status: u16,
    },
    /// The provider's response breaks the protocol, or is malformed.
    #[error("the provider's {0}")]
    Provider(&'static str),
    /// The ID token is invalid.
    #[error("the ID token is refused: {0}")]
    IdToken(&'static str),
    /// The request cannot be built: a URL of the provider has illegal characters.
    #[error("cannot build the request")]
    Unbuildable(#[from] http::Error),
}

impl OpenIdError {
    /// Whether reading a document again can end differently.
    pub(crate) fn of_reading(&self) -> Verdict {
        match self {
            Self::Unavailable { .. } => Verdict::RETRY,
            _ => Verdict::GiveUp,
        }
    }

    /// Whether a code may be sent again: it is valid once, so only if the provider cannot have seen it.
    pub(crate) fn of_exchange(&self) -> Verdict {
        match self {
            Self::Unavailable { source: Some(TransportError::NotSent(_)), .. }
            | Self::Unavailable { status: Some(429 | 503), .. } => Verdict::RETRY,
            _ => Verdict::GiveUp,
        }
    }

    /// A failure to read a document.
    pub(crate) fn of_document(status: StatusCode) -> Self {
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            Self::Unavailable { status: Some(status.as_u16()), source: None }
        } else {
            Self::Provider("document is not where it should be")
        }
    }

    /// A failure of the token endpoint (RFC 6749, section 5.2).
    pub(crate) fn of_token(response: &Response<Bytes>) -> Self {
        let status = response.status();
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Self::Unavailable { status: Some(status.as_u16()), source: None };
        }
        let failure: Failure = serde_json::from_slice(response.body()).unwrap_or_default();
        if failure.error == "invalid_grant" {
            return Self::CodeRefused;
        }
        Self::ClientRefused { status: status.as_u16() }
    }
}

impl From<TransportError> for OpenIdError {
    fn from(error: TransportError) -> Self {
        Self::Unavailable { status: None, source: Some(error) }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Failure {
    error: String,
}
