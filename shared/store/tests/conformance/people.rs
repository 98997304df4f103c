//! Accounts, links, sessions and keys for the tests of the stores.

use domain::{
    Account, AccountChange, AccountEvent, AccountEventType, AccountId, ApiKey, CustomerId, EventId, Identity, KeyId,
    Link, LinkId, LinkKind, Role, Scope, Session, SessionId, SignInFlow, TokenHash, UserId,
};
use uuid::Uuid;

use crate::fixtures::{at, customer};

pub fn account_id(n: u128) -> AccountId {
    AccountId::Customer(customer(n))
}

pub fn identity(subject: &str) -> Identity {
    Identity { issuer: "https://id.example".into(), subject: subject.into() }
}

/// The n-th customer, with this address.
pub fn account(n: u128, email: &str) -> Account {
    Account {
        id: account_id(n),
        role: Role::Customer,
        email: email.parse().unwrap(),
        email_verified_at: None,
        password: None,
        identities: vec![],
        sessions_since: at(0),
        disabled_at: None,
        created_at: at(0),
        updated_at: at(0),
        version: 1,
    }
}

/// An event of the n-th customer, the k-th that is made.
pub fn event(n: u128, k: u128) -> AccountEvent {
    AccountEvent {
        event_id: EventId::from_uuid(Uuid::from_u128(n << 32 | k)),
        event_type: AccountEventType::Registered,
        schema_version: 1,
        account_id: account_id(n),
        link_id: None,
        key_id: None,
        provider: None,
        at: at(i64::try_from(k).unwrap()),
        correlation_id: "corr".into(),
    }
}

pub fn link(n: u128, account: AccountId) -> Link {
    let id = LinkId::from_uuid(Uuid::from_u128(n));
    Link { id, kind: LinkKind::VerifyEmail, account, since: at(0), expires_at: at(86_400) }
}

/// A change that does nothing yet.
pub fn nothing() -> AccountChange {
    AccountChange { before: None, after: None, events: vec![], link: None, uses: None }
}

/// A new account.
pub fn made(account: &Account) -> AccountChange {
    AccountChange { after: Some(account.clone()), ..nothing() }
}

/// An account's next version.
pub fn changed(before: &Account, change: impl FnOnce(&mut Account)) -> AccountChange {
    let mut after = Account { version: before.version + 1, ..before.clone() };
    change(&mut after);
    AccountChange { before: Some(before.clone()), after: Some(after), ..nothing() }
}

/// The end of an account.
pub fn erased(before: &Account) -> AccountChange {
    AccountChange { before: Some(before.clone()), ..nothing() }
}

pub fn hash(text: &str) -> TokenHash {
    TokenHash(text.into())
}

pub fn session(n: u128, account: AccountId) -> Session {
    Session {
        id: SessionId::from_uuid(Uuid::from_u128(n)),
        account,
        since: at(0),
        current: hash("first"),
        previous: None,
        rotated_at: at(0),
        created_at: at(0),
        expires_at: at(86_400),
        version: 1,
    }
}

pub fn flow(state_hash: &str) -> SignInFlow {
    SignInFlow {
        state_hash: state_hash.into(),
        provider: "google".into(),
        nonce: "n".into(),
        code_verifier: "v".into(),
        return_to: "/".into(),
        expires_at: at(600),
    }
}

pub fn key_id(n: u128) -> KeyId {
    KeyId::from_uuid(Uuid::from_u128(n))
}

/// The n-th key, made at this second.
pub fn api_key(n: u128, made: i64) -> ApiKey {
    ApiKey {
        id: key_id(n),
        secret: hash("secret"),
        name: "warehouse".into(),
        scopes: [Scope::OrdersRead].into_iter().collect(),
        customer: CustomerId::from_uuid(Uuid::from_u128(n)),
        created_by: UserId::from_uuid(Uuid::from_u128(9)),
        created_at: at(made),
        expires_at: at(made + 86_400),
        revoked_at: None,
        revoked_by: None,
        last_used_at: None,
        noticed_days: None,
        version: 1,
    }
}
