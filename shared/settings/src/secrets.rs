//! Secrets by id, kept in the warm environment for a while.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use resilience::{Cache, CacheOutcome, CachePolicy, Clock, Lookup};
use serde::de::DeserializeOwned;

use telemetry::{chain, count_cached};

use crate::{Secret, SettingError, or_default};

/// How long a secret is used without asking again, unless `SECRET_FRESH_SECONDS` says otherwise. A rotated secret is
/// known everywhere after this time, so rotation keeps the old value valid for longer.
pub const SECRET_FRESH_FOR: Duration = Duration::from_mins(5);
/// The factor by which an old value is used longer while the source is down, from when it was read: an hour.
pub const SECRET_STALE_TIMES: u32 = 12;
/// After a failed try the old value serves this long before the next one.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(15);

/// Why a secret cannot be had. No variant holds a part of it.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The source did not answer, or refused.
    #[error("cannot read secret {id}")]
    Unavailable {
        /// The id that was asked for.
        id: String,
        /// The source's error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The secret has no text, or not the JSON that is expected of it. The cause is left out: it would quote the text.
    #[error("secret {id} is not of the expected shape")]
    Shape {
        /// The id that was asked for.
        id: String,
    },
}

/// Gives the text of a secret: Secrets Manager, or what a local run was started with.
pub trait SecretSource {
    /// The present text.
    ///
    /// # Errors
    ///
    /// When the source is down, refuses, or has no such secret.
    async fn text(&self, id: &str) -> Result<Secret<String>, SecretError>;

    /// How long its texts are used without asking again.
    fn fresh_for(&self) -> Duration {
        SECRET_FRESH_FOR
    }
}

impl<S: SecretSource> SecretSource for &S {
    async fn text(&self, id: &str) -> Result<Secret<String>, SecretError> {
        (**self).text(id).await
    }

    fn fresh_for(&self) -> Duration {
        (**self).fresh_for()
    }
}

/// AWS Secrets Manager.
#[derive(Clone, Debug)]
pub struct SecretsManager {
    client: aws_sdk_secretsmanager::Client,
    fresh_for: Duration,
}

impl SecretsManager {
    /// With the suite's SDK configuration. Its texts are fresh for as long as `SECRET_FRESH_SECONDS` says.
    ///
    /// # Errors
    ///
    /// The variable's value is not a number of seconds.
    pub fn from_env(config: &aws::Config) -> Result<Self, SettingError> {
        let seconds = or_default("SECRET_FRESH_SECONDS", SECRET_FRESH_FOR.as_secs())?;
        Ok(Self { client: aws_sdk_secretsmanager::Client::new(config.sdk()), fresh_for: Duration::from_secs(seconds) })
    }
}

impl SecretSource for SecretsManager {
    async fn text(&self, id: &str) -> Result<Secret<String>, SecretError> {
        let answer = self.client.get_secret_value().secret_id(id).send().await.map_err(|error| {
            SecretError::Unavailable { id: id.to_owned(), source: Box::new(error.into_service_error()) }
        })?;
        answer.secret_string.map(Secret::new).ok_or_else(|| SecretError::Shape { id: id.to_owned() })
    }

    fn fresh_for(&self) -> Duration {
        self.fresh_for
    }
}

/// Secrets of this process: the embedded stack's and the tests'. Clones share them.
#[derive(Clone, Debug)]
pub struct FixedSecrets {
    texts: Arc<Mutex<HashMap<String, Secret<String>>>>,
    fresh_for: Duration,
}

impl Default for FixedSecrets {
    fn default() -> Self {
        Self { texts: Arc::default(), fresh_for: SECRET_FRESH_FOR }
    }
}

impl FixedSecrets {
    /// From ids and texts.
    pub fn new<I: Into<String>, T: Into<String>>(secrets: impl IntoIterator<Item = (I, T)>) -> Self {
        let new = Self::default();
        for (id, text) in secrets {
            new.set(id, text);
        }
        new
    }

    /// The same secrets, cached for this long.
    #[must_use]
    pub fn fresh_for(self, fresh_for: Duration) -> Self {
        Self { fresh_for, ..self }
    }

    /// Gives a secret this text from now on, as `PutSecretValue` does.
    pub fn set(&self, id: impl Into<String>, text: impl Into<String>) {
        self.texts().insert(id.into(), Secret::new(text.into()));
    }

    fn texts(&self) -> MutexGuard<'_, HashMap<String, Secret<String>>> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SecretSource for FixedSecrets {
    async fn text(&self, id: &str) -> Result<Secret<String>, SecretError> {
        self.texts()
            .get(id)
            .cloned()
            .ok_or_else(|| SecretError::Unavailable { id: id.to_owned(), source: "there is no such secret".into() })
    }

    fn fresh_for(&self) -> Duration {
        self.fresh_for
    }
}

/// One secret, read from its JSON and kept: as long as the source says without asking again (five minutes), and
/// [`SECRET_STALE_TIMES`] as long while the source is down. Built once per environment, read at each call.
pub struct CachedSecret<T, S, C> {
    id: String,
    source: S,
    cache: Cache<(), T, C>,
}

impl<T: DeserializeOwned, S: SecretSource, C: Clock> CachedSecret<T, S, C> {
    /// The secret of this id. Nothing is read yet.
    pub fn new(id: impl Into<String>, source: S, clock: C) -> Self {
        let fresh_for = source.fresh_for();
        let stale_for = fresh_for.saturating_mul(SECRET_STALE_TIMES);
        let policy = CachePolicy { fresh_for, stale_for, ask_again_after: ASK_AGAIN_AFTER, most: 1 };
        Self { id: id.into(), source, cache: Cache::new(policy, clock) }
    }

    /// How long its value is used without asking again.
    pub fn fresh_for(&self) -> Duration {
        self.source.fresh_for()
    }

    /// The value, fresh or old as said above.
    ///
    /// # Errors
    ///
    /// When the source has no legible secret and no value is left that may still serve.
    pub async fn get(&self) -> Result<Arc<T>, SecretError> {
        // Not `Cache::get`: with the SDK inside, its future is nested deeper than the compiler looks.
        let Lookup { value, outcome } = match self.cache.kept(&()) {
            Some(kept) => kept,
            None => match self.read().await {
                Ok(value) => Lookup { value: self.cache.fill(&(), value), outcome: CacheOutcome::Miss },
                Err(error) => self.cache.fall_back(&(), error)?,
            },
        };
        count_cached("Secrets", &outcome);
        if let CacheOutcome::Stale(Some(error)) = outcome {
            tracing::warn!(secret_id = %self.id, error = %chain(&error), "secret not read again, the old value serves on");
        }
        Ok(value)
    }

    async fn read(&self) -> Result<T, SecretError> {
        let text = self.source.text(&self.id).await?;
        serde_json::from_str(text.expose()).map_err(|_| SecretError::Shape { id: self.id.clone() })
    }
}

impl<T, S, C> fmt::Debug for CachedSecret<T, S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedSecret").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
