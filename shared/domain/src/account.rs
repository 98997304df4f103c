//! Accounts: who can sign in or call with a key, and what is stored of that. Decisions only; hashing, signing and
//! storing happen elsewhere.

mod api_key;
mod decisions;
mod event;
mod external_identity;
mod flow;
mod id;
mod link;
mod notice;
mod operation;
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
pub use operation::RoleRefused;
pub use return_path::{InvalidReturnPath, ReturnPath};
pub use role::{Role, UnknownRole};
pub use scope::{Scope, Scopes, UnknownScope};
pub use secret::{PasswordHash, TokenHash};
pub use session::{ROTATION_GRACE, Rotation, SESSION_LIFETIME, Session};

/// An account that can sign in. It exists until it is erased; then only its id remains, in orders and events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// `cus_…` for customers, `usr_…` for staff.
    pub id: AccountId,
    /// What it may do.
    pub role: Role,
    /// The email address, which also signs in. It is unique, regardless of case.
    pub email: EmailAddress,
    /// When the email address was verified. Unverified accounts cannot sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_verified_at: Option<Timestamp>,
    /// `None` for accounts that only sign in with an OpenID provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<PasswordHash>,
    /// The linked external identities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<Identity>,
    /// Sessions that began earlier are over. Set when the password or the role changes, and when sessions are ended.
    pub sessions_since: Timestamp,
    /// When it was disabled: nobody signs in to it until it is enabled again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts the changes, from 1. Each write is conditional on it.
    pub version: u64,
}

/// A person as an OpenID provider knows it (OpenID Connect Core 1.0, section 2): unique and never reassigned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Identity {
    /// `iss` of the provider's ID tokens.
    pub issuer: String,
    /// `sub` of the provider's ID tokens.
    pub subject: String,
}

/// The next state of an account with everything that is written together with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountChange {
    /// The account as it was read; `None` for a new one. The stored version must still be the same.
    pub before: Option<Account>,
    /// The next state; `None` erases the account, with its address and its identities.
    pub after: Option<Account>,
    /// The events.
    pub events: Vec<AccountEvent>,
    /// The link that is sent with the events.
    pub link: Option<Link>,
    /// The link that this change uses up: it must still exist.
    pub uses: Option<crate::LinkId>,
}
