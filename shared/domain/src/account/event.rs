//! Account events, for consumers. They carry ids and names of our own: nothing personal, and no secret.

use serde::{Deserialize, Serialize};

use super::AccountId;
use crate::{EventId, KeyId, LinkId, Timestamp};

/// The version of [`AccountEvent`]'s shape. A consumer that meets a greater version leaves the message for its
/// successor.
pub const ACCOUNT_EVENT_SCHEMA_VERSION: u32 = 1;

string_enum! {
    /// Kinds of account event; the words are those in messages and filters.
    pub enum AccountEventType {
        /// Somebody set the account up, or did so again before its address was verified: send the link.
        Registered = "account.registered",
        /// Somebody tried to set up an account with an address that has one: tell the owner.
        RegistrationRepeated = "account.registration_repeated",
        /// Somebody who may have forgotten the password asks for a link.
        PasswordResetRequested = "account.password_reset_requested",
        /// The password is another one now: tell the owner.
        PasswordChanged = "account.password_changed",
        /// An OpenID provider may sign in to the account from now on: tell the owner.
        ProviderLinked = "account.provider_linked",
        /// The account is gone: what else is known of the person has to go too.
        Erased = "account.erased",
        /// An API key is about to expire: tell whoever made it.
        ApiKeyExpiring = "api_key.expiring",
    }
}

/// An event, written in the same transaction as the account and published from the table's stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountEvent {
    /// Created with the event, so that a second publication is recognisable.
    pub event_id: EventId,
    /// What happened.
    #[serde(rename = "type")]
    pub event_type: AccountEventType,
    /// [`ACCOUNT_EVENT_SCHEMA_VERSION`] at the time of writing.
    pub schema_version: u32,
    /// The account; for a key, its creator's.
    pub account_id: AccountId,
    /// The link to send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_id: Option<LinkId>,
    /// The API key that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<KeyId>,
    /// The OpenID provider that was linked, as our configuration calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// When.
    pub at: Timestamp,
    /// The request that caused it.
    pub correlation_id: String,
}
