//! Stripe's webhook deliveries: verified first, read afterwards.

use std::fmt;

use domain::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::{SignatureError, signature};

/// `event`. `Debug` hides the object, which carries a client secret and personal data.
#[derive(Clone, PartialEq, Deserialize)]
pub struct Event {
    /// `evt_…`
    pub id: String,
    /// Such as `payment_intent.succeeded`.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it happened; Stripe counts in seconds, so ties are normal.
    #[serde(deserialize_with = "seconds")]
    pub created: Timestamp,
    /// Whether real money is meant.
    pub livemode: bool,
    /// The connected account whose event it is; `None` for our own.
    #[serde(default)]
    pub account: Option<String>,
    /// The version of the API in which the object is written.
    #[serde(default)]
    pub api_version: Option<String>,
    /// The object as it was then.
    #[serde(rename = "data", deserialize_with = "object")]
    pub object: Value,
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("created", &self.created)
            .field("livemode", &self.livemode)
            .field("account", &self.account)
            .field("api_version", &self.api_version)
            .finish_non_exhaustive()
    }
}

/// Why a delivery is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// Not Stripe's, or not fresh.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// Signed by Stripe, but not an event.
    #[error("not an event")]
    Body(#[source] serde_json::Error),
}

/// Checks the signature over the body's bytes as they arrived, then reads the event.
///
/// `header` is `Stripe-Signature`; any of `secrets` may have signed, so that one can be rolled.
///
/// # Errors
///
/// [`WebhookError`]; answer 400 and do nothing.
pub fn verify(header: &str, body: &[u8], secrets: &[impl AsRef<str>], now: Timestamp) -> Result<Event, WebhookError> {
    signature::check(header, body, secrets, now)?;
    serde_json::from_slice(body).map_err(WebhookError::Body)
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    i64::deserialize(deserializer).map(Timestamp::from_seconds)
}

fn object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    #[derive(Deserialize)]
    struct Data {
        object: Value,
    }
    Data::deserialize(deserializer).map(|data| data.object)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Signed with the official `stripe` package 16.1.0 for Python, as in `signature`'s tests.
    const BODY: &[u8] = br#"{"id":"evt_1","object":"event","type":"payment_intent.succeeded","created":1790000000,"livemode":false,"data":{"object":{"id":"pi_1","object":"payment_intent"}}}"#;
    const HEADER: &str = "t=1790000000,v1=821de6b88537ff32cebd6dd02548065f3b8e8ec70135646b3433fff9b0f85115";

    #[test]
    fn a_signed_delivery_is_an_event() {
        let event = verify(HEADER, BODY, &["whsec_test_secret"], Timestamp::from_seconds(1_790_000_001)).unwrap();
        assert_eq!((event.id.as_str(), event.kind.as_str()), ("evt_1", "payment_intent.succeeded"));
        assert_eq!((event.created, event.livemode), (Timestamp::from_seconds(1_790_000_000), false));
        assert_eq!(event.object["id"], "pi_1");
        assert!(!format!("{event:?}").contains("pi_1"));
    }

    #[test]
    fn the_signature_is_looked_at_before_the_body() {
        let now = Timestamp::from_seconds(1_790_000_001);
        let error = verify(HEADER, b"not json", &["whsec_test_secret"], now).unwrap_err();
        assert!(matches!(error, WebhookError::Signature(SignatureError::Mismatch)));
    }
}
