//! The seam through which all HTTP to providers passes: reqwest on one side, a simulation or the sandbox on the other.

use bytes::Bytes;
use http::{Request, Response};

/// Sends one HTTP request and brings back the whole response. Makes no second try: retries belong to the caller.
pub trait Transport {
    /// Sends the request; any HTTP status is an answer, not an error.
    ///
    /// # Errors
    ///
    /// [`TransportError`] tells whether the other side can have acted on the request.
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError>;
}

impl<T: Transport> Transport for &T {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        (**self).send(request).await
    }
}

/// Why there is no answer. The split decides whether a blind second try is safe.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// No connection was made: the other side has not seen the request.
    #[error("could not connect")]
    NotSent(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The request may have left: the other side may have acted on it, or not.
    #[error("sent, but no answer came back")]
    OutcomeUnknown(#[source] Box<dyn std::error::Error + Send + Sync>),
}
