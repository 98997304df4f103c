//! What can be set about the stand-in, at the start and while it runs.

use serde::{Deserialize, Serialize};

/// How the stand-in behaves. Its `behaviour` can be changed while it runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The API keys that are let in, `SG.…`.
    pub api_keys: Vec<String>,
    /// The signing key of the event webhook: base64 of its PKCS#8 DER. When absent, a development key that stands in
    /// the repository, so that a restart does not change the public key.
    pub signing_key: Option<String>,
    /// What can be changed while it runs.
    pub behaviour: Behaviour,
}

/// The part of the settings that can change while the stand-in runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// Where the event webhook posts to; without it no event is posted.
    pub webhook_url: Option<String>,
    /// Senders that SendGrid has verified; an empty list lets every sender pass.
    pub verified_senders: Vec<String>,
    /// Milliseconds from acceptance to the `processed` event.
    pub processed_after_ms: u64,
    /// Milliseconds from `processed` to the next event, and between the events after it.
    pub delivered_after_ms: u64,
    /// Requests per window before 429.
    pub rate_limit: u32,
    /// Length of the rate limit's window, in seconds.
    pub rate_window_seconds: u32,
    /// How many of 100 events are posted a second time in another batch and with another `sg_event_id`. Plain
    /// duplicates and reordering of whole posts are faults of the sandbox's core.
    pub duplicate_percent: u8,
    /// The most events in one post.
    pub batch_size: usize,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            webhook_url: None,
            verified_senders: Vec::new(),
            processed_after_ms: 100,
            delivered_after_ms: 400,
            rate_limit: 600,
            rate_window_seconds: 60,
            duplicate_percent: 0,
            batch_size: 100,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { api_keys: vec!["SG.sandbox.key".to_owned()], signing_key: None, behaviour: Behaviour::default() }
    }
}
