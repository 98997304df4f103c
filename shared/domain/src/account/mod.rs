//! Accounts: who can sign in or call with a key, and what is kept of that. Decisions only; hashing, signing and storing
//! happen elsewhere.

mod api_key;
mod decisions;
mod event;
mod external_identity;
mod flow;
mod id;
mod link;
mod notice;
mod return_path;
mod role;
mod scope;
mod secret;
mod session;

use serde::{Deserialize, Serialize};

use crate::{EmailAddress, Timestamp};

pub use api_key::ApiKey;
pub use decisions::{CommandContext, LinkRefused, RESET_LIFETIME, Registration, SignInRefused, VERIFICATION_LIFETIME};
pub use event::{ACCOUNT_EVENT_SCHEMA_VERSION, AccountEvent, AccountEventType};
pub use external_identity::{AccountMatches, ExternalIdentity, ExternalSignInError, SignInOutcome};
pub use flow::SignInFlow;
pub use id::AccountId;
pub use link::{Link, LinkKind};
pub use notice::AccountNotice;
pub use return_path::{InvalidReturnPath, ReturnPath};
pub use role::{Role, UnknownRole};
pub use scope::{Scope, Scopes, UnknownScope};
pub use secret::{PasswordHash, TokenHash};
pub use session::{ROTATION_GRACE, Rotation, SESSION_LIFETIME, Session};

/// Somebody who can sign in. Exists until erased; then nothing of it is left but its id in orders and events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// `cus_…` for customers, `usr_…` for those who work for the shop.
    pub id: AccountId,
    /// What it may do.
    pub role: Role,
    /// Where its mails go; signs in with it. No two accounts have the same one, whatever the case of its letters.
    pub email: EmailAddress,
    /// When it was shown that the address is this person's. Nobody signs in before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_verified_at: Option<Timestamp>,
    /// None for those who only sign in with an OpenID provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<PasswordHash>,
    /// Who else vouches for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<Identity>,
    /// Sessions that began before this moment are over: set when the password changes.
    pub sessions_since: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts the changes, from 1. Each write is conditional on it.
    pub version: u64,
}

/// A person as an OpenID provider knows it (OpenID Connect Core 1.0, section 2): unique and never given to anybody else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Identity {
    /// `iss` of the provider's ID tokens.
    pub issuer: String,
    /// `sub` in them.
    pub subject: String,
}

/// The next state of an account with all that is written together with it, or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountChange {
    /// As it was read; none for a new one. The stored one must still have this version.
    pub before: Option<Account>,
    /// As it is to be; none: the account is erased, with its address and its identities.
    pub after: Option<Account>,
    /// What is to be told.
    pub events: Vec<AccountEvent>,
    /// A link that is sent along with the events.
    pub link: Option<Link>,
    /// A link that this change uses up: it must still be there.
    pub uses: Option<crate::LinkId>,
}
