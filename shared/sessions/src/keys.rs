//! The secrets behind sessions.

use std::sync::Arc;

use auth::MacKeys;
use auth::mint::SigningKeys;
use resilience::Clock;
use serde::Deserialize;
use settings::{CachedSecret, SecretError, SecretSource};

/// By what a refresh token's successor follows from it, and what a [`Device`](crate::Device)'s cookie is signed with. The
/// first key makes both; the others may have made successors of the last half minute, and cookies.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct RefreshKeys(pub(crate) MacKeys);

/// The current keys, for one invocation.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Sign access tokens.
    pub signing: Arc<SigningKeys>,
    /// Make refresh tokens' successors, and sign the cookies of known browsers.
    pub refresh: Arc<RefreshKeys>,
}

/// Where the keys come from. Built once per cold start; asked at each call, so that rotated keys need no new environment.
#[derive(Debug)]
pub struct SessionKeys<S, C> {
    signing: CachedSecret<SigningKeys, S, C>,
    refresh: CachedSecret<RefreshKeys, S, C>,
}

impl<S: SecretSource, C: Clock> SessionKeys<S, C> {
    /// From the two secrets.
    pub const fn new(signing: CachedSecret<SigningKeys, S, C>, refresh: CachedSecret<RefreshKeys, S, C>) -> Self {
        Self { signing, refresh }
    }

    /// The current keys.
    ///
    /// # Errors
    ///
    /// When a secret cannot be read.
    pub async fn get(&self) -> Result<Keys, SecretError> {
        Ok(Keys { signing: self.signing.get().await?, refresh: self.refresh().await? })
    }

    /// Those of refresh tokens alone.
    ///
    /// # Errors
    ///
    /// When the secret cannot be read.
    pub async fn refresh(&self) -> Result<Arc<RefreshKeys>, SecretError> {
        self.refresh.get().await
    }
}
