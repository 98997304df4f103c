//! What functions are given in tests: a store, the sandbox, a virtual clock.

use std::time::Duration;

use auth::mint::{SigningKey, SigningKeys};
use domain::Timestamp;
use events::{BusError, DeadLetters, Event, Publisher, Visibility};
use resilience::{SeededIds, Transport, VirtualClock};
use sandbox::Shared;
use serde_json::{Value, json};
use suite::{Gate, Local, Settings, Warm, secrets};

use crate::scenarios::shop;

/// What is warm in a test.
pub type Warmed<T> = Warm<T, VirtualClock, SeededIds>;

/// Settings as the scenarios have them, with secrets of a test's own.
pub fn settings<const N: usize>(sandbox: &Shared, now: Timestamp, own: [(&str, Value); N]) -> Settings {
    let signing = SigningKeys { keys: vec![SigningKey::generate(now).unwrap()] };
    let providers = sandbox.lock().settings().clone();
    let settings = shop::settings(&providers, sandbox, &signing);
    for (id, secret) in own {
        settings.secrets.set(id, secret.to_string());
    }
    settings
}

/// The secret with what Stripe signs webhooks with.
pub fn signing_secrets(texts: &[&str]) -> (&'static str, Value) {
    (secrets::STRIPE_WEBHOOK, json!({ "signing_secrets": texts }))
}

/// A process that has just started.
pub fn warm<T: Transport>(settings: Settings, transport: T, clock: &VirtualClock) -> Warmed<T> {
    let origins = "https://shop.example.com".parse().unwrap();
    Warm::new(settings, origins, transport, clock.clone(), SeededIds::new(3), &Gate::default())
}

/// The environment of a function that publishes nothing.
pub fn local<S, T>(store: S, warm: &Warmed<T>) -> Local<'_, S, NoBus, T, VirtualClock, SeededIds> {
    Local { store, bus: NoBus, warm }
}

/// Nothing is published here, and no message is hidden: events come by hand.
pub struct NoBus;

impl Publisher for NoBus {
    async fn publish(&self, event: &Event) -> Result<(), BusError> {
        panic!("{} is published", event.event_type())
    }
}

impl DeadLetters for NoBus {
    async fn keep(&self, content: &str, _: &str) -> Result<(), BusError> {
        panic!("{content} is kept")
    }
}

impl Visibility for NoBus {
    async fn hide(&self, _: &[(String, Duration)]) -> Result<(), BusError> {
        Ok(())
    }
}
