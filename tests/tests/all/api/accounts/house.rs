//! A house with a few accounts, a link of each kind, and somebody who is signed in.

use std::sync::Arc;

use api::{ApiError, Edge, Request, Response};
use auth::LinkKeys;
use auth::mint::{SigningKey, SigningKeys};
use domain::{
    Account, AccountChange, AccountId, CustomerId, Identity, Link, LinkId, LinkKind, PasswordHash, Role, Session,
    SessionId, Timestamp, TokenHash,
};
use passwords::Passwords;
use resilience::{SeededIds, VirtualClock};
use serde_json::json;
use sessions::{AllowedOrigins, Issuer, Keys};
use store::{Accounts, Guards, MemoryStore, Sessions};
use uuid::Uuid;

use crate::api::world::{Answered, NOON, read};

/// Of `correct horse 1`, with the parameters of now and with weaker ones; made by the reference implementation.
pub const HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c2FsdCBvZiBhIHNhbXBsZQ$wQDthHmBpv/pF6VA0z1pMAyvT0VWw+zkqPuVNXW8Gwk";
const WEAK_HASH: &str =
    "$argon2id$v=19$m=1024,t=1,p=1$c2FsdCBvZiBhIHNhbXBsZQ$1dfTo3/3riJ4gvGVBpcebqs8LrkbsOpLVlW1dqRTSJQ";
/// Base64 of 32 bytes of seven: the samples' links are signed with it.
const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
/// SHA-256 of the samples' refresh token's secret, `ab` 32 times.
const REFRESH_HASH: &str = "271a413bd339c5709fdceaec41f14f11e9fbfb5042d72d331c65f32b284cd09a";

pub struct House {
    pub store: MemoryStore,
    pub passwords: Passwords,
    clock: VirtualClock,
    ids: SeededIds,
    keys: Keys,
    links: LinkKeys,
    origins: AllowedOrigins,
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(NOON + seconds)
}

/// Somebody with a verified address and the password of all samples.
fn account(number: u128, email: &str) -> Account {
    Account {
        id: AccountId::Customer(CustomerId::from_uuid(Uuid::from_u128(number))),
        role: Role::Customer,
        email: email.parse().unwrap(),
        email_verified_at: Some(at(-60)),
        password: Some(PasswordHash(HASH.to_owned())),
        identities: vec![],
        sessions_since: at(-60),
        created_at: at(-60),
        updated_at: at(-60),
        version: 1,
    }
}

fn link(number: u128, kind: LinkKind, account: &Account, seconds: i64) -> Link {
    Link { id: LinkId::from_uuid(Uuid::from_u128(number)), kind, account: account.id, expires_at: at(seconds) }
}

impl House {
    /// Anna is signed in and can reset her password, by one of two links; Ben's address waits to be verified; Cara signs
    /// in with Google alone; Emil's password was hashed long ago.
    pub fn new() -> Self {
        let anna = account(1, "anna@example.com");
        let ben = Account { email_verified_at: None, ..account(2, "ben@example.com") };
        let google = Identity { issuer: "https://accounts.google.com".to_owned(), subject: "1".to_owned() };
        let cara = Account { password: None, identities: vec![google], ..account(3, "cara@example.com") };
        let weak = Some(PasswordHash(WEAK_HASH.to_owned()));
        let emil = Account { password: weak, ..account(5, "emil@example.com") };
        let house = Self::empty();
        let (verify, reset) = (LinkKind::VerifyEmail, LinkKind::ResetPassword);
        house.save(&anna, Some(link(2, reset, &anna, 60)));
        house.save(&ben, Some(link(1, verify, &ben, 60)));
        house.save(&cara, Some(link(3, reset, &anna, 0)));
        house.save(&emil, None);
        let id = SessionId::from_uuid(Uuid::from_u128(1));
        let session = Session::begin(id, &anna, TokenHash(REFRESH_HASH.to_owned()), at(-60));
        house.clock.run(house.store.save_session(&session)).unwrap();
        house
    }

    fn empty() -> Self {
        let signing = Arc::new(SigningKeys { keys: vec![SigningKey::generate(at(0)).unwrap()] });
        let refresh = serde_json::from_value(json!({ "keys": [KEY] })).unwrap();
        Self {
            store: MemoryStore::new(),
            passwords: Passwords::default(),
            clock: VirtualClock::at(at(0)),
            ids: SeededIds::new(3),
            keys: Keys { signing, refresh: Arc::new(refresh) },
            links: serde_json::from_value(json!({ "keys": [KEY] })).unwrap(),
            origins: "https://shop.example.com".parse().unwrap(),
        }
    }

    fn save(&self, account: &Account, link: Option<Link>) {
        let change = AccountChange { before: None, after: Some(account.clone()), events: vec![], link, uses: None };
        self.clock.run(self.store.save_account(&change)).unwrap();
    }

    pub fn account(&self, email: &str) -> Account {
        self.find(email).unwrap()
    }

    pub fn find(&self, email: &str) -> Option<Account> {
        self.clock.run(self.store.account_with_email(&email.parse().unwrap())).unwrap()
    }

    /// One call of a function with this store, through everything that Lambda would have it go through. What the edge
    /// takes is not taken from the store.
    pub fn call(&self, store: &(impl Accounts + Sessions + Guards), function: &str, request: Request) -> Answered {
        let (_, endpoint) = *suite::ENDPOINTS.iter().find(|(name, _)| *name == function).unwrap();
        let edge = Edge { guards: MemoryStore::new(), clock: &self.clock, scale: 1 };
        let handler = async |request| self.handle(store, function, request).await;
        read(self.clock.run(api::respond(&edge, endpoint, request, handler)))
    }

    /// Runs a function's handler with this store.
    pub async fn handle(
        &self,
        store: &(impl Accounts + Sessions + Guards),
        function: &str,
        request: Request,
    ) -> Result<Response, ApiError> {
        let Self { passwords, clock, ids, links, origins, .. } = self;
        let issuer = &Issuer { sessions: store, keys: self.keys.clone(), clock, ids };
        match function {
            "change-password" => {
                accounts::change_password::handle(store, store, issuer, passwords, origins, request).await
            }
            "erase-me" => accounts::erase_me::handle(store, store, passwords, clock, ids, request).await,
            "get-me" => accounts::get_me::handle(store, request).await,
            "login" => accounts::login::handle(store, store, issuer, passwords, origins, request).await,
            "logout" => accounts::logout::handle(store, origins, request).await,
            "refresh-token" => accounts::refresh_token::handle(store, issuer, origins, request).await,
            "register" => accounts::register::handle(store, store, passwords, clock, ids, request).await,
            "request-password-reset" => {
                accounts::request_password_reset::handle(store, store, clock, ids, request).await
            }
            "reset-password" => {
                accounts::reset_password::handle(store, store, passwords, links, clock, ids, request).await
            }
            "verify-email" => {
                accounts::verify_email::handle(store, store, issuer, passwords, links, origins, request).await
            }
            other => panic!("no such function: {other}"),
        }
    }
}
