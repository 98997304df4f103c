//! The way to Stripe, with the key of now.

use payments::{Stripe, StripeSecrets};
use resilience::{Clock, Ids, Transport};
use telemetry::{CachedSecret, SecretSource, chain};

/// A client with the key that the secret holds now, so that a rolled key needs no new environment. None while the secret
/// cannot be read: for callers Stripe is down then.
pub async fn account<T: Transport, C: Clock, I: Ids, S: SecretSource>(
    secrets: &CachedSecret<StripeSecrets, S, C>,
    base_url: &str,
    transport: T,
    clock: C,
    ids: I,
) -> Option<Stripe<T, C, I>> {
    match secrets.get().await {
        Ok(secrets) => Some(Stripe::new(transport, clock, ids, base_url, secrets.api_key.as_str())),
        Err(error) => {
            tracing::error!(error = %chain(&error), "stripe's key cannot be read");
            None
        }
    }
}
