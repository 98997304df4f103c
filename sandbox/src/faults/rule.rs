//! A fault as it is written down: which calls it hits, how it shows, when.

use serde::{Deserialize, Serialize};

use crate::provider::Provider;

/// One rule: the calls that match it misbehave in one way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// Only this provider; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Provider>,
    /// Only this HTTP method; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Only paths that start with this; for webhook faults, event types that do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// How it shows.
    #[serde(flatten)]
    pub kind: FaultKind,
    /// When it shows.
    #[serde(flatten)]
    pub when: When,
}

/// How a fault shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FaultKind {
    /// The answer takes longer, in milliseconds; the work is done at once.
    Latency {
        /// Milliseconds.
        millis: u64,
    },
    /// 429, nothing done.
    TooManyRequests {
        /// The seconds in the `Retry-After` header; `None` leaves it out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
    },
    /// 500 in mid-execution, nothing done. Stripe saves it under the idempotency key.
    InternalError,
    /// 500 in mid-execution, nothing done, and Stripe says `Stripe-Should-Retry: false`.
    FinalError,
    /// 424, nothing done: what the provider depends on failed.
    DependencyFailed,
    /// 400, nothing done: it is refused for good. Stripe says that the amount is too small once it is converted.
    Invalid,
    /// 500, and yet the work is done. Stripe saves the 500 under the idempotency key.
    ErrorAfterEffect,
    /// 503, nothing done.
    Unavailable,
    /// 409, as when a request with the same idempotency key is still running.
    Conflict,
    /// No connection comes about. Over TCP, where the sandbox has to accept first, this is a reset.
    Unreachable,
    /// The connection is reset before anything is done.
    ConnectionReset,
    /// Nothing is done, and nothing comes back for that long; then the connection is reset.
    Timeout {
        /// Milliseconds.
        #[serde(default = "half_a_minute")]
        millis: u64,
    },
    /// The work is done and the answer lost: the connection is reset after `millis`.
    AnswerLost {
        /// Milliseconds.
        #[serde(default)]
        millis: u64,
    },
    /// A webhook is sent this many times more.
    WebhookDuplicate {
        /// Extra copies.
        #[serde(default = "one")]
        copies: u32,
    },
    /// A webhook comes at a random moment within that time, so that later ones overtake it.
    WebhookReorder {
        /// Milliseconds.
        #[serde(default = "two_seconds")]
        within_millis: u64,
    },
    /// A webhook comes that much later.
    WebhookDelay {
        /// Milliseconds.
        millis: u64,
    },
    /// A webhook never comes, and no later try of it either.
    WebhookDrop {
        /// Whether something on the way answered 2xx for the shop, so that the provider takes it for delivered.
        #[serde(default)]
        acknowledged: bool,
    },
}

/// When a fault shows; always when nothing is said. What is said adds up: `{"probability":0.5,"times":3}` hits half of
/// the calls until three were hit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct When {
    /// Each matching call with this probability, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// Only the n-th matching call, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
    /// The most hits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
}

const fn half_a_minute() -> u64 {
    30_000
}

const fn two_seconds() -> u64 {
    2000
}

const fn one() -> u32 {
    1
}

impl Fault {
    /// A rule for every call of every provider; narrow it with the methods below.
    pub const fn new(kind: FaultKind) -> Self {
        let when = When { probability: None, nth: None, times: None };
        Self { provider: None, method: None, path: None, kind, when }
    }

    /// Only this provider.
    #[must_use]
    pub fn at(self, provider: Provider) -> Self {
        Self { provider: Some(provider), ..self }
    }

    /// Only this method and paths that start so.
    #[must_use]
    pub fn on(self, method: &str, path: &str) -> Self {
        Self { method: Some(method.to_owned()), path: Some(path.to_owned()), ..self }
    }

    /// Only webhooks whose event type starts so.
    #[must_use]
    pub fn on_event(self, event_type: &str) -> Self {
        Self { path: Some(event_type.to_owned()), ..self }
    }

    /// With this probability.
    #[must_use]
    pub const fn probability(mut self, probability: f64) -> Self {
        self.when.probability = Some(probability);
        self
    }

    /// Only the n-th matching call, counted from 1.
    #[must_use]
    pub const fn nth(mut self, nth: u64) -> Self {
        self.when.nth = Some(nth);
        self
    }

    /// Limits the number of hits.
    #[must_use]
    pub const fn times(mut self, times: u64) -> Self {
        self.when.times = Some(times);
        self
    }

    pub(super) fn is_for_webhooks(&self) -> bool {
        use FaultKind::{WebhookDelay, WebhookDrop, WebhookDuplicate, WebhookReorder};
        matches!(self.kind, WebhookDuplicate { .. } | WebhookReorder { .. } | WebhookDelay { .. } | WebhookDrop { .. })
    }

    pub(super) fn matches(&self, provider: Provider, method: Option<&str>, path: &str) -> bool {
        self.provider.is_none_or(|only| only == provider)
            && (method.is_none() || self.method.as_deref().is_none_or(|only| method == Some(only)))
            && self.path.as_deref().is_none_or(|only| path.starts_with(only))
    }
}
