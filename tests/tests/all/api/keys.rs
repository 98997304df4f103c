//! API keys: made, listed, replaced, revoked, used.

use std::time::Duration;

use auth::api_key::issue;
use domain::{AccountEvent, ApiKey, CustomerId, KeyId, Scope, Timestamp, UserId};
use edge::authorizer::{AuthorizerError, AuthorizerRequest};
use resilience::{Clock as _, Deadline, VirtualClock};
use sandbox::{SandboxTransport, Settings, Shared};
use serde_json::{Value, json};
use store::{ApiKeys, MemoryStore, Page, PageRequest, StoreError};
use suite::secrets;
use uuid::Uuid;

use crate::environment;

use super::world::{ADMIN, ANNA, HandlerResponse, NOON, STAFF, Who, World, event};

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
        revoked_by: None,
        last_used_at: None,
        noticed_days: None,
        version: 1,
    }
}

/// What the authorizer says of this key at this moment.
fn authorized<K: ApiKeys>(keys: K, text: &str, clock: &VirtualClock) -> Result<Value, AuthorizerError> {
    let event = json!({ "headers": { "authorization": format!("Bearer {text}") }, "requestContext": { "http": { "method": "GET" } } });
    let request: AuthorizerRequest = serde_json::from_value(event).unwrap();
    let (sandbox, now) = (Shared::new(Settings::default()), clock.now());
    // No token was ever signed.
    let settings = environment::settings(&sandbox, now, [(secrets::TOKEN_KEYS, Value::Null)]);
    let warm = environment::warm(settings, SandboxTransport::new(sandbox, clock.clone()), clock);
    let env = environment::local(keys, &warm);
    Ok(serde_json::to_value(clock.run(edge::authorizer::handle(&env, request))?).unwrap()["context"].clone())
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
        assert_eq!(authorized(store.clone(), &text(WAREHOUSE), &clock).unwrap()["role"], "service");
        noted.push(stored(&store, &clock).last_used_at.unwrap().seconds() - NOON);
    }
    assert_eq!(noted, [0, 0, 0, 3600, 3600]);
    assert_eq!(stored(&store, &clock).version, 1, "a use is no change");
}

#[test]
fn a_key_is_nobodys_once_it_is_revoked_or_over() {
    let (store, clock) = (MemoryStore::new(), at(NOON));
    let key = api_key(WAREHOUSE, NOON);
    clock.run(store.save_api_keys(std::slice::from_ref(&key), &[])).unwrap();
    let nobody = json!({ "refused": "true" });
    assert_eq!(authorized(store.clone(), &text(WAREHOUSE), &at(key.expires_at.seconds())).unwrap(), nobody);
    clock
        .run(store.save_api_keys(
            &[key.revoked("usr_0000000000000000000000000000000b".parse().unwrap(), clock.now()).unwrap()],
            &[],
        ))
        .unwrap();
    assert_eq!(authorized(store.clone(), &text(WAREHOUSE), &clock).unwrap(), nobody);
    assert_eq!(stored(&store, &clock).last_used_at, None, "who is refused has used nothing");
}

/// A table that is down, or can be read and not written.
struct FailingKeys {
    reads: Option<ApiKey>,
}

fn down<T>() -> Result<T, StoreError> {
    Err(StoreError::Unavailable("down".into()))
}

impl ApiKeys for FailingKeys {
    async fn api_key(&self, _: KeyId) -> Result<Option<ApiKey>, StoreError> {
        self.reads.clone().map_or_else(down, |key| Ok(Some(key)))
    }

    async fn save_api_keys(&self, _: &[ApiKey], _: &[AccountEvent]) -> Result<(), StoreError> {
        down()
    }

    async fn record_use(&self, _: KeyId, _: Timestamp) -> Result<(), StoreError> {
        down()
    }

    async fn api_keys(&self, _: &PageRequest) -> Result<Page<ApiKey>, StoreError> {
        down()
    }
}

#[test]
fn a_key_that_cannot_be_looked_up_is_an_error_and_not_refused() {
    let error = authorized(FailingKeys { reads: None }, &text(WAREHOUSE), &at(NOON)).unwrap_err();
    assert!(matches!(error, AuthorizerError::ApiKeys(_)));
    // What is no key at all is refused without asking, and a use that cannot be noted does not stand in the way.
    let refused = authorized(FailingKeys { reads: None }, "cis_live_", &at(NOON)).unwrap();
    assert_eq!(refused["refused"], "true");
    let noted_nowhere = FailingKeys { reads: Some(api_key(WAREHOUSE, NOON)) };
    assert_eq!(authorized(noted_nowhere, &text(WAREHOUSE), &at(NOON)).unwrap()["role"], "service");
}

fn made(world: &World, who: Who, body: &Value) -> HandlerResponse {
    let mut event = event(Some(who));
    event["headers"]["content-type"] = "application/json".into();
    event["body"] = body.to_string().into();
    world.call("create-api-key", api::request(serde_json::from_value(event).unwrap()))
}

fn listed(world: &World, who: Who) -> HandlerResponse {
    world.call("list-api-keys", api::request(serde_json::from_value(event(Some(who))).unwrap()))
}

fn revoked(world: &World, who: Who, id: &str) -> HandlerResponse {
    let mut event = event(Some(who));
    event["pathParameters"] = json!({ "key_id": id });
    world.call("revoke-api-key", api::request(serde_json::from_value(event).unwrap()))
}

/// In whose name a key acts; none when it is refused.
fn service(world: &World, made: &HandlerResponse) -> Option<String> {
    let text = made.body["api_key"].as_str().unwrap();
    authorized(world.store.clone(), text, &world.clock).unwrap()["customer"].as_str().map(str::to_owned)
}

#[test]
fn a_key_is_shown_once_and_its_secret_never_again() {
    let world = World::new();
    let made = made(&world, ADMIN, &json!({ "name": "Warehouse", "scopes": ["orders:read"] }));
    assert_eq!((made.status, made.body["scopes"].clone()), (201, json!(["orders:read"])));
    assert_eq!(made.headers["cache-control"], "no-store");
    assert_eq!(service(&world, &made).as_deref(), made.body["customer_id"].as_str());
    let id: KeyId = made.body["key_id"].as_str().unwrap().parse().unwrap();
    let stored = world.run(world.store.api_key(id)).unwrap().unwrap();
    let list = listed(&world, ADMIN);
    assert_eq!(list.body["items"][0]["key_id"], made.body["key_id"]);
    let secret = made.body["api_key"].as_str().unwrap().rsplit('_').next().unwrap();
    let shown = list.body.to_string();
    assert!(
        !shown.contains(secret)
            && !shown.contains(&stored.secret.0)
            && !made.body.to_string().contains(&stored.secret.0)
    );
}

#[test]
fn a_key_that_replaces_another_sees_the_same_orders_and_ends_it_after_the_overlap() {
    let world = World::new();
    let old = made(&world, ADMIN, &json!({ "name": "One", "scopes": ["orders:place", "orders:read"] }));
    let body = json!({ "name": "Two", "replaces": old.body["key_id"], "overlap_seconds": 60, "expires_in_days": 1 });
    let new = made(&world, ADMIN, &body);
    assert_eq!((&new.body["scopes"], &new.body["customer_id"]), (&old.body["scopes"], &old.body["customer_id"]));
    assert_eq!(new.body["replaced"]["key_id"], old.body["key_id"]);
    let owner = service(&world, &new);
    assert!(owner.is_some() && service(&world, &old) == owner);
    world.clock.advance(Duration::from_secs(59));
    assert_eq!(service(&world, &old), owner);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!((service(&world, &old), service(&world, &new)), (None, owner));
    // Once more, longer: what has ended does not come back.
    let body = json!({ "name": "Three", "replaces": old.body["key_id"], "overlap_seconds": 600 });
    assert_eq!(made(&world, ADMIN, &body).status, 201);
    assert_eq!(service(&world, &old), None);
}

#[test]
fn a_key_is_revoked_any_number_of_times() {
    let world = World::new();
    let key = made(&world, ADMIN, &json!({ "name": "One", "scopes": ["orders:read"] }));
    let id = key.body["key_id"].as_str().unwrap();
    assert_eq!((revoked(&world, ADMIN, id).status, service(&world, &key)), (204, None));
    let shown = || listed(&world, ADMIN).body["items"][0].clone();
    let first = shown();
    assert_eq!(first["revoked_by"], ADMIN.0);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(revoked(&world, Who("usr_0000000000000000000000000000000c", "admin"), id).status, 204);
    assert_eq!((&shown()["revoked_at"], &shown()["revoked_by"]), (&first["revoked_at"], &first["revoked_by"]));
    for unknown in ["key_00000000000000000000000000000009", "key_1", ""] {
        assert_eq!(revoked(&world, ADMIN, unknown).problem(), (404, "not-found", None), "{unknown}");
    }
}

#[test]
fn only_administrators_look_after_keys() {
    let world = World::new();
    let body = json!({ "name": "One", "scopes": ["orders:read"] });
    for who in [ANNA, STAFF] {
        for answered in [made(&world, who, &body), listed(&world, who), revoked(&world, who, "key_1")] {
            assert_eq!(answered.problem(), (403, "forbidden", None));
        }
    }
}

#[test]
fn an_end_is_announced_at_each_stage_once_even_by_two_runs_at_once() {
    let world = World::new();
    let keys: Vec<_> = (1..=120).map(|number| api_key(number, NOON)).collect();
    for some in keys.chunks(20) {
        world.run(world.store.save_api_keys(some, &[])).unwrap();
    }
    let warm = world.warm();
    let env = environment::local(world.store.clone(), &warm);
    let run = async || {
        let deadline = Deadline::after(&world.clock, Duration::from_mins(1));
        accounts::notify_expiring_keys::handle(&env, deadline).await.unwrap()
    };
    // Good for one day: only the last notice is left, and every page is looked at.
    let (one, other) = world.run(async { futures::join!(run(), run()) });
    assert_eq!(one + other, 120);
    assert_eq!(world.run(run()), 0);
}
