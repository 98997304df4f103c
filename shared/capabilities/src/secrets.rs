//! Keys of our own, and those that webhooks are verified with. Each is asked for at each call, so that a rotated key
//! needs no new environment.

use std::sync::Arc;
use std::time::Duration;

use auth::PublicKeys;
use mail::WebhookKeySecret;
use sessions::{Keys, RefreshKeys};
use settings::SecretError;
use stripe::SigningSecrets;

/// What tokens are made with.
pub trait SessionKeys {
    /// The current keys.
    ///
    /// # Errors
    ///
    /// When a secret cannot be read.
    async fn session_keys(&self) -> Result<Keys, SecretError>;
}

/// What the cookies of known browsers are signed with, for functions that open no session.
pub trait DeviceKeys {
    /// The current keys: those of refresh tokens.
    ///
    /// # Errors
    ///
    /// When the secret cannot be read.
    async fn device_keys(&self) -> Result<Arc<RefreshKeys>, SecretError>;
}

/// What the links in emails are signed with.
pub trait LinkKeys {
    /// The current keys.
    ///
    /// # Errors
    ///
    /// When the secret cannot be read.
    async fn link_keys(&self) -> Result<Arc<auth::LinkKeys>, SecretError>;
}

/// What access tokens are checked with.
pub trait TokenKeys {
    /// The current keys.
    ///
    /// # Errors
    ///
    /// When the secret cannot be read.
    async fn token_keys(&self) -> Result<Arc<auth::TokenKeys>, SecretError>;

    /// The same, as they are published.
    ///
    /// # Errors
    ///
    /// When the secret cannot be read.
    async fn public_keys(&self) -> Result<Arc<PublicKeys>, SecretError>;

    /// How long they are used without asking again.
    fn keys_fresh_for(&self) -> Duration;
}

/// What Stripe signs webhooks with.
pub trait StripeWebhook {
    /// The current secrets.
    ///
    /// # Errors
    ///
    /// When the secret cannot be read.
    async fn signing_secrets(&self) -> Result<Arc<SigningSecrets>, SecretError>;
}

/// What SendGrid's event webhook is verified with.
pub trait SendGridWebhook {
    /// The current key.
    ///
    /// # Errors
    ///
    /// When the secret cannot be read.
    async fn webhook_key(&self) -> Result<Arc<WebhookKeySecret>, SecretError>;
}
