//! What a function tells about itself and what it is told by its environment: JSON logs, metrics, correlation ids,
//! settings and secrets.
//!
//! Must not know the domain beyond its timestamps, nor any provider. Nothing here may put a secret, a body, an address
//! or a token into a log.

mod chain;
mod correlation;
mod fields;
mod logs;
mod metrics;
mod secret;
mod secrets;
mod settings;

pub use chain::{Chain, chain};
pub use correlation::{CORRELATION_HEADER, CorrelationId, InvalidCorrelationId};
pub use logs::{JsonLogs, init, invocation};
pub use metrics::{NAMESPACE, SERVICE, count, count_cached, time};
pub use secret::Secret;
pub use secrets::{
    CachedSecret, FixedSecrets, SECRET_FRESH_FOR, SECRET_STALE_TIMES, SecretError, SecretSource, SecretsManager,
};
pub use settings::{SettingError, or_default, required};
