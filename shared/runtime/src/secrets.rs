//! Secrets, named by the environment and read from Secrets Manager.

use std::sync::Arc;
use std::time::Duration;

use auth::mint::SigningKeys;
use auth::{LinkKeys, PublicKeys, TokenKeys};
use mail::SendGridSecrets;
use oidc::Providers;
use resilience::SystemClock;
use serde::de::DeserializeOwned;
use sessions::{Keys, RefreshKeys};
use settings::{CachedSecret, SecretError, SecretsManager};
use stripe::StripeSecrets;

use crate::Lambda;
use crate::env::{Once, once};
use crate::fatal::{or_end, required};

/// A secret, kept in the warm environment for a while.
type Cached<T> = CachedSecret<T, &'static SecretsManager, SystemClock>;

/// The secrets that were asked for.
#[derive(Debug, Default)]
pub struct Secrets {
    stripe: Once<Cached<StripeSecrets>>,
    sendgrid: Once<Cached<SendGridSecrets>>,
    oauth: Once<Cached<Providers>>,
    links: Once<Cached<LinkKeys>>,
    token_keys: Once<Cached<TokenKeys>>,
    public_keys: Once<Cached<PublicKeys>>,
    signing: Once<Cached<SigningKeys>>,
    refresh: Once<Cached<RefreshKeys>>,
}

impl Lambda {
    /// Where secrets are read from.
    pub(crate) fn secrets_manager(&self) -> &'static SecretsManager {
        once(&self.secrets_manager, || or_end(SecretsManager::from_env(self.config)))
    }

    fn secret<T: DeserializeOwned>(&self, cell: &Once<Cached<T>>, variable: &'static str) -> &'static Cached<T> {
        once(cell, || CachedSecret::new(required::<String>(variable), self.secrets_manager(), SystemClock))
    }

    pub(crate) async fn stripe_keys(&self) -> Result<Arc<StripeSecrets>, SecretError> {
        self.secret(&self.secrets.stripe, "STRIPE_SECRET_ID").get().await
    }

    pub(crate) async fn sendgrid_keys(&self) -> Result<Arc<SendGridSecrets>, SecretError> {
        self.secret(&self.secrets.sendgrid, "SENDGRID_SECRET_ID").get().await
    }

    pub(crate) async fn oauth_providers(&self) -> Result<Arc<Providers>, SecretError> {
        self.secret(&self.secrets.oauth, "OAUTH_SECRET_ID").get().await
    }
}

impl capabilities::LinkKeys for Lambda {
    async fn link_keys(&self) -> Result<Arc<LinkKeys>, SecretError> {
        self.secret(&self.secrets.links, "LINK_KEYS_SECRET_ID").get().await
    }
}

impl capabilities::SessionKeys for Lambda {
    async fn session_keys(&self) -> Result<Keys, SecretError> {
        Ok(Keys {
            signing: self.secret(&self.secrets.signing, "TOKEN_SIGNING_SECRET_ID").get().await?,
            refresh: self.secret(&self.secrets.refresh, "REFRESH_KEYS_SECRET_ID").get().await?,
        })
    }
}

impl capabilities::TokenKeys for Lambda {
    async fn token_keys(&self) -> Result<Arc<TokenKeys>, SecretError> {
        self.secret(&self.secrets.token_keys, "TOKEN_KEYS_SECRET_ID").get().await
    }

    async fn public_keys(&self) -> Result<Arc<PublicKeys>, SecretError> {
        self.secret(&self.secrets.public_keys, "TOKEN_KEYS_SECRET_ID").get().await
    }

    fn keys_fresh_for(&self) -> Duration {
        self.secret(&self.secrets.public_keys, "TOKEN_KEYS_SECRET_ID").fresh_for()
    }
}
