//! Where secrets lie and are rotated: the file of the embedded stack, or Secrets Manager, MiniStack's as well as AWS's.

use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::embedded::secrets;
use crate::paths;
use crate::stack::{Kind, SECRETS, Stack};

/// Why a secret cannot be read or written. Nothing of it is quoted.
#[derive(Debug, thiserror::Error)]
pub enum SecretStoreError {
    /// The embedded stack's file.
    #[error("cannot use the file of secrets")]
    File(#[from] io::Error),
    /// The secret's id is not configured.
    #[error("the id of secret {0} is not known; on AWS, its variable says it")]
    NoId(&'static str),
    /// Secrets Manager.
    #[error("secret {name} cannot be read or written")]
    Service {
        /// Which one.
        name: &'static str,
        /// Its error.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// Another JSON than expected, or none.
    #[error("secret {0} is not of the expected shape")]
    Shape(&'static str),
    /// No client for AWS.
    #[error("AWS cannot be called")]
    Config(#[from] aws::ConfigError),
}

/// The secrets by the suite's names.
#[derive(Debug)]
pub enum SecretStore {
    /// The embedded stack's.
    File(PathBuf),
    /// Secrets Manager's.
    SecretsManager {
        /// The way there.
        client: aws_sdk_secretsmanager::Client,
        /// Ids by name.
        ids: BTreeMap<&'static str, String>,
        /// Whether it is a local stand-in.
        is_local: bool,
    },
}

impl SecretStore {
    /// The secrets of the stack that is up.
    ///
    /// # Errors
    ///
    /// There is no client for its Secrets Manager.
    pub fn of(stack: &Stack) -> Result<Self, SecretStoreError> {
        if stack.kind == Kind::Embedded {
            return Ok(Self::File(paths::embedded()));
        }
        let config = aws::Config::new(stack.aws())?;
        let id = |variable: &str| stack.secrets.get(variable).cloned();
        Ok(Self::SecretsManager {
            client: aws_sdk_secretsmanager::Client::new(config.sdk()),
            ids: ids(id),
            is_local: true,
        })
    }

    /// The secrets of an AWS account: credentials, region and ids come from the same variables as the functions'.
    ///
    /// # Errors
    ///
    /// A variable is missing.
    pub fn on_aws() -> Result<Self, SecretStoreError> {
        let config = aws::Config::from_env()?;
        let id = |variable: &str| std::env::var(variable).ok();
        Ok(Self::SecretsManager {
            client: aws_sdk_secretsmanager::Client::new(config.sdk()),
            ids: ids(id),
            is_local: false,
        })
    }

    /// Whether it is that of a local stack.
    pub const fn is_local(&self) -> bool {
        matches!(self, Self::File(_) | Self::SecretsManager { is_local: true, .. })
    }

    /// A secret; `None` if it has never had a value.
    ///
    /// # Errors
    ///
    /// [`SecretStoreError`].
    pub async fn read<T: DeserializeOwned>(&self, name: &'static str) -> Result<Option<T>, SecretStoreError> {
        let value = match self {
            Self::File(folder) => secrets::read(folder)?.unwrap_or_default().remove(name),
            Self::SecretsManager { client, .. } => {
                match client.get_secret_value().secret_id(self.id(name)?).send().await {
                    Ok(answer) => {
                        let text = answer.secret_string.unwrap_or_default();
                        Some(serde_json::from_str(&text).map_err(|_| SecretStoreError::Shape(name))?)
                    }
                    Err(error) => match error.into_service_error() {
                        missing if missing.is_resource_not_found_exception() => None,
                        error => return Err(SecretStoreError::Service { name, source: error.into() }),
                    },
                }
            }
        };
        value.map(|value| serde_json::from_value(value).map_err(|_| SecretStoreError::Shape(name))).transpose()
    }

    /// Gives a secret another value.
    ///
    /// # Errors
    ///
    /// [`SecretStoreError`].
    pub async fn write(&self, name: &'static str, value: &impl Serialize) -> Result<(), SecretStoreError> {
        let value: Value = serde_json::to_value(value).map_err(|_| SecretStoreError::Shape(name))?;
        match self {
            Self::File(folder) => {
                let mut texts = secrets::read(folder)?.unwrap_or_default();
                texts.insert(name.to_owned(), value);
                Ok(secrets::write(folder, &texts)?)
            }
            Self::SecretsManager { client, .. } => {
                let put = client.put_secret_value().secret_id(self.id(name)?).secret_string(value.to_string());
                put.send()
                    .await
                    .map_err(|error| SecretStoreError::Service { name, source: error.into_service_error().into() })?;
                Ok(())
            }
        }
    }

    fn id(&self, name: &'static str) -> Result<&str, SecretStoreError> {
        match self {
            Self::SecretsManager { ids, .. } => ids.get(name).map(String::as_str).ok_or(SecretStoreError::NoId(name)),
            Self::File(_) => Ok(name),
        }
    }
}

fn ids(id: impl Fn(&str) -> Option<String>) -> BTreeMap<&'static str, String> {
    SECRETS.into_iter().filter_map(|(name, variable, _)| Some((name, id(variable)?))).collect()
}
