//! Repositories of the identity table: accounts, their sessions and links, and API keys.

use domain::{
    Account, AccountChange, AccountEvent, AccountId, ApiKey, EmailAddress, Identity, KeyId, Link, LinkId, Session,
    SessionId, SignInFlow, Timestamp,
};

use crate::orders::EVENT;
use crate::{Page, PageRequest, StoreError};

/// The outcome of saving a change of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaveOutcome {
    /// The change is stored, with everything that belongs to it.
    Saved,
    /// Another account has the email address or the OpenID identity. Nothing was stored.
    Taken,
    /// The link that the change uses up is gone. Nothing was stored.
    LinkGone,
}

/// The repository of accounts. Email addresses are compared regardless of case.
pub trait Accounts {
    /// The account as it is now (a consistent read).
    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError>;

    /// The account with this email address, verified or not.
    async fn account_with_email(&self, email: &EmailAddress) -> Result<Option<Account>, StoreError>;

    /// The account with this OpenID identity.
    async fn account_with_identity(&self, identity: &Identity) -> Result<Option<Account>, StoreError>;

    /// Stores a change of an account in one transaction: the account, on condition that it has not changed meanwhile,
    /// its claim on address and identities, the events and the new link; and deletes the used link. A change from
    /// nothing to nothing stores events and link alone. A change is identified by its events: when one of them is
    /// stored, all of it is.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] when the stored version is not the one before, or the new one not the next. A write
    /// that took effect although its answer was lost is recognised and is no conflict. Of several reasons, the one that
    /// no other decision could avoid is reported: first a missing link, then the conflict, then a taken address or
    /// identity.
    async fn save_account(&self, change: &AccountChange) -> Result<SaveOutcome, StoreError>;

    /// A mailed link that was not used yet; it may have expired.
    async fn link(&self, id: LinkId) -> Result<Option<Link>, StoreError>;
}

/// The repository of sessions and of sign-ins in progress. It may still return what has expired: callers compare the
/// time.
pub trait Sessions {
    /// The session as it is now (a consistent read).
    async fn session(&self, account: AccountId, id: SessionId) -> Result<Option<Session>, StoreError>;

    /// The account's sessions, in any order (a consistent read). For operators: no function reads them.
    async fn sessions_of(&self, account: AccountId) -> Result<Vec<Session>, StoreError>;

    /// Stores the next version of a session, or the first one of a new session.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] when the stored version is not the one before, or the session was ended.
    async fn save_session(&self, session: &Session) -> Result<(), StoreError>;

    /// Ends a session: its tokens are no longer valid. Ending it again changes nothing.
    async fn end_session(&self, account: AccountId, id: SessionId) -> Result<(), StoreError>;

    /// Stores a sign-in that was redirected to an OpenID provider.
    async fn keep_flow(&self, flow: &SignInFlow) -> Result<(), StoreError>;

    /// Takes such a sign-in out. Of several concurrent callers, one gets it.
    async fn take_flow(&self, state_hash: &str) -> Result<Option<SignInFlow>, StoreError>;
}

/// The repository of API keys.
pub trait ApiKeys {
    /// The key with this id (a consistent read, though an eventually consistent one would do).
    async fn api_key(&self, id: KeyId) -> Result<Option<ApiKey>, StoreError>;

    /// Stores the next versions of these keys and their events in one transaction. It does not touch when a key was
    /// last used.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] when a stored version is not the one before.
    async fn save_api_keys(&self, keys: &[ApiKey], events: &[AccountEvent]) -> Result<(), StoreError>;

    /// Records when a key was last used, without a new version. A deleted key stays deleted, and an earlier time
    /// changes nothing.
    async fn record_use(&self, id: KeyId, at: Timestamp) -> Result<(), StoreError>;

    /// All keys, newest first.
    async fn api_keys(&self, page: &PageRequest) -> Result<Page<ApiKey>, StoreError>;
}

/// The sort key of API keys in their list: newest first, ties by id.
pub(crate) fn listed_by(key: &ApiKey) -> String {
    format!("{}#{}", key.created_at, key.id)
}

/// The partition and the sort key of an account event: text order of the latter is the order of events, as far as clocks
/// agree. The partition is not the account's, so that whoever may write an event may not write an account.
pub fn account_event_key(event: &AccountEvent) -> [String; 2] {
    [format!("events#{}", event.account_id), format!("{EVENT}{}#{}", event.at, event.event_id)]
}

/// The version that the stored account must have; 0: there must be none.
pub(crate) fn previous_version(change: &AccountChange) -> Result<u64, StoreError> {
    let previous = change.before.as_ref().map_or(0, |before| before.version);
    let fits = change.after.as_ref().is_none_or(|after| after.version == previous + 1);
    if fits { Ok(previous) } else { Err(StoreError::Conflict) }
}
