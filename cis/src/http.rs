//! JSON over HTTP, for commands that use the API and the sandbox from outside, as their users do.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, header};
use resilience::{HttpClientError, HttpTransport, Transport as _, TransportError};
use serde_json::Value;

const TIMEOUT: Duration = Duration::from_secs(30);

/// A client.
#[derive(Clone, Debug)]
pub struct Http(HttpTransport);

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// The body; null when it is empty or no JSON.
    pub body: Value,
}

/// Why nothing came back.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The URL is malformed.
    #[error("not an address")]
    Address(#[from] http::Error),
    /// No answer.
    #[error(transparent)]
    NoAnswer(#[from] TransportError),
}

impl Http {
    /// A client with a patience of half a minute.
    ///
    /// # Errors
    ///
    /// TLS or the client cannot be configured.
    pub fn new() -> Result<Self, HttpClientError> {
        HttpTransport::new(TIMEOUT).map(Self)
    }

    /// Sends a request; `headers` are names and values, `body` its type and text.
    ///
    /// # Errors
    ///
    /// No answer came.
    pub async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<(&str, String)>,
    ) -> Result<Answer, HttpError> {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some((content_type, _)) = &body {
            request = request.header(header::CONTENT_TYPE, *content_type);
        }
        let request = request.body(body.map_or_else(Bytes::new, |(_, text)| Bytes::from(text)))?;
        let answer = self.0.send(request).await?;
        let body = serde_json::from_slice(answer.body()).unwrap_or_default();
        Ok(Answer { status: answer.status().as_u16(), headers: answer.headers().clone(), body })
    }

    /// GETs.
    ///
    /// # Errors
    ///
    /// No answer came.
    pub async fn get(&self, url: &str, headers: &[(&str, &str)]) -> Result<Answer, HttpError> {
        self.send(Method::GET, url, headers, None).await
    }

    /// POSTs JSON.
    ///
    /// # Errors
    ///
    /// No answer came.
    pub async fn post(&self, url: &str, headers: &[(&str, &str)], body: &Value) -> Result<Answer, HttpError> {
        self.send(Method::POST, url, headers, Some(("application/json", body.to_string()))).await
    }
}
