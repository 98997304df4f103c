//! A house with a few accounts, a link of each kind, and somebody who is signed in.

use api::{ApiError, Edge, Request, Response};
use domain::{
    Account, AccountChange, AccountId, CustomerId, Identity, Link, LinkId, LinkKind, PasswordHash, Role, Session,
    SessionId, Timestamp, TokenHash,
};
use passwords::Passwords;
use resilience::VirtualClock;
use sandbox::{SandboxTransport, Settings, Shared};
use serde_json::json;
use store::{Accounts, JobCheckpoints, KnownAddresses, MemoryStore, RateLimiter, Sessions};
use suite::secrets;
use uuid::Uuid;

use crate::api::world::{HandlerResponse, NOON, read};
use crate::environment::{self, Warmed};

/// Of `correct horse 1`, with the current parameters and with weaker ones; made by the reference implementation.
pub const HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c2FsdCBvZiBhIHNhbXBsZQ$wQDthHmBpv/pF6VA0z1pMAyvT0VWw+zkqPuVNXW8Gwk";
const WEAK_HASH: &str =
    "$argon2id$v=19$m=1024,t=1,p=1$c2FsdCBvZiBhIHNhbXBsZQ$1dfTo3/3riJ4gvGVBpcebqs8LrkbsOpLVlW1dqRTSJQ";
/// Base64 of 32 bytes of seven: the samples' links are signed with it.
const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
/// SHA-256 of the samples' refresh token's secret, `ab` 32 times.
const REFRESH_HASH: &str = "271a413bd339c5709fdceaec41f14f11e9fbfb5042d72d331c65f32b284cd09a";

pub struct AccountsFixture {
    pub store: MemoryStore,
    clock: VirtualClock,
    warm: Warmed<SandboxTransport<VirtualClock>>,
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
        disabled_at: None,
        created_at: at(-60),
        updated_at: at(-60),
        version: 1,
    }
}

fn link(number: u128, kind: LinkKind, account: &Account, seconds: i64) -> Link {
    let (id, since) = (LinkId::from_uuid(Uuid::from_u128(number)), account.sessions_since);
    Link { id, kind, account: account.id, since, expires_at: at(seconds) }
}

impl AccountsFixture {
    /// Anna is signed in and can reset her password, by one of two links; Ben's address waits to be verified; Cara signs
    /// in with Google alone; Emil's password was hashed long ago; Fran's account is disabled.
    pub fn new() -> Self {
        let anna = account(1, "anna@example.com");
        let ben = Account { email_verified_at: None, ..account(2, "ben@example.com") };
        let google = Identity { issuer: "https://accounts.google.com".to_owned(), subject: "1".to_owned() };
        let cara = Account { password: None, identities: vec![google], ..account(3, "cara@example.com") };
        let weak = Some(PasswordHash(WEAK_HASH.to_owned()));
        let emil = Account { password: weak, ..account(5, "emil@example.com") };
        let fixture = Self::empty();
        let (verify, reset) = (LinkKind::VerifyEmail, LinkKind::ResetPassword);
        fixture.save(&anna, Some(link(2, reset, &anna, 60)));
        fixture.save(&ben, Some(link(1, verify, &ben, 60)));
        fixture.save(&cara, Some(link(3, reset, &anna, 0)));
        fixture.save(&emil, None);
        fixture.save(&Account { disabled_at: Some(at(-30)), ..account(6, "fran@example.com") }, None);
        let id = SessionId::from_uuid(Uuid::from_u128(1));
        let session = Session::begin(id, &anna, TokenHash(REFRESH_HASH.to_owned()), at(-60));
        fixture.clock.run(fixture.store.save_session(&session)).unwrap();
        fixture
    }

    fn empty() -> Self {
        let (sandbox, clock) = (Shared::new(Settings::default()), VirtualClock::at(at(0)));
        let own = [secrets::LINK_KEYS, secrets::REFRESH_KEYS].map(|id| (id, json!({ "keys": [KEY] })));
        let settings = environment::settings(&sandbox, at(0), own);
        let warm = environment::warm(settings, SandboxTransport::new(sandbox, clock.clone()), &clock);
        Self { store: MemoryStore::new(), clock, warm }
    }

    fn save(&self, account: &Account, link: Option<Link>) {
        let change = AccountChange { before: None, after: Some(account.clone()), events: vec![], link, uses: None };
        self.clock.run(self.store.save_account(&change)).unwrap();
    }

    /// Does what `cargo cis account disable` does.
    pub fn disable(&self, email: &str) {
        let disabled = self.account(email).disable(at(0)).unwrap();
        self.clock.run(self.store.save_account(&disabled)).unwrap();
    }

    pub fn account(&self, email: &str) -> Account {
        self.find(email).unwrap()
    }

    pub fn find(&self, email: &str) -> Option<Account> {
        self.clock.run(self.store.account_with_email(&email.parse().unwrap())).unwrap()
    }

    /// What hashes and compares.
    pub fn passwords(&self) -> &Passwords {
        self.warm.passwords()
    }

    /// One call of a function, through everything that Lambda would have it go through.
    pub fn call(&self, function: &str, request: Request) -> HandlerResponse {
        let env = environment::local(self.store.clone(), &self.warm);
        self.through_the_edge(function, request, async |request| suite::request(function, &env, request).await)
    }

    /// The same with a store that knows accounts alone, for the functions whose work must tell nothing. What the edge
    /// takes is not taken from the store.
    pub fn call_with<S: Accounts + Sessions + RateLimiter + KnownAddresses + JobCheckpoints>(
        &self,
        store: S,
        function: &str,
        request: Request,
    ) -> HandlerResponse {
        let env = &environment::local(store, &self.warm);
        self.through_the_edge(function, request, async |request| match function {
            "login" => accounts::login::handle(env, request).await,
            "register" => accounts::register::handle(env, request).await,
            "request-password-reset" => accounts::request_password_reset::handle(env, request).await,
            other => panic!("{other} is called with all repositories"),
        })
    }

    fn through_the_edge(
        &self,
        function: &str,
        request: Request,
        handler: impl AsyncFnOnce(Request) -> Result<Response, ApiError>,
    ) -> HandlerResponse {
        let (_, endpoint) = *suite::ENDPOINTS.iter().find(|(name, _)| *name == function).unwrap();
        let edge = Edge { guards: &MemoryStore::new(), clock: &self.clock, scale: 1 };
        read(self.clock.run(api::respond(&edge, endpoint, request, handler)))
    }
}
