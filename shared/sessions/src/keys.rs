//! The secrets behind sessions.

use std::sync::Arc;

use api::ApiError;
use auth::MacKeys;
use auth::mint::SigningKeys;
use resilience::{Clock, SystemClock};
use serde::Deserialize;
use settings::{CachedSecret, SecretSource, SecretsManager, SettingError, required};

/// By what a refresh token's successor follows from it: the first key makes successors, the others may have made those
/// of the last half minute.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct RefreshKeys(pub(crate) MacKeys);

/// The keys of now, for one invocation.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Sign access tokens.
    pub signing: Arc<SigningKeys>,
    /// Make refresh tokens' successors.
    pub refresh: Arc<RefreshKeys>,
}

/// Where the keys come from. Built once per cold start; asked at each call, so that rotated keys need no new environment.
#[derive(Debug)]
pub struct SessionKeys<S = SecretsManager, C = SystemClock> {
    signing: CachedSecret<SigningKeys, S, C>,
    refresh: CachedSecret<RefreshKeys, S, C>,
}

impl SessionKeys {
    /// As the environment says: `TOKEN_SIGNING_SECRET_ID`, `REFRESH_KEYS_SECRET_ID`.
    ///
    /// # Errors
    ///
    /// A variable is missing.
    pub fn from_env(config: &aws::Config) -> Result<Self, SettingError> {
        let source = SecretsManager::from_env(config)?;
        let (signing, refresh): (String, String) =
            (required("TOKEN_SIGNING_SECRET_ID")?, required("REFRESH_KEYS_SECRET_ID")?);
        Ok(Self::new(
            CachedSecret::new(signing, source.clone(), SystemClock),
            CachedSecret::new(refresh, source, SystemClock),
        ))
    }
}

impl<S: SecretSource, C: Clock> SessionKeys<S, C> {
    /// From the two secrets.
    pub const fn new(signing: CachedSecret<SigningKeys, S, C>, refresh: CachedSecret<RefreshKeys, S, C>) -> Self {
        Self { signing, refresh }
    }

    /// The keys of now.
    ///
    /// # Errors
    ///
    /// 500 when a secret cannot be read.
    pub async fn get(&self) -> Result<Keys, ApiError> {
        let unreadable = |error: settings::SecretError| ApiError::Internal(error.into());
        let signing = self.signing.get().await.map_err(unreadable)?;
        let refresh = self.refresh.get().await.map_err(unreadable)?;
        Ok(Keys { signing, refresh })
    }
}
