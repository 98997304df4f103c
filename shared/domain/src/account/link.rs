//! A link in a mail: good once, and for a while.

use serde::{Deserialize, Serialize};

use super::AccountId;
use crate::{LinkId, Timestamp};

/// What a link is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// Shows that an address is the account's.
    VerifyEmail,
    /// Sets another password.
    ResetPassword,
}

impl LinkKind {
    /// The word that the link's signature covers: `verify_email`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
        }
    }
}

/// A link as it is stored: nothing from which it could be made. The mail's link has a signature besides the id, made
/// with a key that the table does not hold. Deleted when it is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Which one.
    pub id: LinkId,
    /// What for.
    pub kind: LinkKind,
    /// Whose.
    pub account: AccountId,
    /// When it stops being good.
    pub expires_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_that_is_signed_is_the_word_that_is_stored() {
        for kind in [LinkKind::VerifyEmail, LinkKind::ResetPassword] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }
}
