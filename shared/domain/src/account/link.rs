//! A link in a mail: valid once, and for a limited time.

use serde::{Deserialize, Serialize};

use super::{Account, AccountId};
use crate::{LinkId, Timestamp};

string_enum! {
    /// What a link is good for; its signature covers the word.
    pub enum LinkKind {
        /// Shows that an address is the account's.
        VerifyEmail = "verify_email",
        /// Sets another password.
        ResetPassword = "reset_password",
    }
}

/// A link as it is stored. The link in the mail also has a signature, made with a key that the table does not hold, so
/// it cannot be forged from this. Deleted when it is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The id.
    pub id: LinkId,
    /// The purpose.
    pub kind: LinkKind,
    /// The account.
    pub account: AccountId,
    /// The account's `sessions_since` when the link was made. Once the password has changed, by this link, another one or
    /// otherwise, the link is no longer valid. Compared for equality, as a session's.
    pub since: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
}

impl Link {
    /// Whether it is valid for this now.
    pub(super) fn is_for(&self, kind: LinkKind, account: &Account, now: Timestamp) -> bool {
        self.kind == kind && self.account == account.id && self.since == account.sessions_since && now < self.expires_at
    }
}
