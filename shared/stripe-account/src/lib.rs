//! The shop's account at Stripe, as a function has it: where Stripe is, and the current keys.
//!
//! One wiring for every function that speaks to Stripe. Must not know orders, nor how a function is called.

use std::sync::Arc;
use std::time::Duration;

use resilience::{HttpClientError, HttpTransport, RandomIds, SystemClock};
use settings::{CachedSecret, SecretError, SecretSource, SecretsManager, SettingError, or_default, required};
use stripe::{LIVE_URL, Stripe, StripeSecrets};
use telemetry::chain;

/// A client as functions have it on Lambda.
pub type StripeClient<'a> = Stripe<&'a HttpTransport, SystemClock, RandomIds>;

/// Why a function cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StripeAccountError {
    /// `STRIPE_SECRET_ID` is missing, or `STRIPE_API_URL` is illegible.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// There is no way to speak HTTP.
    #[error(transparent)]
    Http(#[from] HttpClientError),
}

/// Built once per cold start. The keys are asked for at each call, so that a rolled key needs no new environment.
#[derive(Debug)]
pub struct StripeAccount<S = SecretsManager> {
    secrets: CachedSecret<StripeSecrets, S, SystemClock>,
    base_url: String,
    transport: HttpTransport,
}

impl StripeAccount {
    /// As the environment says; one request may take as long as `timeout`.
    ///
    /// # Errors
    ///
    /// [`StripeAccountError`].
    pub fn from_env(config: &aws::Config, timeout: Duration) -> Result<Self, StripeAccountError> {
        let secret_id: String = required("STRIPE_SECRET_ID")?;
        let base_url = or_default("STRIPE_API_URL", LIVE_URL.to_owned())?;
        let secrets = CachedSecret::new(secret_id, SecretsManager::from_env(config)?, SystemClock);
        Ok(Self { secrets, base_url, transport: HttpTransport::new(timeout)? })
    }
}

impl<S: SecretSource> StripeAccount<S> {
    /// The keys that the secret holds now.
    ///
    /// # Errors
    ///
    /// When the secret cannot be read.
    pub async fn keys(&self) -> Result<Arc<StripeSecrets>, SecretError> {
        self.secrets.get().await
    }

    /// A client with these keys.
    pub fn client(&self, keys: &StripeSecrets) -> StripeClient<'_> {
        Stripe::new(&self.transport, SystemClock, RandomIds, &self.base_url, keys.api_key.as_str())
    }

    /// A client with the current keys. None while they cannot be read: for callers Stripe is down then.
    pub async fn client_unless_down(&self) -> Option<StripeClient<'_>> {
        match self.keys().await {
            Ok(keys) => Some(self.client(&keys)),
            Err(error) => {
                tracing::error!(error = %chain(&error), "stripe's key cannot be read");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use settings::FixedSecrets;

    use super::*;

    fn account(secret: &str) -> StripeAccount<FixedSecrets> {
        let secrets = CachedSecret::new("stripe", FixedSecrets::new([("stripe", secret)]), SystemClock);
        let transport = HttpTransport::new(Duration::from_secs(1)).unwrap();
        StripeAccount { secrets, base_url: "https://stripe.test".to_owned(), transport }
    }

    #[tokio::test]
    async fn without_legible_keys_stripe_is_down_and_nothing_else() {
        let good = account(r#"{"api_key":"sk_test_1","webhook_secrets":["whsec_1"]}"#);
        let client = good.client_unless_down().await.unwrap();
        assert!(!format!("{client:?} {good:?}").contains("sk_test_1"), "keys do not show");
        assert_eq!(good.keys().await.unwrap().webhook_secrets, ["whsec_1"]);

        let bad = account(r#"{"api_key":7}"#);
        assert!(bad.client_unless_down().await.is_none());
        assert!(matches!(bad.keys().await, Err(SecretError::Shape { .. })));
    }
}
