//! What a function is told by its environment: settings from variables, secrets by their ids.
//!
//! Must not know what a setting or a secret is for. Nothing here may put the value of either into a log.

mod secret;
mod secrets;
mod variable;

pub use secret::Secret;
pub use secrets::{
    CachedSecret, FixedSecrets, SECRET_FRESH_FOR, SECRET_STALE_TIMES, SecretError, SecretSource, SecretsManager,
};
pub use variable::{SettingError, or_default, required};
