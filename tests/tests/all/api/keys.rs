//! API keys: made, listed, replaced, called back, used.

use std::time::Duration;

use auth::api_key::issue;
use auth::{TokenKeys, TokenRules};
use authorizer::{AuthorizerError, AuthorizerRequest, Checks};
use domain::{AccountEvent, ApiKey, CustomerId, KeyId, Scope, Timestamp, UserId};
use resilience::{Clock as _, VirtualClock};
use serde_json::{Value, json};
use store::{ApiKeys, MemoryStore, Page, PageRequest, StoreError};
use telemetry::{CachedSecret, FixedSecrets};
use uuid::Uuid;

use super::world::NOON;

/// The number of a key that the samples use.
pub const WAREHOUSE: u128 = 1;

/// A key's text.
pub fn text(number: u128) -> String {
    issue(KeyId::from_uuid(Uuid::from_u128(number)), [1, 2].map(Uuid::from_u128)).0
}

/// A stored key that was made at `seconds` since the epoch and is good for a day.
pub fn api_key(number: u128, seconds: i64) -> ApiKey {
    let (id, at) = (KeyId::from_uuid(Uuid::from_u128(number)), Timestamp::from_seconds(seconds));
    ApiKey {
        id,
        secret: issue(id, [1, 2].map(Uuid::from_u128)).1,
        name: "warehouse".to_owned(),
        scopes: [Scope::OrdersRead, Scope::OrdersCancel].into_iter().collect(),
        customer: CustomerId::from_uuid(Uuid::from_u128(0xc)),
        created_by: UserId::from_uuid(Uuid::from_u128(0xb)),
        created_at: at,
        expires_at: at.plus(Duration::from_hours(24)),
        revoked_at: None,
        last_used_at: None,
        noticed_days: None,
        version: 1,
    }
}

/// What the authorizer says of this key at this moment; no token was ever signed.
fn authorized(keys: &impl ApiKeys, text: &str, clock: &VirtualClock) -> Result<Value, AuthorizerError> {
    let event = json!({ "headers": { "authorization": format!("Bearer {text}") }, "requestContext": { "http": { "method": "GET" } } });
    let request: AuthorizerRequest = serde_json::from_value(event).unwrap();
    let token_keys = &CachedSecret::<TokenKeys, _, _>::new("keys", FixedSecrets::default(), clock.clone());
    let checks = &Checks { token_keys, rules: &TokenRules::default(), api_keys: keys, clock };
    Ok(serde_json::to_value(clock.run(authorizer::handle(checks, request))?).unwrap()["context"].clone())
}

fn at(seconds: i64) -> VirtualClock {
    VirtualClock::at(Timestamp::from_seconds(seconds))
}

fn stored(store: &MemoryStore, clock: &VirtualClock) -> ApiKey {
    let id = KeyId::from_uuid(Uuid::from_u128(WAREHOUSE));
    clock.run(store.api_key(id)).unwrap().unwrap()
}

#[test]
fn a_keys_use_is_noted_once_an_hour() {
    let (store, clock) = (MemoryStore::new(), at(NOON));
    clock.run(store.save_api_keys(&[api_key(WAREHOUSE, NOON)], &[])).unwrap();
    let mut noted = Vec::new();
    for minutes in [0, 1, 58, 1, 1] {
        clock.advance(Duration::from_mins(minutes));
        assert_eq!(authorized(&store, &text(WAREHOUSE), &clock).unwrap()["role"], "service");
        noted.push(stored(&store, &clock).last_used_at.unwrap().seconds() - NOON);
    }
    assert_eq!(noted, [0, 0, 0, 3600, 3600]);
    assert_eq!(stored(&store, &clock).version, 1, "a use is no change");
}

#[test]
fn a_key_is_nobodys_once_it_is_called_back_or_over() {
    let (store, clock) = (MemoryStore::new(), at(NOON));
    let key = api_key(WAREHOUSE, NOON);
    clock.run(store.save_api_keys(std::slice::from_ref(&key), &[])).unwrap();
    let nobody = json!({ "refused": "true" });
    assert_eq!(authorized(&store, &text(WAREHOUSE), &at(key.expires_at.seconds())).unwrap(), nobody);
    clock.run(store.save_api_keys(&[key.revoked(clock.now()).unwrap()], &[])).unwrap();
    assert_eq!(authorized(&store, &text(WAREHOUSE), &clock).unwrap(), nobody);
    assert_eq!(stored(&store, &clock).last_used_at, None, "who is refused has used nothing");
}

/// A table that is down, or can be read and not written.
struct Broken {
    reads: Option<ApiKey>,
}

fn down<T>() -> Result<T, StoreError> {
    Err(StoreError::Unavailable("down".into()))
}

impl ApiKeys for Broken {
    async fn api_key(&self, _: KeyId) -> Result<Option<ApiKey>, StoreError> {
        self.reads.clone().map_or_else(down, |key| Ok(Some(key)))
    }

    async fn save_api_keys(&self, _: &[ApiKey], _: &[AccountEvent]) -> Result<(), StoreError> {
        down()
    }

    async fn note_use(&self, _: KeyId, _: Timestamp) -> Result<(), StoreError> {
        down()
    }

    async fn api_keys(&self, _: &PageRequest) -> Result<Page<ApiKey>, StoreError> {
        down()
    }
}

#[test]
fn a_key_that_cannot_be_looked_up_is_an_error_and_not_refused() {
    let error = authorized(&Broken { reads: None }, &text(WAREHOUSE), &at(NOON)).unwrap_err();
    assert!(matches!(error, AuthorizerError::ApiKeys(_)));
    // What is no key at all is refused without asking, and a use that cannot be noted does not stand in the way.
    let refused = authorized(&Broken { reads: None }, "cis_live_", &at(NOON)).unwrap();
    assert_eq!(refused["refused"], "true");
    let noted_nowhere = Broken { reads: Some(api_key(WAREHOUSE, NOON)) };
    assert_eq!(authorized(&noted_nowhere, &text(WAREHOUSE), &at(NOON)).unwrap()["role"], "service");
}
