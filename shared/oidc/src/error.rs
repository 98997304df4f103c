//! What went wrong at a provider, told apart by who has to act.

use bytes::Bytes;
use http::{Response, StatusCode};
use resilience::{TransportError, Verdict};
use serde::Deserialize;

/// Why nobody was signed in. The provider's own text stays out, since it can quote codes and tokens.
#[derive(Debug, thiserror::Error)]
pub enum OpenIdError {
    /// The provider failed or was not reached.
    #[error("the provider is unavailable")]
    Unavailable {
        /// The HTTP status, if there was an answer.
        status: Option<u16>,
        /// What kept the request, or its answer, from arriving.
        #[source]
        source: Option<TransportError>,
    },
    /// The code is expired, used or another attempt's: whoever signs in begins again.
    #[error("the provider does not take the code")]
    CodeRefused,
    /// The provider does not take us: an operator looks after id, secret and redirect address.
    #[error("the provider does not take the client ({status})")]
    ClientRefused {
        /// The HTTP status.
        status: u16,
    },
    /// The provider says something that it must not say, or that cannot be read.
    #[error("the provider's {0}")]
    Provider(&'static str),
    /// The ID token is not good.
    #[error("the ID token is refused: {0}")]
    IdToken(&'static str),
    /// The request cannot be written down: an address of the provider's with illegal characters.
    #[error("cannot build the request")]
    Unbuildable(#[from] http::Error),
}

impl OpenIdError {
    /// Whether another try at reading a document can end differently.
    pub(crate) fn of_reading(&self) -> Verdict {
        match self {
            Self::Unavailable { .. } => Verdict::RETRY,
            _ => Verdict::GiveUp,
        }
    }

    /// Whether a code may be shown again: it is good once, so only if nobody can have seen it.
    pub(crate) fn of_exchange(&self) -> Verdict {
        match self {
            Self::Unavailable { source: Some(TransportError::NotSent(_)), .. }
            | Self::Unavailable { status: Some(429 | 503), .. } => Verdict::RETRY,
            _ => Verdict::GiveUp,
        }
    }

    /// A document's failure.
    pub(crate) fn of_document(status: StatusCode) -> Self {
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            Self::Unavailable { status: Some(status.as_u16()), source: None }
        } else {
            Self::Provider("document is not where it should be")
        }
    }

    /// The token endpoint's failure (RFC 6749, section 5.2).
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
