//! Accounts, their sessions and links, and API keys: what the identity table holds.

use domain::{
    Account, AccountChange, AccountEvent, AccountId, ApiKey, EmailAddress, Identity, KeyId, Link, LinkId, Session,
    SessionId, SignInFlow, Timestamp,
};

use crate::orders::EVENT;
use crate::{Page, PageRequest, StoreError};

/// What became of a change of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaveOutcome {
    /// It is stored, with everything that belongs to it.
    Saved,
    /// Another account has the address, or the OpenID identity. Nothing was stored.
    Taken,
    /// The link that the change uses up is not there any more. Nothing was stored.
    LinkGone,
}

/// The repository of accounts. Addresses are compared without the case of their letters.
pub trait Accounts {
    /// The account as it is now (a consistent read).
    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError>;

    /// The account that has this address, verified or not.
    async fn account_with_email(&self, email: &EmailAddress) -> Result<Option<Account>, StoreError>;

    /// The account that this OpenID identity belongs to.
    async fn account_with_identity(&self, identity: &Identity) -> Result<Option<Account>, StoreError>;

    /// Stores a change of an account, all or nothing: the account on condition that nobody changed it in between, its
    /// hold on address and identities, the events, the new link; and deletes the link that was used. A change from
    /// nothing to nothing stores events and link alone. A change is known by its events: where one of them is stored
    /// already, all of it is.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] when the stored version is not the one before, or the new one not the next. A write that
    /// took effect while its answer was lost is recognised and is no conflict. What no other decision mends is said
    /// first: the link is gone, then the conflict, then that something is taken.
    async fn save_account(&self, change: &AccountChange) -> Result<SaveOutcome, StoreError>;

    /// A link that was mailed and not used yet; it may have expired.
    async fn link(&self, id: LinkId) -> Result<Option<Link>, StoreError>;
}

/// The repository of sessions and of sign-ins under way. What has expired may still be found: whoever asks compares.
pub trait Sessions {
    /// The session as it is now (a consistent read).
    async fn session(&self, account: AccountId, id: SessionId) -> Result<Option<Session>, StoreError>;

    /// Stores a session's next version, the first for a new one.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] when the stored version is not the one before, also where the session was ended.
    async fn save_session(&self, session: &Session) -> Result<(), StoreError>;

    /// Ends a session: none of its tokens is good any more. A second time changes nothing.
    async fn end_session(&self, account: AccountId, id: SessionId) -> Result<(), StoreError>;

    /// Keeps a sign-in that was sent to an OpenID provider.
    async fn keep_flow(&self, flow: &SignInFlow) -> Result<(), StoreError>;

    /// Takes such a sign-in out: of several who ask, one gets it.
    async fn take_flow(&self, state_hash: &str) -> Result<Option<SignInFlow>, StoreError>;
}

/// The repository of API keys.
pub trait ApiKeys {
    /// The key of this id (an eventually consistent read would do; this one is consistent).
    async fn api_key(&self, id: KeyId) -> Result<Option<ApiKey>, StoreError>;

    /// Stores the next versions of these keys and the events that tell of them, all or nothing. When a key was last used
    /// is left as it is.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] when a stored version is not the one before.
    async fn save_api_keys(&self, keys: &[ApiKey], events: &[AccountEvent]) -> Result<(), StoreError>;

    /// Notes when a key was last seen, without a version of its own. A key that is gone stays gone, an earlier moment
    /// changes nothing.
    async fn record_use(&self, id: KeyId, at: Timestamp) -> Result<(), StoreError>;

    /// All keys, newest first.
    async fn api_keys(&self, page: &PageRequest) -> Result<Page<ApiKey>, StoreError>;
}

/// What API keys are listed by: newest first, ties by id.
pub(crate) fn listed_by(key: &ApiKey) -> String {
    format!("{}#{}", key.created_at, key.id)
}

/// An account event's sort key in the table: text order is the order of events, as far as clocks agree.
pub fn account_event_key(event: &AccountEvent) -> String {
    format!("{EVENT}{}#{}", event.at, event.event_id)
}

/// The version that the stored account must have; 0: there must be none.
pub(crate) fn previous_version(change: &AccountChange) -> Result<u64, StoreError> {
    let previous = change.before.as_ref().map_or(0, |before| before.version);
    let fits = change.after.as_ref().is_none_or(|after| after.version == previous + 1);
    if fits { Ok(previous) } else { Err(StoreError::Conflict) }
}
