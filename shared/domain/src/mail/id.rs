//! Ids of mails.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::MailKind;
use crate::{AccountId, EventId, InvalidId, OrderId};

/// What a mail is about. Written as its id: `ord_…`, `cus_…`, `usr_…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MailSubject {
    /// An order; the mail goes to its customer.
    Order(OrderId),
    /// An account; the mail goes to its owner.
    Account(AccountId),
}

impl fmt::Display for MailSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order(id) => id.fmt(f),
            Self::Account(id) => id.fmt(f),
        }
    }
}

impl FromStr for MailSubject {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if text.starts_with("ord_") { text.parse().map(Self::Order) } else { text.parse().map(Self::Account) }
    }
}

impl Serialize for MailSubject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MailSubject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// The id of a mail: one for each subject, kind and event. Written `ord_…/order_confirmation/evt_…`, as
/// `custom_args.effect_id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MailEffectId {
    /// The order or account. Stored as `order_id`, from when there were mails about orders only.
    #[serde(alias = "order_id")]
    pub subject: MailSubject,
    /// The kind.
    pub kind: MailKind,
    /// The event that caused it.
    pub event_id: EventId,
}

impl fmt::Display for MailEffectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.subject, self.kind.as_str(), self.event_id)
    }
}

/// The text is not the id of a mail effect.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a mail effect id")]
pub struct InvalidMailEffectId;

impl FromStr for MailEffectId {
    type Err = InvalidMailEffectId;

    fn from_str(text: &str) -> Result<Self, InvalidMailEffectId> {
        let mut parts = text.split('/');
        let (Some(subject), Some(kind), Some(event), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidMailEffectId);
        };
        let kind = MailKind::ALL.into_iter().find(|known| known.as_str() == kind).ok_or(InvalidMailEffectId)?;
        let subject = subject.parse().map_err(|_| InvalidMailEffectId)?;
        let event_id = event.parse().map_err(|_| InvalidMailEffectId)?;
        Ok(Self { subject, kind, event_id })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::UserId;

    fn id() -> MailEffectId {
        MailEffectId {
            subject: MailSubject::Order(OrderId::from_uuid(Uuid::from_u128(1))),
            kind: MailKind::OrderConfirmation,
            event_id: EventId::from_uuid(Uuid::from_u128(2)),
        }
    }

    #[test]
    fn ids_are_read_as_they_are_written() {
        let account = AccountId::User(UserId::from_uuid(Uuid::from_u128(3)));
        for kind in MailKind::ALL {
            for subject in [id().subject, MailSubject::Account(account)] {
                let id = MailEffectId { subject, kind, ..id() };
                assert_eq!(id.to_string().parse(), Ok(id));
                assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str(), "stored as it is written");
            }
        }
        for text in ["ord_1/x/evt_1", "prod_1/order_confirmation/evt_1", "", "a/b/c/d"] {
            assert_eq!(text.parse::<MailEffectId>(), Err(InvalidMailEffectId), "{text}");
        }
    }

    #[test]
    fn what_was_stored_when_all_mails_were_about_orders_is_still_read() {
        let stored = serde_json::json!({
            "order_id": "ord_00000000000000000000000000000001", "kind": "order_confirmation",
            "event_id": "evt_00000000000000000000000000000002",
        });
        assert_eq!(serde_json::from_value::<MailEffectId>(stored).unwrap(), id());
    }
}
