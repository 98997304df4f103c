//! Secrets, named by the environment and read from Secrets Manager.

use std::sync::Arc;
use std::time::Duration;

use auth::{LinkKeys, PublicKeys, TokenKeys};
use mail::{SendGridSecrets, WebhookKeySecret};
use oidc::Providers;
use resilience::SystemClock;
use serde::de::DeserializeOwned;
use sessions::{Keys, RefreshKeys};
use settings::{SecretError, SecretsManager};
use stripe::{SigningSecrets, StripeSecrets};

use crate::Lambda;
use crate::env::{CachedSecret, Once, once};
use crate::fatal::{or_end, required};

impl Lambda {
    /// Where secrets are read from.
    pub(crate) fn secrets_manager(&self) -> &'static SecretsManager {
        once(&self.secrets_manager, || or_end(SecretsManager::from_env(self.config)))
    }

    fn secret<T: DeserializeOwned>(
        &self,
        cell: &Once<CachedSecret<T>>,
        variable: &'static str,
    ) -> &'static CachedSecret<T> {
        once(cell, || settings::CachedSecret::new(required::<String>(variable), self.secrets_manager(), SystemClock))
    }

    pub(crate) async fn stripe_keys(&self) -> Result<Arc<StripeSecrets>, SecretError> {
        self.secret(&self.stripe_keys, "STRIPE_SECRET_ID").get().await
    }

    pub(crate) async fn sendgrid_keys(&self) -> Result<Arc<SendGridSecrets>, SecretError> {
        self.secret(&self.sendgrid_keys, "SENDGRID_SECRET_ID").get().await
    }

    pub(crate) async fn oauth_providers(&self) -> Result<Arc<Providers>, SecretError> {
        self.secret(&self.oauth_providers, "OAUTH_SECRET_ID").get().await
    }
}

impl capabilities::StripeWebhook for Lambda {
    async fn signing_secrets(&self) -> Result<Arc<SigningSecrets>, SecretError> {
        self.secret(&self.signing_secrets, "STRIPE_WEBHOOK_SECRET_ID").get().await
    }
}

impl capabilities::SendGridWebhook for Lambda {
    async fn webhook_key(&self) -> Result<Arc<WebhookKeySecret>, SecretError> {
        self.secret(&self.webhook_key, "SENDGRID_WEBHOOK_SECRET_ID").get().await
    }
}

impl capabilities::LinkKeys for Lambda {
    async fn link_keys(&self) -> Result<Arc<LinkKeys>, SecretError> {
        self.secret(&self.link_keys, "LINK_KEYS_SECRET_ID").get().await
    }
}

impl capabilities::SessionKeys for Lambda {
    async fn session_keys(&self) -> Result<Keys, SecretError> {
        Ok(Keys {
            signing: self.secret(&self.signing_keys, "TOKEN_SIGNING_SECRET_ID").get().await?,
            refresh: capabilities::DeviceKeys::device_keys(self).await?,
        })
    }
}

impl capabilities::DeviceKeys for Lambda {
    async fn device_keys(&self) -> Result<Arc<RefreshKeys>, SecretError> {
        self.secret(&self.refresh_keys, "REFRESH_KEYS_SECRET_ID").get().await
    }
}

impl capabilities::TokenKeys for Lambda {
    async fn token_keys(&self) -> Result<Arc<TokenKeys>, SecretError> {
        self.secret(&self.token_keys, "TOKEN_KEYS_SECRET_ID").get().await
    }

    async fn public_keys(&self) -> Result<Arc<PublicKeys>, SecretError> {
        self.secret(&self.public_keys, "TOKEN_KEYS_SECRET_ID").get().await
    }

    fn keys_fresh_for(&self) -> Duration {
        self.secret(&self.public_keys, "TOKEN_KEYS_SECRET_ID").fresh_for()
    }
}
