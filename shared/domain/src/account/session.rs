//! A session: one sign-in and the refresh tokens that follow from it, a family of which one is good at a time.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Account, AccountId, TokenHash};
use crate::{SessionId, Timestamp};

/// How long a session lasts, however often it is refreshed.
pub const SESSION_LIFETIME: Duration = Duration::from_hours(30 * 24);

/// For so long after its rotation the previous token may be shown again: the answer got lost, or two tabs asked at once.
pub const ROTATION_GRACE: Duration = Duration::from_secs(30);

/// A session as it is stored. It is over when it is deleted, when it expires, or when its account has another
/// `sessions_since` than it had when the session began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Which one.
    pub id: SessionId,
    /// Whose.
    pub account: AccountId,
    /// The account's `sessions_since` as the sign-in saw it. Compared for equality and not with `created_at`: clocks
    /// differ, and a sign-in may end after the password that it was made with was changed.
    pub since: Timestamp,
    /// Of the refresh token that is good now.
    pub current: TokenHash,
    /// Of the one before it, which a client may show again when the answer with its successor got lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<TokenHash>,
    /// When the current one took the place of the previous one.
    pub rotated_at: Timestamp,
    /// When the sign-in was.
    pub created_at: Timestamp,
    /// When it ends, however often it is refreshed.
    pub expires_at: Timestamp,
    /// Counts the changes, from 1. Each write is conditional on it.
    pub version: u64,
}

/// What a refresh token that somebody shows leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// It is the current one: its successor takes its place, as in this next version.
    Rotated(Session),
    /// It was the current one a moment ago: its successor, which is the current one now, is handed out once more.
    Repeated,
    /// It is none of the two, or the previous one came back too late. Somebody else has had it: the session has to end.
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

    /// Whether the session has ended by itself or by what happened to its account.
    pub fn is_over(&self, account: &Account, now: Timestamp) -> bool {
        now >= self.expires_at || self.since != account.sessions_since || self.account != account.id
    }

    /// What the shown token leads to. `successors` are the tokens that follow from it: by the key that makes them now
    /// first, then by those of before.
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
