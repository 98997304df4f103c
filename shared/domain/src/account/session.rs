//! A session: one sign-in and its family of refresh tokens, of which one is valid at a time.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Account, AccountId, TokenHash};
use crate::{SessionId, Timestamp};

/// How long a session lasts, however often it is refreshed.
pub const SESSION_LIFETIME: Duration = Duration::from_hours(30 * 24);

/// How long the previous token is still accepted after its rotation: the answer may have been lost, or two tabs may
/// have refreshed at once.
pub const ROTATION_GRACE: Duration = Duration::from_secs(30);

/// A session as it is stored. It is over when it is deleted, when it expires, when its account is disabled, or when its
/// account's `sessions_since` is not the one with which the session began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The id.
    pub id: SessionId,
    /// The account.
    pub account: AccountId,
    /// The account's `sessions_since` as the sign-in saw it. Compared for equality and not with `created_at`: clocks
    /// differ, and a sign-in may end after the password that it was made with was changed.
    pub since: Timestamp,
    /// The hash of the current refresh token.
    pub current: TokenHash,
    /// The hash of the previous token, which a client may use again when the answer with its successor was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<TokenHash>,
    /// When the current token replaced the previous one.
    pub rotated_at: Timestamp,
    /// When the user signed in.
    pub created_at: Timestamp,
    /// When it ends, however often it is refreshed.
    pub expires_at: Timestamp,
    /// Counts the changes, from 1. Each write is conditional on it.
    pub version: u64,
}

/// What a presented refresh token leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// It is the current token: its successor replaces it, as in this next version.
    Rotated(Session),
    /// It was the current token a moment ago: its successor, the current token, is returned again.
    Repeated,
    /// It is neither, or the previous token came too late: another party has it, and the session must end.
    Reused,
    /// The session is over already.
    Over,
}

impl Session {
    /// The session that a sign-in to this account begins.
    pub fn begin(id: SessionId, account: &Account, first: TokenHash, now: Timestamp) -> Self {
        Self {
            id,
            account: account.id,
            since: account.sessions_since,
            current: first,
            previous: None,
            rotated_at: now,
            created_at: now,
            expires_at: now.plus(SESSION_LIFETIME),
            version: 1,
        }
    }

    /// Whether the session has expired or was ended by a change of its account.
    pub fn is_over(&self, account: &Account, now: Timestamp) -> bool {
        account.is_disabled()
            || now >= self.expires_at
            || self.since != account.sessions_since
            || self.account != account.id
    }

    /// What the presented token leads to. `successors` are the tokens that follow from it: first by the current key,
    /// then by former keys.
    pub fn rotate(&self, account: &Account, shown: &TokenHash, successors: &[TokenHash], now: Timestamp) -> Rotation {
        if self.is_over(account, now) {
            return Rotation::Over;
        }
        if *shown == self.current {
            return successors.first().map_or(Rotation::Over, |next| Rotation::Rotated(self.next(next.clone(), now)));
        }
        let is_repetition = self.previous.as_ref() == Some(shown)
            && now.since(self.rotated_at) <= ROTATION_GRACE
            && successors.contains(&self.current);
        if is_repetition { Rotation::Repeated } else { Rotation::Reused }
    }

    fn next(&self, current: TokenHash, now: Timestamp) -> Self {
        let version = self.version + 1;
        Self { previous: Some(self.current.clone()), current, rotated_at: now, version, ..self.clone() }
    }
}

#[cfg(test)]
mod tests;
