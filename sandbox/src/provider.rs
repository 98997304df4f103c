//! What every stand-in has in common: how it is reached, how it is made to fail, what it sends by itself.

use bytes::Bytes;
use domain::Timestamp;
use http::{HeaderMap, Request, Response};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The outside systems that the sandbox stands in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// Stripe, under `/v1`.
    Stripe,
    /// SendGrid, under `/v3`.
    Sendgrid,
    /// Google: its token endpoint `/token` and Sheets under `/v4`.
    Sheets,
    /// An OpenID provider, under `/oidc`.
    Oidc,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Stripe, Self::Sendgrid, Self::Sheets, Self::Oidc];

    /// Which provider a request path belongs to: they share one origin and never a path.
    pub fn of_path(path: &str) -> Option<Self> {
        match path.split('/').nth(1)? {
            "v1" => Some(Self::Stripe),
            "v3" => Some(Self::Sendgrid),
            "v4" | "token" => Some(Self::Sheets),
            "oidc" => Some(Self::Oidc),
            _ => None,
        }
    }

    /// The provider's name in settings, faults and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stripe => "stripe",
            Self::Sendgrid => "sendgrid",
            Self::Sheets => "sheets",
            Self::Oidc => "oidc",
        }
    }
}

/// An error that the provider is made to answer, in its own shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 429 before anything was done; `retry_after` in seconds, when the provider says.
    TooManyRequests {
        /// Value of the `Retry-After` header.
        retry_after: Option<u64>,
    },
    /// 500 in mid-execution, nothing done.
    InternalError,
    /// The same, and the provider asks not to try again.
    FinalError,
    /// 424 before anything was done: what the provider depends on failed.
    DependencyFailed,
    /// 400 before anything was done, and for good.
    Invalid,
    /// 503 before anything was done.
    Unavailable,
    /// 409: another request with the same idempotency key is still running.
    Conflict,
}

impl Refusal {
    /// The HTTP status of the refusal.
    pub const fn status(self) -> u16 {
        match self {
            Self::TooManyRequests { .. } => 429,
            Self::InternalError | Self::FinalError => 500,
            Self::DependencyFailed => 424,
            Self::Invalid => 400,
            Self::Unavailable => 503,
            Self::Conflict => 409,
        }
    }
}

/// A call that a provider makes to the shop. The headers are made anew for each try, so that a signature is fresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Who sends it.
    pub provider: Provider,
    /// The provider's own id of the endpoint, for choosing the signing key.
    pub endpoint: String,
    /// The provider's own id of the event, for its bookkeeping and for faults.
    pub event_id: String,
    /// The kind of event, as in `payment_intent.succeeded`; faults can select it by prefix.
    pub event_type: String,
    /// Where to.
    pub url: String,
    /// The exact bytes to send.
    pub body: Bytes,
    /// How long the provider takes before the first try.
    pub after: Duration,
}

/// One provider's state machine, as the sandbox drives it. Time arrives as an argument; nothing here waits.
pub trait StandIn {
    /// Answers one call of the provider's API.
    fn handle(&mut self, now: Timestamp, request: &Request<Bytes>) -> Response<Bytes>;

    /// Answers a call with one of the provider's own errors instead of doing what is asked.
    fn refuse(&mut self, now: Timestamp, request: &Request<Bytes>, refusal: Refusal) -> Response<Bytes>;

    /// Does what is asked and answers 500 all the same.
    fn fail_after(&mut self, now: Timestamp, request: &Request<Bytes>) -> Response<Bytes> {
        self.handle(now, request);
        self.refuse(now, request, Refusal::InternalError)
    }

    /// Answers a call under `/_sandbox/<provider>/`; `path` holds the segments after it.
    fn control(&mut self, now: Timestamp, request: &Request<Bytes>, path: &[&str]) -> Response<Bytes>;

    /// Hands over the webhooks that came up since the last call.
    fn take_webhooks(&mut self) -> Vec<Webhook> {
        Vec::new()
    }

    /// The headers of one try at a webhook, signature included.
    fn sign(&self, _now: Timestamp, _webhook: &Webhook) -> HeaderMap {
        HeaderMap::new()
    }

    /// The final outcome of a webhook: accepted with 2xx, or given up.
    fn settled(&mut self, _webhook: &Webhook, _taken: bool) {}

    /// Does what the provider does by itself as time passes.
    fn tick(&mut self, _now: Timestamp) {}

    /// When the provider will next do something by itself.
    fn next_tick(&self) -> Option<Timestamp> {
        None
    }

    /// The answer to `request` takes until then: a second call with its idempotency key is concurrent with it.
    fn still_running(&mut self, _request: &Request<Bytes>, _until: Timestamp) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_has_one_provider() {
        for (path, provider) in [
            ("/v1/payment_intents", Some(Provider::Stripe)),
            ("/v3/mail/send", Some(Provider::Sendgrid)),
            ("/v4/spreadsheets/x/values:batchUpdate", Some(Provider::Sheets)),
            ("/token", Some(Provider::Sheets)),
            ("/oidc/token", Some(Provider::Oidc)),
            ("/_sandbox/health", None),
            ("/", None),
        ] {
            assert_eq!(Provider::of_path(path), provider, "{path}");
        }
    }
}
