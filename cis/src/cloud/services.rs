//! Calls of MiniStack's services in AWS's JSON protocol. Only what the forwarder needs; all else uses an SDK.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, header};
use resilience::{HttpClientError, HttpTransport, Transport as _, TransportError};
use serde_json::Value;

use super::REGION;

const TIMEOUT: Duration = Duration::from_secs(10);

/// A service did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// There is no answer.
    #[error("{action}: no answer")]
    NoAnswer {
        /// The call.
        action: &'static str,
        /// Why.
        #[source]
        source: TransportError,
    },
    /// The service refused.
    #[error("{action}: {status} {body}")]
    Refused {
        /// The call.
        action: &'static str,
        /// HTTP status.
        status: u16,
        /// What the service says.
        body: String,
    },
    /// The answer, or the call, is not JSON.
    #[error("{action}: not JSON")]
    Malformed {
        /// The call.
        action: &'static str,
        /// What it is.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// MiniStack's services.
#[derive(Clone, Debug)]
pub struct Services {
    http: HttpTransport,
    endpoint_url: String,
}

impl Services {
    /// The services behind one endpoint.
    pub fn new(endpoint_url: &str) -> Result<Self, HttpClientError> {
        Ok(Self { http: HttpTransport::new(TIMEOUT)?, endpoint_url: endpoint_url.to_owned() })
    }

    /// Calls an action, named as in `X-Amz-Target`: `AmazonSQS.GetQueueAttributes`.
    ///
    /// # Errors
    ///
    /// No answer, an answer other than 2xx, or one that is not JSON.
    pub async fn call(&self, service: &str, action: &'static str, input: &Value) -> Result<Value, ServiceError> {
        let malformed = |source| ServiceError::Malformed { action, source };
        let request = self.request(service, action, input).map_err(|error| malformed(error.into()))?;
        let answer = self.http.send(request).await.map_err(|source| ServiceError::NoAnswer { action, source })?;
        if !answer.status().is_success() {
            let body = String::from_utf8_lossy(answer.body()).into_owned();
            return Err(ServiceError::Refused { action, status: answer.status().as_u16(), body });
        }
        if answer.body().is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(answer.body()).map_err(|error| malformed(error.into()))
    }

    fn request(&self, service: &str, action: &str, input: &Value) -> http::Result<Request<Bytes>> {
        // The key `test` is MiniStack's root, whose signatures it does not check.
        let scope = format!("Credential=test/20260101/{REGION}/{service}/aws4_request");
        Request::post(&self.endpoint_url)
            .header(header::CONTENT_TYPE, "application/x-amz-json-1.1")
            .header(header::AUTHORIZATION, format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"))
            .header("x-amz-target", action)
            .body(Bytes::from(input.to_string()))
    }
}
