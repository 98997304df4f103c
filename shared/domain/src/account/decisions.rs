//! What may happen to an account: each decision answers with everything that is then written at once.

use std::time::Duration;

use super::{
    ACCOUNT_EVENT_SCHEMA_VERSION, Account, AccountChange, AccountEvent, AccountEventType, AccountId, Link, LinkKind,
    PasswordHash, Role,
};
use crate::{CustomerId, EmailAddress, EventId, LinkId, Timestamp};

/// How long the link in a mail that greets somebody is good.
pub const VERIFICATION_LIFETIME: Duration = Duration::from_hours(24);
/// How long the link that sets another password is good.
pub const RESET_LIFETIME: Duration = Duration::from_hours(1);

/// When a decision is made, for which request, and the fresh ids that it may use.
#[derive(Clone, Copy, Debug)]
pub struct CommandContext<'a> {
    /// Of the event, if one is told.
    pub event: EventId,
    /// Of the link, if one is sent.
    pub link: LinkId,
    /// The request that caused it.
    pub correlation_id: &'a str,
    /// The present moment.
    pub now: Timestamp,
}

/// Somebody who would like an account.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The account's id, should it be a new one.
    pub id: CustomerId,
    /// Where its mails go.
    pub email: EmailAddress,
    /// Of the chosen password.
    pub password: PasswordHash,
}

/// The link is not good for this: it has expired, or is of another kind or another account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the link is not good for this")]
pub struct LinkRefused;

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInRefused {
    /// There is no such account, it has no password, or another one.
    #[error("the email address or the password is wrong")]
    InvalidCredentials,
    /// The password is right, but the address is not shown to be its owner's.
    #[error("the address is not verified")]
    EmailNotVerified,
}

impl Link {
    /// Whether it is good for this now.
    fn admit(&self, kind: LinkKind, account: &Account, now: Timestamp) -> Result<(), LinkRefused> {
        let good = self.kind == kind && self.account == account.id && now < self.expires_at;
        if good { Ok(()) } else { Err(LinkRefused) }
    }
}

impl Account {
    /// Sets an account up, as far as it goes: for an address that nobody has, an account that waits for its address to be
    /// verified, and a link to do so; for one that still waits, the same anew with the current password; for one that is
    /// in use, nothing but a word to its owner.
    pub fn register(before: Option<Self>, wanted: Registration, context: &CommandContext<'_>) -> AccountChange {
        let after = match &before {
            None => Self::unverified(wanted, context.now),
            Some(account) if account.email_verified_at.is_some() => {
                return account.told(AccountEventType::RegistrationRepeated, context);
            }
            Some(account) => Self { password: Some(wanted.password), ..account.next(context.now) },
        };
        AccountChange { before, ..after.sending(AccountEventType::Registered, LinkKind::VerifyEmail, context) }
    }

    fn unverified(wanted: Registration, now: Timestamp) -> Self {
        Self {
            id: AccountId::Customer(wanted.id),
            role: Role::Customer,
            email: wanted.email,
            email_verified_at: None,
            password: Some(wanted.password),
            identities: Vec::new(),
            sessions_since: now,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// Lets somebody in, or not. `password_fits` is what comparing the password said, which is done in any case.
    ///
    /// # Errors
    ///
    /// [`SignInRefused`].
    pub fn sign_in(found: Option<&Self>, password_fits: bool) -> Result<&Self, SignInRefused> {
        let account = found.filter(|_| password_fits).ok_or(SignInRefused::InvalidCredentials)?;
        account.email_verified_at.map(|_| account).ok_or(SignInRefused::EmailNotVerified)
    }

    /// Sends the link that verifies the address once more.
    pub fn send_verification(&self, context: &CommandContext<'_>) -> AccountChange {
        self.changed(self.next(context.now).sending(AccountEventType::Registered, LinkKind::VerifyEmail, context))
    }

    /// Takes the address for its owner's, who has the link that was sent there.
    ///
    /// # Errors
    ///
    /// [`LinkRefused`].
    pub fn verify_email(&self, link: &Link, now: Timestamp) -> Result<AccountChange, LinkRefused> {
        link.admit(LinkKind::VerifyEmail, self, now)?;
        let after = Self { email_verified_at: self.email_verified_at.or(Some(now)), ..self.next(now) };
        Ok(AccountChange { uses: Some(link.id), ..self.changed(after.quietly()) })
    }

    /// Sends a link that sets another password.
    pub fn request_reset(&self, context: &CommandContext<'_>) -> AccountChange {
        let event = AccountEventType::PasswordResetRequested;
        self.changed(self.next(context.now).sending(event, LinkKind::ResetPassword, context))
    }

    /// What is written where there is no account to send a link to: a link that nobody gets and that leads nowhere, so
    /// that the work is of the same kind.
    pub fn no_reset(nobody: CustomerId, context: &CommandContext<'_>) -> AccountChange {
        let account = AccountId::Customer(nobody);
        let expires_at = context.now.plus(RESET_LIFETIME);
        let link = Link { id: context.link, kind: LinkKind::ResetPassword, account, expires_at };
        AccountChange { before: None, after: None, events: Vec::new(), link: Some(link), uses: None }
    }

    /// Sets the password by a link that was sent to the address, which verifies the address as well. All sessions end.
    ///
    /// # Errors
    ///
    /// [`LinkRefused`].
    pub fn reset_password(
        &self,
        link: &Link,
        password: PasswordHash,
        context: &CommandContext<'_>,
    ) -> Result<AccountChange, LinkRefused> {
        link.admit(LinkKind::ResetPassword, self, context.now)?;
        let email_verified_at = self.email_verified_at.or(Some(context.now));
        let after = Self { email_verified_at, ..self.with_password(password, context.now) };
        let change = self.changed(after.telling(AccountEventType::PasswordChanged, context));
        Ok(AccountChange { uses: Some(link.id), ..change })
    }

    /// Sets the password for somebody who knows the one before it. All sessions end.
    pub fn change_password(&self, password: PasswordHash, context: &CommandContext<'_>) -> AccountChange {
        self.changed(self.with_password(password, context.now).telling(AccountEventType::PasswordChanged, context))
    }

    /// Deletes it, with its hold on address and identities. What is left is its id.
    pub fn erase(&self, context: &CommandContext<'_>) -> AccountChange {
        AccountChange { after: None, ..self.told(AccountEventType::Erased, context) }
    }

    /// Stores the same password by another hash.
    pub fn rehash(&self, password: PasswordHash, now: Timestamp) -> AccountChange {
        self.changed(Self { password: Some(password), ..self.next(now) }.quietly())
    }

    fn with_password(&self, password: PasswordHash, now: Timestamp) -> Self {
        // Another moment than before in any case: sessions go by it.
        let sessions_since = now.max(self.sessions_since.plus(Duration::from_millis(1)));
        Self { password: Some(password), sessions_since, ..self.next(now) }
    }

    fn next(&self, now: Timestamp) -> Self {
        Self { updated_at: now, version: self.version + 1, ..self.clone() }
    }

    fn told(&self, event_type: AccountEventType, context: &CommandContext<'_>) -> AccountChange {
        self.changed(self.next(context.now).telling(event_type, context))
    }

    fn changed(&self, change: AccountChange) -> AccountChange {
        AccountChange { before: Some(self.clone()), ..change }
    }

    /// This state, with nothing told.
    fn quietly(self) -> AccountChange {
        AccountChange { before: None, after: Some(self), events: Vec::new(), link: None, uses: None }
    }

    /// This state, and an event.
    fn telling(self, event_type: AccountEventType, context: &CommandContext<'_>) -> AccountChange {
        let event = AccountEvent {
            event_id: context.event,
            event_type,
            schema_version: ACCOUNT_EVENT_SCHEMA_VERSION,
            account_id: self.id,
            link_id: None,
            key_id: None,
            at: context.now,
            correlation_id: context.correlation_id.to_owned(),
        };
        AccountChange { events: vec![event], ..self.quietly() }
    }

    /// This state, and an event with a link to send.
    fn sending(self, event_type: AccountEventType, kind: LinkKind, context: &CommandContext<'_>) -> AccountChange {
        let lifetime = match kind {
            LinkKind::VerifyEmail => VERIFICATION_LIFETIME,
            LinkKind::ResetPassword => RESET_LIFETIME,
        };
        let link = Link { id: context.link, kind, account: self.id, expires_at: context.now.plus(lifetime) };
        let mut change = self.telling(event_type, context);
        for event in &mut change.events {
            event.link_id = Some(link.id);
        }
        AccountChange { link: Some(link), ..change }
    }
}

#[cfg(test)]
mod tests;
