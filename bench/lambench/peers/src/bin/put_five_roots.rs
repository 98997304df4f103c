//! `PutItem` with the roots that the functions trust, read from the file that `PIN_PEM` names.

use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use lambda_runtime::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let roots = std::fs::read(std::env::var("PIN_PEM")?)?;
    let store = TrustStore::empty().with_pem_certificate(roots);
    let context = TlsContext::builder().with_trust_store(store).build()?;
    let provider = Provider::Rustls(CryptoMode::Ring);
    peers::serve(Builder::new().tls_provider(provider).tls_context(context).build_https()).await
}
