use std::sync::Arc;
use std::time::Duration;

use api::{ApiError, ProblemType};
use auth::mint::{SigningKey, SigningKeys};
use auth::{TokenKeys, verify};
use domain::{AccountChange, AccountId, CustomerId, PasswordHash, Role};
use futures::future::join_all;
use resilience::{SeededIds, VirtualClock};
use store::MemoryStore;
use uuid::Uuid;

use super::*;
use crate::RefreshKeys;

const NOON: Timestamp = Timestamp::from_seconds(1_795_435_200);

struct World {
    store: MemoryStore,
    clock: VirtualClock,
    ids: SeededIds,
    keys: Keys,
}

fn refresh_keys(keys: &[&str]) -> Arc<RefreshKeys> {
    Arc::new(serde_json::from_value(serde_json::json!({ "keys": keys })).unwrap())
}

const OLD: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const NEW: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

fn anna() -> Account {
    Account {
        id: AccountId::Customer(CustomerId::from_uuid(Uuid::from_u128(1))),
        role: Role::Customer,
        email: "anna@example.com".parse().unwrap(),
        email_verified_at: Some(NOON),
        password: Some(PasswordHash("…".to_owned())),
        identities: vec![],
        sessions_since: NOON,
        disabled_at: None,
        created_at: NOON,
        updated_at: NOON,
        version: 1,
    }
}

impl World {
    /// A house with one customer.
    fn new() -> Self {
        let signing = Arc::new(SigningKeys { keys: vec![SigningKey::generate(NOON).unwrap()] });
        let keys = Keys { signing, refresh: refresh_keys(&[OLD]) };
        let world = Self { store: MemoryStore::new(), clock: VirtualClock::at(NOON), ids: SeededIds::new(1), keys };
        world.save(None, anna());
        world
    }

    fn save(&self, before: Option<Account>, after: Account) {
        let change = AccountChange { before, after: Some(after), events: vec![], link: None, uses: None };
        self.clock.run(self.store.save_account(&change)).unwrap();
    }

    fn issuer(&self) -> Issuer<'_, MemoryStore, VirtualClock, SeededIds> {
        Issuer { sessions: &self.store, keys: self.keys.clone(), clock: &self.clock, ids: &self.ids }
    }

    fn open(&self) -> IssuedTokens {
        self.clock.run(self.issuer().open(&anna(), Delivery::Body)).unwrap()
    }

    fn refresh(&self, shown: &RefreshToken) -> Result<IssuedTokens, ProblemType> {
        let refreshed = self.clock.run(self.issuer().refresh(&self.store, shown, Delivery::Body));
        refreshed.map_err(|error| ApiError::from(error).kind())
    }

    fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

#[test]
fn the_access_token_is_the_accounts_for_fifteen_minutes() {
    let world = World::new();
    let signed_in = world.open();
    let keys: TokenKeys = serde_json::from_value(world.keys.signing.public().unwrap()).unwrap();
    let caller = |seconds| {
        let now = NOON.plus(Duration::from_secs(seconds));
        verify(&signed_in.access_token, &keys, &TokenRules::default(), now)
    };
    assert_eq!(caller(0).unwrap().who.account(), Some(anna().id));
    assert!(caller(899).is_ok() && caller(900).is_err());
}

#[test]
fn a_token_says_when_its_session_was_signed_in_to() {
    let world = World::new();
    let keys: TokenKeys = serde_json::from_value(world.keys.signing.public().unwrap()).unwrap();
    let auth_time = |tokens: &IssuedTokens| {
        verify(&tokens.access_token, &keys, &TokenRules::default(), world.clock.now()).unwrap().auth_time
    };
    let first = world.open();
    assert_eq!(auth_time(&first), Some(NOON));
    world.wait(3600);
    let next = world.refresh(&first.refresh_token).unwrap();
    assert_eq!(auth_time(&next), Some(NOON), "however often it was refreshed");
}

#[test]
fn each_refresh_token_is_good_once() {
    let world = World::new();
    let first = world.open();
    let second = world.refresh(&first.refresh_token).unwrap();
    assert_ne!(second.refresh_token, first.refresh_token);
    assert_ne!(second.access_token, first.access_token);
    world.wait(31);
    let third = world.refresh(&second.refresh_token).unwrap();

    world.wait(31);
    assert_eq!(world.refresh(&second.refresh_token).unwrap_err(), ProblemType::SessionEnded, "somebody has a copy");
    assert_eq!(world.refresh(&third.refresh_token).unwrap_err(), ProblemType::SessionEnded, "nobody knows whose it is");
}

#[test]
fn twenty_at_once_get_the_same_successor() {
    let world = World::new();
    let first = world.open().refresh_token;
    let issuer = world.issuer();
    let all = world.clock.run(join_all((0..20).map(|_| issuer.refresh(&world.store, &first, Delivery::Body))));
    let successors: Vec<_> = all.into_iter().map(|answer| answer.unwrap().refresh_token).collect();
    assert!(successors.iter().all(|token| *token == successors[0]));
    assert!(world.refresh(&successors[0]).is_ok());
}

#[test]
fn a_rotated_key_breaks_no_session() {
    let mut world = World::new();
    let first = world.open().refresh_token;
    let second = world.refresh(&first).unwrap().refresh_token;
    world.keys.refresh = refresh_keys(&[NEW, OLD]);
    assert_eq!(
        world.refresh(&first).unwrap().refresh_token,
        second,
        "the answer got lost, and then the key was rotated"
    );
    let third = world.refresh(&second).unwrap().refresh_token;
    world.keys.refresh = refresh_keys(&[NEW]);
    assert!(world.refresh(&third).is_ok());
}

#[test]
fn a_changed_password_ends_sessions_also_those_that_open_just_then() {
    let world = World::new();
    let open = world.open().refresh_token;
    let changed = Account { sessions_since: NOON.plus(Duration::from_millis(1)), version: 2, ..anna() };
    world.save(Some(anna()), changed.clone());
    // Decided on with the account as it was before; by its clock later than the change.
    world.wait(1);
    let late = world.open().refresh_token;
    assert_eq!(world.refresh(&open).unwrap_err(), ProblemType::SessionEnded);
    assert_eq!(world.refresh(&late).unwrap_err(), ProblemType::SessionEnded);
    let again = world.clock.run(world.issuer().open(&changed, Delivery::Body)).unwrap();
    assert!(world.refresh(&again.refresh_token).is_ok());
}

#[test]
fn a_session_ends_with_its_account_by_hand_and_in_time() {
    let world = World::new();
    let signed_out = world.open().refresh_token;
    world.clock.run(world.issuer().end(&signed_out)).unwrap();
    assert_eq!(world.refresh(&signed_out).unwrap_err(), ProblemType::SessionEnded);

    let month_old = world.open();
    assert_eq!(month_old.lasts, Duration::from_hours(720));
    let erased = world.open().refresh_token;
    world.wait(720 * 3600);
    assert_eq!(world.refresh(&month_old.refresh_token).unwrap_err(), ProblemType::SessionEnded);

    let change = AccountChange { before: Some(anna()), after: None, events: vec![], link: None, uses: None };
    world.clock.run(world.store.save_account(&change)).unwrap();
    assert_eq!(world.refresh(&erased).unwrap_err(), ProblemType::SessionEnded);
}

#[test]
fn without_a_key_nothing_is_opened() {
    let mut world = World::new();
    let tomorrow = SigningKey::generate(NOON.plus(Duration::from_hours(24))).unwrap();
    world.keys.signing = Arc::new(SigningKeys { keys: vec![tomorrow] });
    let refused = world.clock.run(world.issuer().open(&anna(), Delivery::Body)).unwrap_err();
    assert!(matches!(refused, SessionError::NoSigningKey));
}

#[test]
fn the_refresh_token_goes_one_way() {
    let world = World::new();
    for (delivery, in_body) in [(Delivery::Body, true), (Delivery::Cookie, false)] {
        let signed_in = world.clock.run(world.issuer().open(&anna(), delivery)).unwrap();
        let answer = signed_in.answer().unwrap();
        let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!((body["refresh_token"].is_string(), body["expires_in"].as_u64()), (in_body, Some(900)));
        let cookies: Vec<_> = answer.headers().get_all(http::header::SET_COOKIE).iter().collect();
        let begins = |name: &str| cookies.iter().filter(|cookie| cookie.to_str().unwrap().starts_with(name)).count();
        assert_eq!((begins("__Secure-refresh="), begins("__Secure-device=")), (usize::from(!in_body), 1));
        assert!(cookies[0].to_str().unwrap().contains("; HttpOnly; Secure; SameSite=Strict; Path=/v1/auth; Max-Age="));
        let refreshed = world.clock.run(world.issuer().refresh(&world.store, &signed_in.refresh_token, delivery));
        let answer = refreshed.unwrap().answer().unwrap();
        let cookies = answer.headers().get_all(http::header::SET_COOKIE).iter().count();
        assert_eq!(cookies, usize::from(!in_body), "a browser becomes known by signing in");
    }
}
