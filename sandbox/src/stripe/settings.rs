//! Keys, endpoints and pace of the stand-in.

use serde::{Deserialize, Serialize};

use super::{balance_transactions::Settlement, limits::RateLimit};

/// What Stripe's stand-in starts with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The server's key, `sk_test_…`.
    pub secret_key: String,
    /// The browser's key, `pk_test_…`.
    pub publishable_key: String,
    /// The version of calls that name none, and of events.
    pub api_version: String,
    /// Webhook endpoints that are there from the start.
    pub endpoints: Vec<Endpoint>,
    /// Milliseconds from an event to the first try at its webhooks.
    pub webhook_after_ms: u64,
    /// Milliseconds until a bank debit settles as its test account says; by hand alone when absent.
    pub settle_after_ms: Option<u64>,
    /// Whether a payment can be cancelled while it is processed: "in rare cases", says Stripe.
    pub cancel_processing: bool,
    /// Milliseconds until a refund that is pending, or that will fail, comes to its end.
    pub refund_settles_after_ms: u64,
    /// The currency of the account's balance; each payment's own when absent.
    pub settlement: Option<Settlement>,
    /// How many requests a second are answered.
    pub rate_limit: RateLimit,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            secret_key: "sk_test_sandbox".to_owned(),
            publishable_key: "pk_test_sandbox".to_owned(),
            api_version: "2026-10-28.endive".to_owned(),
            endpoints: Vec::new(),
            webhook_after_ms: 0,
            settle_after_ms: None,
            cancel_processing: false,
            refund_settles_after_ms: 2000,
            settlement: None,
            rate_limit: RateLimit::default(),
        }
    }
}

/// A webhook endpoint that is there from the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Where to.
    pub url: String,
    /// Signing secrets, the newest first; each of them signs.
    #[serde(default = "default_secrets")]
    pub secrets: Vec<String>,
    /// Event types, with patterns as in `charge.*`.
    #[serde(default = "all_events")]
    pub enabled_events: Vec<String>,
}

impl Endpoint {
    /// The signing secret of an endpoint for which none is set.
    pub const DEFAULT_SECRET: &str = "whsec_sandbox";

    /// An endpoint for all events, with the default secret.
    pub fn new(url: &str) -> Self {
        Self { url: url.to_owned(), secrets: default_secrets(), enabled_events: all_events() }
    }

    /// With this signing secret.
    #[must_use]
    pub fn signed_with(self, secret: &str) -> Self {
        Self { secrets: vec![secret.to_owned()], ..self }
    }
}

fn default_secrets() -> Vec<String> {
    vec![Endpoint::DEFAULT_SECRET.to_owned()]
}

fn all_events() -> Vec<String> {
    vec!["*".to_owned()]
}
