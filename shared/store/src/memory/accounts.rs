//! Accounts, sessions and API keys in memory.

use domain::{
    Account, AccountChange, AccountEvent, AccountId, ApiKey, EmailAddress, Identity, KeyId, Link, LinkId, Session,
    SessionId, SignInFlow, Timestamp,
};

use super::{MemoryStore, State};
use crate::accounts::{listed_by, previous_version};
use crate::{Accounts, ApiKeys, Cursor, Page, PageRequest, SaveOutcome, Sessions, StoreError};

impl Accounts for MemoryStore {
    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        Ok(self.state.borrow().accounts.get(&id).cloned())
    }

    async fn account_with_email(&self, email: &EmailAddress) -> Result<Option<Account>, StoreError> {
        Ok(self.state.borrow().holder(|account| account.email.lower_case() == email.lower_case()).cloned())
    }

    async fn account_with_identity(&self, identity: &Identity) -> Result<Option<Account>, StoreError> {
        Ok(self.state.borrow().holder(|account| account.identities.contains(identity)).cloned())
    }

    async fn save_account(&self, change: &AccountChange) -> Result<SaveOutcome, StoreError> {
        let mut state = self.state.borrow_mut();
        let previous = previous_version(change)?;
        if state.is_told(&change.events) {
            return Ok(SaveOutcome::Saved);
        }
        if change.uses.is_some_and(|id| !state.links.contains_key(&id)) {
            return Ok(SaveOutcome::LinkGone);
        }
        if let Some(id) = change.after.as_ref().or(change.before.as_ref()).map(|account| account.id)
            && state.accounts.get(&id).map_or(0, |stored| stored.version) != previous
        {
            return Err(StoreError::Conflict);
        }
        if change.after.as_ref().is_some_and(|after| state.is_taken(after)) {
            return Ok(SaveOutcome::Taken);
        }
        state.write_account(change);
        Ok(SaveOutcome::Saved)
    }

    async fn link(&self, id: LinkId) -> Result<Option<Link>, StoreError> {
        Ok(self.state.borrow().links.get(&id).cloned())
    }
}

impl Sessions for MemoryStore {
    async fn session(&self, account: AccountId, id: SessionId) -> Result<Option<Session>, StoreError> {
        Ok(self.state.borrow().sessions.get(&(account, id)).cloned())
    }

    async fn sessions_of(&self, account: AccountId) -> Result<Vec<Session>, StoreError> {
        let state = self.state.borrow();
        Ok(state.sessions.values().filter(|session| session.account == account).cloned().collect())
    }

    async fn save_session(&self, session: &Session) -> Result<(), StoreError> {
        let (mut state, key) = (self.state.borrow_mut(), (session.account, session.id));
        if state.sessions.get(&key).map_or(0, |stored| stored.version) + 1 != session.version {
            return Err(StoreError::Conflict);
        }
        state.sessions.insert(key, session.clone());
        Ok(())
    }

    async fn end_session(&self, account: AccountId, id: SessionId) -> Result<(), StoreError> {
        self.state.borrow_mut().sessions.remove(&(account, id));
        Ok(())
    }

    async fn keep_flow(&self, flow: &SignInFlow) -> Result<(), StoreError> {
        self.state.borrow_mut().flows.insert(flow.state_hash.clone(), flow.clone());
        Ok(())
    }

    async fn take_flow(&self, state_hash: &str) -> Result<Option<SignInFlow>, StoreError> {
        Ok(self.state.borrow_mut().flows.remove(state_hash))
    }
}

impl ApiKeys for MemoryStore {
    async fn api_key(&self, id: KeyId) -> Result<Option<ApiKey>, StoreError> {
        Ok(self.state.borrow().api_keys.get(&id).cloned())
    }

    async fn save_api_keys(&self, keys: &[ApiKey], events: &[AccountEvent]) -> Result<(), StoreError> {
        let mut state = self.state.borrow_mut();
        if state.is_told(events) {
            return Ok(());
        }
        let is_next = |key: &ApiKey| state.api_keys.get(&key.id).map_or(0, |it| it.version) + 1 == key.version;
        if !keys.iter().all(is_next) {
            return Err(StoreError::Conflict);
        }
        for key in keys {
            let last_used_at = state.api_keys.get(&key.id).and_then(|stored| stored.last_used_at);
            state.api_keys.insert(key.id, ApiKey { last_used_at, ..key.clone() });
        }
        state.account_stream.extend_from_slice(events);
        Ok(())
    }

    async fn record_use(&self, id: KeyId, at: Timestamp) -> Result<(), StoreError> {
        if let Some(key) = self.state.borrow_mut().api_keys.get_mut(&id) {
            key.last_used_at = key.last_used_at.max(Some(at));
        }
        Ok(())
    }

    async fn api_keys(&self, page: &PageRequest) -> Result<Page<ApiKey>, StoreError> {
        let state = self.state.borrow();
        let is_after = |key: &&ApiKey| {
            page.after.as_ref().map(Cursor::sort_key).is_none_or(|after| listed_by(key).as_str() < after)
        };
        let mut found: Vec<ApiKey> = state.api_keys.values().filter(is_after).cloned().collect();
        found.sort_by_key(|key| std::cmp::Reverse(listed_by(key)));
        found.truncate(page.limit + 1);
        Ok(Page::cut(found, page.limit, listed_by))
    }
}

impl State {
    fn holder(&self, holds: impl Fn(&Account) -> bool) -> Option<&Account> {
        self.accounts.values().find(|account| holds(account))
    }

    /// Whether one of these events is stored: then the whole change is.
    fn is_told(&self, events: &[AccountEvent]) -> bool {
        let is_told = |event: &AccountEvent| self.account_stream.iter().any(|told| told.event_id == event.event_id);
        events.iter().any(is_told)
    }

    /// Whether another account has its address or one of its identities.
    fn is_taken(&self, account: &Account) -> bool {
        let shares = |other: &Account| {
            other.email.lower_case() == account.email.lower_case()
                || other.identities.iter().any(|identity| account.identities.contains(identity))
        };
        self.holder(|other| other.id != account.id && shares(other)).is_some()
    }

    fn write_account(&mut self, change: &AccountChange) {
        match (&change.before, &change.after) {
            (_, Some(after)) => drop(self.accounts.insert(after.id, after.clone())),
            (Some(before), None) => drop(self.accounts.remove(&before.id)),
            (None, None) => {}
        }
        if let Some(used) = change.uses {
            self.links.remove(&used);
        }
        if let Some(link) = &change.link {
            self.links.insert(link.id, link.clone());
        }
        self.account_stream.extend_from_slice(&change.events);
    }
}
