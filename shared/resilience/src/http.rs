//! The real side of the HTTP seam: reqwest over rustls, ring and embedded roots.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use rustls::{ClientConfig, RootCertStore, crypto::ring};

use crate::{Transport, TransportError};

/// The TLS configuration or the client could not be built.
#[derive(Debug, thiserror::Error)]
pub enum HttpClientError {
    /// ring does not offer the protocol versions that rustls asks for.
    #[error("cannot configure TLS")]
    Tls(#[from] rustls::Error),
    /// reqwest refused the configuration.
    #[error("cannot build the HTTP client")]
    Client(#[from] reqwest::Error),
}

/// One connection pool to the providers, built once per cold start.
#[derive(Clone, Debug)]
pub struct HttpTransport {
    client: reqwest::Client,
}

impl HttpTransport {
    /// Builds the client. Nothing is read from disk, no proxy and no trust store is probed.
    pub fn new(timeout: Duration) -> Result<Self, HttpClientError> {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let tls = ClientConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .no_proxy()
            .timeout(timeout)
            .connect_timeout(Duration::from_secs(3).min(timeout))
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { client })
    }
}

impl Transport for HttpTransport {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let request = reqwest::Request::try_from(request).map_err(|error| TransportError::NotSent(error.into()))?;
        let answer = self.client.execute(request).await.map_err(classify)?;
        let (status, version, headers) = (answer.status(), answer.version(), answer.headers().clone());
        let body = answer.bytes().await.map_err(|error| TransportError::OutcomeUnknown(error.into()))?;
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.version_mut() = version;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

fn classify(error: reqwest::Error) -> TransportError {
    if error.is_connect() || error.is_builder() {
        TransportError::NotSent(error.into())
    } else {
        TransportError::OutcomeUnknown(error.into())
    }
}
