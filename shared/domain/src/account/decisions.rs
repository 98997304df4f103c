//! What may happen to an account. Each decision returns everything that is then written at once.

use std::time::Duration;

use super::{
    ACCOUNT_EVENT_SCHEMA_VERSION, Account, AccountChange, AccountEvent, AccountEventType, AccountId, Link, LinkKind,
    PasswordHash, Role,
};
use crate::{CustomerId, EmailAddress, EventId, LinkId, Timestamp};

/// How long the link in a verification mail is valid.
pub const VERIFICATION_LIFETIME: Duration = Duration::from_hours(24);
/// How long the link in a password reset mail is valid.
pub const RESET_LIFETIME: Duration = Duration::from_hours(1);

/// What a command needs besides the account: the time, the request that caused it, and the ids that it may use.
#[derive(Clone, Copy, Debug)]
pub struct CommandContext<'a> {
    /// The id of its event, if it has one.
    pub event: EventId,
    /// The id of its link, if it sends one.
    pub link: LinkId,
    /// The request that caused it.
    pub correlation_id: &'a str,
    /// The current time.
    pub now: Timestamp,
}

/// A request to register an account.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The account's id, if it is a new one.
    pub id: CustomerId,
    /// The email address.
    pub email: EmailAddress,
    /// The hash of the chosen password.
    pub password: PasswordHash,
}

/// The link is not valid for this: it has expired, is of another kind or another account, or older than the password, or the
/// account is disabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the link is not good for this")]
pub struct LinkRefused;

/// Why a sign-in is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInRefused {
    /// There is no such account, it is disabled or has no password, or the password is wrong.
    #[error("the email address or the password is wrong")]
    InvalidCredentials,
    /// The password is right, but the email address is not verified.
    #[error("the address is not verified")]
    EmailNotVerified,
}

impl Link {
    fn admit(&self, kind: LinkKind, account: &Account, now: Timestamp) -> Result<(), LinkRefused> {
        if self.is_for(kind, account, now) && !account.is_disabled() { Ok(()) } else { Err(LinkRefused) }
    }
}

impl Account {
    /// Registers an account, as far as possible. A new address gets an unverified account and a verification link. An
    /// account that is still unverified gets the new password and a new link. A verified account only gets a notice for
    /// its owner.
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
            disabled_at: None,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// Accepts or refuses a sign-in. `password_fits` is the result of comparing the password, which is done in any
    /// case.
    ///
    /// # Errors
    ///
    /// [`SignInRefused`].
    pub fn sign_in(found: Option<&Self>, password_fits: bool) -> Result<&Self, SignInRefused> {
        let account =
            found.filter(|account| password_fits && !account.is_disabled()).ok_or(SignInRefused::InvalidCredentials)?;
        account.email_verified_at.map(|_| account).ok_or(SignInRefused::EmailNotVerified)
    }

    /// Sends the verification link once more.
    pub fn send_verification(&self, context: &CommandContext<'_>) -> AccountChange {
        self.changed(self.next(context.now).sending(AccountEventType::Registered, LinkKind::VerifyEmail, context))
    }

    /// Verifies the email address with the link that was sent there.
    ///
    /// # Errors
    ///
    /// [`LinkRefused`].
    pub fn verify_email(&self, link: &Link, now: Timestamp) -> Result<AccountChange, LinkRefused> {
        link.admit(LinkKind::VerifyEmail, self, now)?;
        let after = Self { email_verified_at: self.email_verified_at.or(Some(now)), ..self.next(now) };
        Ok(AccountChange { uses: Some(link.id), ..self.changed(after.quietly()) })
    }

    /// Sends a password reset link. A disabled account gets none: `AccountNotice` decides so when it is sent.
    pub fn request_reset(&self, context: &CommandContext<'_>) -> AccountChange {
        let event = AccountEventType::PasswordResetRequested;
        self.changed(self.next(context.now).sending(event, LinkKind::ResetPassword, context))
    }

    /// What is written when there is no account to send a link to: a link without a mail and without an account, so
    /// that the work is the same.
    pub fn no_reset(nobody: CustomerId, context: &CommandContext<'_>) -> AccountChange {
        let account = AccountId::Customer(nobody);
        let expires_at = context.now.plus(RESET_LIFETIME);
        let link = Link { id: context.link, kind: LinkKind::ResetPassword, account, since: context.now, expires_at };
        AccountChange { before: None, after: None, events: Vec::new(), link: Some(link), uses: None }
    }

    /// Sets the password with a mailed link, which also verifies the email address. All sessions end.
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

    /// Sets the password for a caller who knows the former one. All sessions end.
    pub fn change_password(&self, password: PasswordHash, context: &CommandContext<'_>) -> AccountChange {
        self.changed(self.with_password(password, context.now).telling(AccountEventType::PasswordChanged, context))
    }

    /// Deletes the account and releases its address and identities. Only its id remains.
    pub fn erase(&self, context: &CommandContext<'_>) -> AccountChange {
        AccountChange { after: None, ..self.told(AccountEventType::Erased, context) }
    }

    /// Stores the same password under another hash.
    pub fn rehash(&self, password: PasswordHash, now: Timestamp) -> AccountChange {
        self.changed(Self { password: Some(password), ..self.next(now) }.quietly())
    }

    fn with_password(&self, password: PasswordHash, now: Timestamp) -> Self {
        Self { password: Some(password), ..self.without_sessions(now) }
    }

    /// The next version, in which all sessions are over.
    pub(super) fn without_sessions(&self, now: Timestamp) -> Self {
        // Always later than before: sessions compare it.
        let sessions_since = now.max(self.sessions_since.plus(Duration::from_millis(1)));
        Self { sessions_since, ..self.next(now) }
    }

    pub(super) fn next(&self, now: Timestamp) -> Self {
        Self { updated_at: now, version: self.version + 1, ..self.clone() }
    }

    fn told(&self, event_type: AccountEventType, context: &CommandContext<'_>) -> AccountChange {
        self.changed(self.next(context.now).telling(event_type, context))
    }

    fn changed(&self, change: AccountChange) -> AccountChange {
        AccountChange { before: Some(self.clone()), ..change }
    }

    /// This state, without an event.
    pub(super) fn quietly(self) -> AccountChange {
        AccountChange { before: None, after: Some(self), events: Vec::new(), link: None, uses: None }
    }

    /// This state, with an event.
    pub(super) fn telling(self, event_type: AccountEventType, context: &CommandContext<'_>) -> AccountChange {
        let event = AccountEvent {
            event_id: context.event,
            event_type,
            schema_version: ACCOUNT_EVENT_SCHEMA_VERSION,
            account_id: self.id,
            link_id: None,
            key_id: None,
            provider: None,
            at: context.now,
            correlation_id: context.correlation_id.to_owned(),
        };
        AccountChange { events: vec![event], ..self.quietly() }
    }

    /// This state, with an event and a link to send.
    fn sending(self, event_type: AccountEventType, kind: LinkKind, context: &CommandContext<'_>) -> AccountChange {
        let lifetime = match kind {
            LinkKind::VerifyEmail => VERIFICATION_LIFETIME,
            LinkKind::ResetPassword => RESET_LIFETIME,
        };
        let (account, since, expires_at) = (self.id, self.sessions_since, context.now.plus(lifetime));
        let link = Link { id: context.link, kind, account, since, expires_at };
        let mut change = self.telling(event_type, context);
        for event in &mut change.events {
            event.link_id = Some(link.id);
        }
        AccountChange { link: Some(link), ..change }
    }
}

#[cfg(test)]
mod tests;
