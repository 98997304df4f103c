//! How often an account may be tried. What one address may do altogether is limited before, at the edge.

use std::time::Duration;

use api::{Owner, Request};
use domain::{Account, EmailAddress, Timestamp};
use resilience::{Decision, Limit};
use store::{KnownAddresses, RateLimiter};
use telemetry::chain;

use crate::{Device, SessionError};

/// From a browser or an address that has signed in to this account before, and for whoever is signed in: an owner who tries
/// to remember the password.
const KNOWN: Limit = Limit { requests: 10, period: Duration::from_mins(10) };
/// From everywhere else together: 240 guesses a day. They cannot use up the limit of the owner's own browser, so the owner
/// is not locked out; from a new place the owner can still reset the password.
const UNKNOWN: Limit = Limit { requests: 10, period: Duration::from_hours(1) };
/// When to try again, whichever limit is reached: the time for one of [`UNKNOWN`]. With the time that is left of each,
/// `Retry-After` would tell who shares an address with the owner that the account is used from it.
const RETRY_AFTER: Duration = Duration::from_mins(6);
/// Mails that can be requested to one email address: links that verify it and notices together, and links that reset the
/// password by themselves.
const MAILS: Limit = Limit { requests: 5, period: Duration::from_hours(1) };

/// How long an address is known after a sign-in.
const KNOWN_FOR: Duration = Duration::from_hours(90 * 24);

/// The limits of one account, for requests from one IP address. They do not depend on whether the account exists. The
/// table has only hashes of both addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountLimits {
    account: String,
    address: String,
}

/// A try that was taken. It is given back when the password was the right one, so that only guesses count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordTry {
    bucket: String,
    limit: Limit,
    is_by_device: bool,
}

impl AccountLimits {
    /// The limits of the account with this email address, for this request's IP address.
    pub fn of(email: &EmailAddress, request: &Request) -> Self {
        Self { account: api::email_digest(email), address: Owner::address_of(request).digest().to_owned() }
    }

    /// Takes one try to sign in: of the known browser's own, else of the known IP address's, else of those that all others
    /// share.
    ///
    /// # Errors
    ///
    /// None is left, or the table is down: passwords are never checked without a limit.
    pub async fn try_password(
        &self,
        guards: &(impl RateLimiter + KnownAddresses),
        device: Option<Device>,
        now: Timestamp,
    ) -> Result<PasswordTry, SessionError> {
        let Self { account, address } = self;
        let (bucket, limit) = match device {
            Some(device) => (format!("sign_in/{account}/device/{}", device.bucket()), KNOWN),
            None if guards.remembers(&self.known(), now).await? => (format!("sign_in/{account}/{address}"), KNOWN),
            None => (format!("sign_in/{account}"), UNKNOWN),
        };
        PasswordTry { bucket, limit, is_by_device: device.is_some() }.taken(guards, now).await
    }

    /// Takes one try of a caller who is signed in and confirms something with the password. Strangers have no part in these.
    ///
    /// # Errors
    ///
    /// None is left, or the table is down.
    pub async fn confirm_password(
        &self,
        guards: &impl RateLimiter,
        now: Timestamp,
    ) -> Result<PasswordTry, SessionError> {
        let bucket = format!("sign_in/{}/signed-in", self.account);
        PasswordTry { bucket, limit: KNOWN, is_by_device: false }.taken(guards, now).await
    }

    /// Takes one mail that verifies the address or tells its owner something.
    ///
    /// # Errors
    ///
    /// None is left, or the table is down.
    pub async fn send_mail(&self, guards: &impl RateLimiter, now: Timestamp) -> Result<(), SessionError> {
        admit("mail", guards.take(&format!("mail/{}", self.account), MAILS, now).await?)
    }

    /// Takes one mail with a link that resets the password; whether there was one left. If not, one was sent so short a time
    /// ago that its link is still good: links live for longer than it takes until the next mail may be sent, and are counted
    /// anew when they end with the password that they were made for. So nobody can keep the owner from having a link.
    ///
    /// # Errors
    ///
    /// The table is down.
    pub async fn mail_reset(
        &self,
        guards: &impl RateLimiter,
        found: Option<&Account>,
        now: Timestamp,
    ) -> Result<bool, SessionError> {
        let since = found.map_or(0, |account| account.sessions_since.millis());
        let taken = guards.take(&format!("mail/{}/reset/{since}", self.account), MAILS, now).await?;
        Ok(matches!(taken, Decision::Allowed { .. }))
    }

    /// Gives the try of a sign-in back, and remembers the IP address as the owner's, unless the browser is known. Failing to
    /// do so is no error.
    pub async fn signed_in(
        &self,
        guards: &(impl RateLimiter + KnownAddresses),
        password_try: PasswordTry,
        now: Timestamp,
    ) {
        if !password_try.is_by_device {
            self.remember(guards, now).await;
        }
        password_try.give_back(guards, now).await;
    }

    /// Remembers the IP address as the owner's, who has just shown to be it. Failing to do so is no error.
    pub async fn remember(&self, guards: &impl KnownAddresses, now: Timestamp) {
        if let Err(error) = guards.remember(&self.known(), now.plus(KNOWN_FOR)).await {
            tracing::warn!(error = %chain(&error), "an address is not remembered");
        }
    }

    fn known(&self) -> String {
        format!("sign-in#{}#{}", self.account, self.address)
    }
}

impl PasswordTry {
    async fn taken(self, guards: &impl RateLimiter, now: Timestamp) -> Result<Self, SessionError> {
        match guards.take(&self.bucket, self.limit, now).await? {
            Decision::Allowed { .. } => Ok(self),
            Decision::Refused { .. } => Err(SessionError::LimitReached { class: "sign_in", retry_after: RETRY_AFTER }),
        }
    }

    /// Gives the try back: the password was right. Failing to do so is no error.
    pub async fn give_back(self, guards: &impl RateLimiter, now: Timestamp) {
        if let Err(error) = guards.give_back(&self.bucket, self.limit, now).await {
            tracing::warn!(error = %chain(&error), "a try is not given back");
        }
    }
}

fn admit(class: &'static str, taken: Decision) -> Result<(), SessionError> {
    match taken {
        Decision::Allowed { .. } => Ok(()),
        Decision::Refused { retry_after } => Err(SessionError::LimitReached { class, retry_after }),
    }
}

#[cfg(test)]
mod tests;
