//! A memory store that notes what is asked of it; clones share it.

use std::cell::RefCell;
use std::rc::Rc;

use domain::{
    Account, AccountChange, AccountId, EmailAddress, Identity, Link, LinkId, Session, SessionId, SignInFlow, Timestamp,
};
use resilience::{Decision, Limit};
use store::{Accounts, JobCheckpoints, KnownAddresses, MemoryStore, RateLimiter, SaveOutcome, Sessions, StoreError};

#[derive(Clone)]
pub struct CountingStore<'a> {
    store: &'a MemoryStore,
    calls: Rc<RefCell<Vec<&'static str>>>,
    has_guards: bool,
}

impl<'a> CountingStore<'a> {
    pub fn new(store: &'a MemoryStore) -> Self {
        Self { store, calls: Rc::default(), has_guards: true }
    }

    /// Its table of limits is out of reach.
    pub fn without_guards(store: &'a MemoryStore) -> Self {
        Self { has_guards: false, ..Self::new(store) }
    }

    pub fn calls(&self) -> Vec<&'static str> {
        self.calls.borrow().clone()
    }

    fn noted(&self, call: &'static str) -> &'a MemoryStore {
        self.calls.borrow_mut().push(call);
        self.store
    }

    fn guards(&self, call: &'static str) -> Result<&'a MemoryStore, StoreError> {
        if self.has_guards { Ok(self.noted(call)) } else { Err(StoreError::Unavailable("out of reach".into())) }
    }
}

impl Accounts for CountingStore<'_> {
    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        self.noted("account").account(id).await
    }

    async fn account_with_email(&self, email: &EmailAddress) -> Result<Option<Account>, StoreError> {
        self.noted("account_with_email").account_with_email(email).await
    }

    async fn account_with_identity(&self, identity: &Identity) -> Result<Option<Account>, StoreError> {
        self.noted("account_with_identity").account_with_identity(identity).await
    }

    async fn save_account(&self, change: &AccountChange) -> Result<SaveOutcome, StoreError> {
        self.noted("save_account").save_account(change).await
    }

    async fn link(&self, id: LinkId) -> Result<Option<Link>, StoreError> {
        self.noted("link").link(id).await
    }
}

impl Sessions for CountingStore<'_> {
    async fn session(&self, account: AccountId, id: SessionId) -> Result<Option<Session>, StoreError> {
        self.noted("session").session(account, id).await
    }

    async fn sessions_of(&self, account: AccountId) -> Result<Vec<Session>, StoreError> {
        self.noted("sessions_of").sessions_of(account).await
    }

    async fn save_session(&self, session: &Session) -> Result<(), StoreError> {
        self.noted("save_session").save_session(session).await
    }

    async fn end_session(&self, account: AccountId, id: SessionId) -> Result<(), StoreError> {
        self.noted("end_session").end_session(account, id).await
    }

    async fn keep_flow(&self, flow: &SignInFlow) -> Result<(), StoreError> {
        self.noted("keep_flow").keep_flow(flow).await
    }

    async fn take_flow(&self, state_hash: &str) -> Result<Option<SignInFlow>, StoreError> {
        self.noted("take_flow").take_flow(state_hash).await
    }
}

impl RateLimiter for CountingStore<'_> {
    async fn take(&self, bucket: &str, limit: Limit, now: Timestamp) -> Result<Decision, StoreError> {
        self.guards("take")?.take(bucket, limit, now).await
    }

    async fn give_back(&self, bucket: &str, limit: Limit, now: Timestamp) -> Result<(), StoreError> {
        self.guards("give_back")?.give_back(bucket, limit, now).await
    }
}

impl KnownAddresses for CountingStore<'_> {
    async fn remember(&self, key: &str, until: Timestamp) -> Result<(), StoreError> {
        self.guards("remember")?.remember(key, until).await
    }

    async fn remembers(&self, key: &str, now: Timestamp) -> Result<bool, StoreError> {
        self.guards("remembers")?.remembers(key, now).await
    }
}

impl JobCheckpoints for CountingStore<'_> {
    async fn checkpoint(&self, job: &str, now: Timestamp) -> Result<Option<String>, StoreError> {
        self.guards("checkpoint")?.checkpoint(job, now).await
    }

    async fn save_checkpoint(&self, job: &str, place: &str, until: Timestamp) -> Result<(), StoreError> {
        self.guards("save_checkpoint")?.save_checkpoint(job, place, until).await
    }
}
