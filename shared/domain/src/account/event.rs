//! What happened to an account, for whoever listens. Ids only; nothing personal, and no secret.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::AccountId;
use crate::{EventId, KeyId, LinkId, Timestamp};

/// The version of [`AccountEvent`]'s shape. A consumer that meets a greater one leaves the message for its successor.
pub const ACCOUNT_EVENT_SCHEMA_VERSION: u32 = 1;

/// Kinds of account event; the word in messages and filters is [`AccountEventType::as_str`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AccountEventType {
    /// Somebody set the account up, or did so again before its address was verified: send the link.
    #[serde(rename = "account.registered")]
    Registered,
    /// Somebody tried to set up an account with an address that has one: tell the owner.
    #[serde(rename = "account.registration_repeated")]
    RegistrationRepeated,
    /// Somebody who may have forgotten the password asks for a link.
    #[serde(rename = "account.password_reset_requested")]
    PasswordResetRequested,
    /// The password is another one now: tell the owner.
    #[serde(rename = "account.password_changed")]
    PasswordChanged,
    /// The account is gone: what else is known of the person has to go too.
    #[serde(rename = "account.erased")]
    Erased,
    /// An API key is about to expire: tell whoever made it.
    #[serde(rename = "api_key.expiring")]
    ApiKeyExpiring,
}

impl AccountEventType {
    /// The word in messages and filters: `account.registered`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "account.registered",
            Self::RegistrationRepeated => "account.registration_repeated",
            Self::PasswordResetRequested => "account.password_reset_requested",
            Self::PasswordChanged => "account.password_changed",
            Self::Erased => "account.erased",
            Self::ApiKeyExpiring => "api_key.expiring",
        }
    }
}

impl fmt::Display for AccountEventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that happened, written in the same transaction as the account and published from the table's stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountEvent {
    /// Made with the event, so that a second publication is recognisable.
    pub event_id: EventId,
    /// What happened.
    #[serde(rename = "type")]
    pub event_type: AccountEventType,
    /// [`ACCOUNT_EVENT_SCHEMA_VERSION`] when it was written.
    pub schema_version: u32,
    /// Whose; for a key, its maker.
    pub account_id: AccountId,
    /// The link to send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_id: Option<LinkId>,
    /// The API key that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<KeyId>,
    /// When.
    pub at: Timestamp,
    /// The request that caused it.
    pub correlation_id: String,
}

#[cfg(test)]
mod tests {
    use super::AccountEventType::*;

    #[test]
    fn the_word_in_filters_is_the_word_in_messages() {
        for event_type in
            [Registered, RegistrationRepeated, PasswordResetRequested, PasswordChanged, Erased, ApiKeyExpiring]
        {
            assert_eq!(serde_json::to_value(event_type).unwrap(), event_type.as_str());
            assert_eq!(event_type.to_string(), event_type.as_str());
        }
    }
}
