//! How often an account may be tried. What one address may do altogether is limited before, at the edge.

use std::time::Duration;

use api::{Owner, Request};
use domain::{EmailAddress, Timestamp};
use resilience::{Decision, Limit};
use sha2::{Digest, Sha256};
use store::{KnownAddresses, RateLimiter};
use telemetry::chain;

use crate::SessionError;

/// From an address that has signed in to this account before: an owner who tries to remember the password.
const KNOWN: Limit = Limit { requests: 10, period: Duration::from_mins(10) };
/// From all other addresses together, however many there are: 240 guesses a day. They cannot use up the limit of the
/// owner's own addresses, so the owner is not locked out; from a new address the owner can still reset the password.
const UNKNOWN: Limit = Limit { requests: 10, period: Duration::from_hours(1) };
/// When to try again, whichever limit is reached: the time for one of [`UNKNOWN`]. With the time that is left of each,
/// `Retry-After` would tell who shares an address with the owner that the account is used from it.
const RETRY_AFTER: Duration = Duration::from_mins(6);
/// Mails that can be requested to one email address.
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

impl AccountLimits {
    /// The limits of the account with this email address, for this request's IP address.
    pub fn of(email: &EmailAddress, request: &Request) -> Self {
        let account = hex::encode(&Sha256::digest(email.lower_case())[..16]);
        Self { account, address: Owner::address_of(request).digest().to_owned() }
    }

    /// Takes one attempt.
    ///
    /// # Errors
    ///
    /// None is left, or the table is down: passwords are never checked without a limit.
    pub async fn try_password(
        &self,
        guards: &(impl RateLimiter + KnownAddresses),
        now: Timestamp,
    ) -> Result<(), SessionError> {
        let Self { account, address } = self;
        let taken = if guards.remembers(&self.known(), now).await? {
            guards.take(&format!("sign_in/{account}/{address}"), KNOWN, now).await?
        } else {
            guards.take(&format!("sign_in/{account}"), UNKNOWN, now).await?
        };
        admit("sign_in", taken).map_err(|error| match error {
            SessionError::LimitReached { class, .. } => SessionError::LimitReached { class, retry_after: RETRY_AFTER },
            error => error,
        })
    }

    /// Takes one mail.
    ///
    /// # Errors
    ///
    /// None is left, or the table is down.
    pub async fn send_mail(&self, guards: &impl RateLimiter, now: Timestamp) -> Result<(), SessionError> {
        admit("mail", guards.take(&format!("mail/{}", self.account), MAILS, now).await?)
    }

    /// Remembers the IP address as the owner's, who has just signed in. Failing to do so is no error.
    pub async fn remember(&self, guards: &impl KnownAddresses, now: Timestamp) {
        if let Err(error) = guards.remember(&self.known(), now.plus(KNOWN_FOR)).await {
            tracing::warn!(error = %chain(&error), "an address is not remembered");
        }
    }

    fn known(&self) -> String {
        format!("sign-in#{}#{}", self.account, self.address)
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
