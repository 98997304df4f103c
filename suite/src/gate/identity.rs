//! Accounts, sessions, API keys and guards behind the gate.

use std::time::Duration;

use domain::{
    Account, AccountChange, AccountEvent, AccountId, ApiKey, CustomerId, EmailAddress, Identity, KeyId, Link, LinkId,
    ReservationAttempt, Session, SessionId, SignInFlow, Timestamp,
};
use resilience::{Decision, Limit};
use store::{
    Accounts, Announcement, ApiKeys, JobCheckpoints, KnownAddresses, Page, PageRequest, RateLimiter,
    ReservationAttempts, SaveOutcome, Sessions, StoreError,
};
use uuid::Uuid;

use super::StoreGate;
use super::effects::{conditional, read, write};
use crate::ports::Stores;

impl<S: Stores> Accounts for StoreGate<'_, S> {
    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        self.gate.around(read("accounts.account"), self.store.accounts().account(id)).await
    }

    async fn account_with_email(&self, email: &EmailAddress) -> Result<Option<Account>, StoreError> {
        self.gate.around(read("accounts.account_with_email"), self.store.accounts().account_with_email(email)).await
    }

    async fn account_with_identity(&self, identity: &Identity) -> Result<Option<Account>, StoreError> {
        self.gate
            .around(read("accounts.account_with_identity"), self.store.accounts().account_with_identity(identity))
            .await
    }

    async fn save_account(&self, change: &AccountChange) -> Result<SaveOutcome, StoreError> {
        self.gate.around(conditional("accounts.save_account"), self.store.accounts().save_account(change)).await
    }

    async fn link(&self, id: LinkId) -> Result<Option<Link>, StoreError> {
        self.gate.around(read("accounts.link"), self.store.accounts().link(id)).await
    }
}

impl<S: Stores> Sessions for StoreGate<'_, S> {
    async fn session(&self, account: AccountId, id: SessionId) -> Result<Option<Session>, StoreError> {
        self.gate.around(read("sessions.session"), self.store.sessions().session(account, id)).await
    }

    async fn sessions_of(&self, account: AccountId) -> Result<Vec<Session>, StoreError> {
        self.gate.around(read("sessions.sessions_of"), self.store.sessions().sessions_of(account)).await
    }

    async fn save_session(&self, session: &Session) -> Result<(), StoreError> {
        self.gate.around(conditional("sessions.save_session"), self.store.sessions().save_session(session)).await
    }

    async fn end_session(&self, account: AccountId, id: SessionId) -> Result<(), StoreError> {
        self.gate.around(write("sessions.end_session"), self.store.sessions().end_session(account, id)).await
    }

    async fn keep_flow(&self, flow: &SignInFlow) -> Result<(), StoreError> {
        self.gate.around(write("sessions.keep_flow"), self.store.sessions().keep_flow(flow)).await
    }

    async fn take_flow(&self, state_hash: &str) -> Result<Option<SignInFlow>, StoreError> {
        self.gate.around(write("sessions.take_flow"), self.store.sessions().take_flow(state_hash)).await
    }
}

impl<S: Stores> ApiKeys for StoreGate<'_, S> {
    async fn api_key(&self, id: KeyId) -> Result<Option<ApiKey>, StoreError> {
        self.gate.around(read("api_keys.api_key"), self.store.api_keys().api_key(id)).await
    }

    async fn save_api_keys(&self, keys: &[ApiKey], events: &[AccountEvent]) -> Result<(), StoreError> {
        self.gate.around(conditional("api_keys.save_api_keys"), self.store.api_keys().save_api_keys(keys, events)).await
    }

    async fn record_use(&self, id: KeyId, at: Timestamp) -> Result<(), StoreError> {
        self.gate.around(write("api_keys.record_use"), self.store.api_keys().record_use(id, at)).await
    }

    async fn api_keys(&self, page: &PageRequest) -> Result<Page<ApiKey>, StoreError> {
        self.gate.around(read("api_keys.api_keys"), self.store.api_keys().api_keys(page)).await
    }
}

impl<S: Stores> RateLimiter for StoreGate<'_, S> {
    async fn take(&self, bucket: &str, limit: Limit, now: Timestamp) -> Result<Decision, StoreError> {
        self.gate.around(write("rate_limiter.take"), self.store.guards().take(bucket, limit, now)).await
    }

    async fn give_back(&self, bucket: &str, limit: Limit, now: Timestamp) -> Result<(), StoreError> {
        self.gate.around(write("rate_limiter.give_back"), self.store.guards().give_back(bucket, limit, now)).await
    }
}

impl<S: Stores> KnownAddresses for StoreGate<'_, S> {
    async fn remember(&self, key: &str, until: Timestamp) -> Result<(), StoreError> {
        self.gate.around(write("known_addresses.remember"), self.store.guards().remember(key, until)).await
    }

    async fn remembers(&self, key: &str, now: Timestamp) -> Result<bool, StoreError> {
        self.gate.around(read("known_addresses.remembers"), self.store.guards().remembers(key, now)).await
    }
}

impl<S: Stores> JobCheckpoints for StoreGate<'_, S> {
    async fn checkpoint(&self, job: &str, now: Timestamp) -> Result<Option<String>, StoreError> {
        self.gate.around(read("job_checkpoints.checkpoint"), self.store.guards().checkpoint(job, now)).await
    }

    async fn save_checkpoint(&self, job: &str, place: &str, until: Timestamp) -> Result<(), StoreError> {
        self.gate
            .around(write("job_checkpoints.save_checkpoint"), self.store.guards().save_checkpoint(job, place, until))
            .await
    }
}

impl<S: Stores> ReservationAttempts for StoreGate<'_, S> {
    async fn announce(
        &self,
        customer: CustomerId,
        attempt: &ReservationAttempt,
        window: Duration,
        now: Timestamp,
    ) -> Result<Announcement, StoreError> {
        let announced = self.store.reservation_attempts().announce(customer, attempt, window, now);
        self.gate.around(write("reservation_attempts.announce").of(attempt.order), announced).await
    }

    async fn withdraw(&self, customer: CustomerId, id: Uuid) -> Result<(), StoreError> {
        let withdrawn = self.store.reservation_attempts().withdraw(customer, id);
        self.gate.around(write("reservation_attempts.withdraw"), withdrawn).await
    }
}
