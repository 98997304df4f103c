//! A key with which another service calls the API.

use serde::{Deserialize, Serialize};

use super::{Scopes, TokenHash};
use crate::{CustomerId, KeyId, Timestamp, UserId};

/// An API key as it is stored. The key itself is `cis_live_<hex of the id>_<secret>`, shown once when it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Which one; the lookup prefix of the key.
    pub id: KeyId,
    /// Of the secret part.
    pub secret: TokenHash,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// In whose name it places orders. A key that replaces another one has the same, and so sees the same orders.
    pub customer: CustomerId,
    /// Who made it; is told before it expires.
    pub created_by: UserId,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is no longer good.
    pub expires_at: Timestamp,
    /// When it was called back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
    /// When it was last seen, to within an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
    /// Of which end its maker was last told: so many days before `expires_at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noticed_days: Option<u32>,
    /// Counts the changes, from 1, other than those of `last_used_at`. Each write is conditional on it.
    pub version: u64,
}
