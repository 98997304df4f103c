//! Account events, for consumers. They carry ids only: nothing personal, and no secret.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::AccountId;
use crate::{EventId, KeyId, LinkId, Timestamp};

/// The version of [`AccountEvent`]'s shape. A consumer that meets a greater version leaves the message for its
/// successor.
pub const ACCOUNT_EVENT_SCHEMA_VERSION: u32 = 1;

/// Kinds of account event; the word in messages and filters is [`AccountEventType::as_str`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AccountEventType {
    /// The account was registered, or registered again before its address was verified: send the link.
    #[serde(rename = "account.registered")]
    Registered,
    /// A registration used the address of an existing account: notify its owner.
    #[serde(rename = "account.registration_repeated")]
    RegistrationRepeated,
    /// A password reset was requested: send the link.
    #[serde(rename = "account.password_reset_requested")]
    PasswordResetRequested,
    /// The password was changed: notify the owner.
    #[serde(rename = "account.password_changed")]
    PasswordChanged,
    /// The account was deleted: erase what else is known of the person.
    #[serde(rename = "account.erased")]
    Erased,
    /// An API key is about to expire: notify its creator.
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
