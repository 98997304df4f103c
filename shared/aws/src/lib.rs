//! The one AWS SDK configuration of the suite: HTTP client, trusted roots, credentials, region, endpoint, time-outs and
//! retries.
//!
//! Made to start fast: everything comes from Lambda's environment variables or is compiled in. No profile file, no trust
//! store and no instance metadata is probed. No service's client is known here: whoever needs one makes it
//! from [`Config::sdk`]. Must not know what is stored or sent.

mod http;
mod settings;

use std::time::Duration;

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::SdkConfig;
use aws_types::region::Region;

pub use settings::{MissingVariable, Settings};

/// Time to get a connection, TLS handshake included. Within one region it takes milliseconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Time for one attempt. A DynamoDB transaction at its limits stays well below.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
/// Time for one call with all its attempts and waits; leaves an API call time to answer before API Gateway's 30 s.
const CALL_TIMEOUT: Duration = Duration::from_secs(8);
/// Attempts of one call, the first included. The SDK retries throttling, server errors and broken connections.
const ATTEMPTS: u32 = 3;
/// The SDK's first wait; it doubles and has full jitter.
const FIRST_BACKOFF: Duration = Duration::from_millis(50);
/// The SDK's longest wait.
const MAX_BACKOFF: Duration = Duration::from_secs(1);

/// The AWS configuration cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The environment lacks a variable.
    #[error(transparent)]
    Missing(#[from] MissingVariable),
    /// The TLS client could not be built.
    #[error("cannot configure the HTTPS client of the AWS SDK")]
    Http(#[from] aws_smithy_http_client::HttpClientError),
}

/// What every client shares: one connection pool, one set of credentials. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Config {
    sdk: SdkConfig,
}

impl Config {
    /// From the environment variables that Lambda gives every function, and `AWS_ENDPOINT_URL` if there is one.
    ///
    /// # Errors
    ///
    /// A missing variable, by name.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::new(Settings::from_env()?)
    }

    /// From settings that are already there.
    ///
    /// # Errors
    ///
    /// When the HTTPS client cannot be built.
    pub fn new(settings: Settings) -> Result<Self, ConfigError> {
        Self::trusting(http::AMAZON_ROOTS, settings)
    }

    /// What an SDK client is made from.
    pub const fn sdk(&self) -> &SdkConfig {
        &self.sdk
    }

    fn trusting(roots: &[u8], settings: Settings) -> Result<Self, ConfigError> {
        let mut sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(settings.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(settings.credentials()))
            // Lambda's credentials outlive the environment: there is nothing to refresh, so nothing to cache.
            .identity_cache(IdentityCache::no_cache())
            .http_client(http::client(CONNECT_TIMEOUT, roots)?)
            .timeout_config(timeouts())
            .retry_config(retries())
            // Guards long streams; our bodies are small, and the attempt's time-out covers them.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        sdk.set_endpoint_url(settings.endpoint_url);
        Ok(Self { sdk: sdk.build() })
    }
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(CALL_TIMEOUT)
        .build()
}

fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(FIRST_BACKOFF)
        .with_max_backoff(MAX_BACKOFF)
}

#[cfg(test)]
mod tests;
