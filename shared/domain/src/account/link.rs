//! A link in a mail: valid once, and for a limited time.

use serde::{Deserialize, Serialize};

use super::AccountId;
use crate::{LinkId, Timestamp};

/// The purpose of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// Verifies an email address.
    VerifyEmail,
    /// Resets a password.
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
    /// When it expires.
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
