//! A session: one sign-in and the refresh tokens that follow from it, a family of which one is good at a time.

use serde::{Deserialize, Serialize};

use super::{AccountId, TokenHash};
use crate::{SessionId, Timestamp};

/// A session as it is stored. It is over when it is deleted, when it expires, or when its account's `sessions_since` is
/// later than its beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Which one.
    pub id: SessionId,
    /// Whose.
    pub account: AccountId,
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
