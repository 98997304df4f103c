//! The HTTPS client of the SDK: rustls on ring, trusting Amazon's own roots.

use std::time::Duration;

use aws_smithy_http_client::{
    Connector, HttpClientError,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::{
    HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};

/// The five roots to which every AWS endpoint chains (<https://www.amazontrust.com/repository/>). Parsing these alone
/// is what makes the client cheap to build; the system's bundle holds well over a hundred.
pub(crate) const AMAZON_ROOTS: &[u8] = include_bytes!("roots.pem");

/// One client with one connection pool, built now rather than at the first call: Lambda gives initialisation more CPU
/// than it gives a call.
///
/// The SDK's ready-made client would build its connector, roots included, once more for each service and again at the
/// first call.
pub(crate) fn client(connect_timeout: Duration, roots: &[u8]) -> Result<SharedHttpClient, HttpClientError> {
    let roots = TrustStore::empty().with_pem_certificate(roots);
    let connector = Connector::builder()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(TlsContext::builder().with_trust_store(roots).build()?)
        .connector_settings(HttpConnectorSettings::builder().connect_timeout(connect_timeout).build())
        .build();
    let connector = SharedHttpConnector::new(connector);
    Ok(http_client_fn(move |_, _| connector.clone()))
}
