//! An event of any kind, as the bus carries it.

use std::convert::Infallible;

use domain::{
    ACCOUNT_EVENT_SCHEMA_VERSION, AccountEvent, AccountEventType, EVENT_SCHEMA_VERSION, EventType, OrderEvent,
};
use serde::Deserialize;

/// An event of an order or an account. The prefix of its type tells which: `order.` is an order's, the rest are
/// accounts'.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// An event of an order.
    Order(OrderEvent),
    /// An event of an account, or of an API key.
    Account(AccountEvent),
}

/// The type of an event. A consumer says of each whether it hears it; its queue's filter says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// Of an order.
    Order(EventType),
    /// Of an account, or of an API key.
    Account(AccountEventType),
}

impl EventKind {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let orders = EventType::ALL.into_iter().map(Self::Order);
        orders.chain(AccountEventType::ALL.into_iter().map(Self::Account))
    }

    /// The word in messages and filters: `order.paid`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Order(event_type) => event_type.as_str(),
            Self::Account(event_type) => event_type.as_str(),
        }
    }
}

/// Why a message cannot be parsed. The message returns to the queue and ends in the dead letters, where staff see it.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableEvent {
    /// The body is empty.
    #[error("no body")]
    Empty,
    /// A newer schema, for this consumer's successor.
    #[error("schema version {0} is newer than this consumer")]
    Newer(u32),
    /// Not the form of an event.
    #[error("not an event")]
    NotAnEvent(#[from] serde_json::Error),
    /// The consumer does not handle events of this kind.
    #[error("an event of another kind")]
    OtherKind,
}

/// The fields that every event has, whatever its kind and version.
#[derive(Deserialize)]
struct Head {
    schema_version: u32,
    #[serde(rename = "type")]
    event_type: String,
}

impl Event {
    /// Parses a message's body.
    ///
    /// # Errors
    ///
    /// [`UnreadableEvent`].
    pub fn read(body: Option<&str>) -> Result<Self, UnreadableEvent> {
        let body = body.ok_or(UnreadableEvent::Empty)?;
        let head: Head = serde_json::from_str(body)?;
        let is_orders = head.event_type.starts_with("order.");
        let known = if is_orders { EVENT_SCHEMA_VERSION } else { ACCOUNT_EVENT_SCHEMA_VERSION };
        if head.schema_version > known {
            return Err(UnreadableEvent::Newer(head.schema_version));
        }
        Ok(if is_orders {
            Self::Order(serde_json::from_str(body)?)
        } else {
            Self::Account(serde_json::from_str(body)?)
        })
    }

    /// The message's body.
    ///
    /// # Errors
    ///
    /// Never: all of it has a JSON form.
    pub fn body(&self) -> Result<String, serde_json::Error> {
        match self {
            Self::Order(event) => serde_json::to_string(event),
            Self::Account(event) => serde_json::to_string(event),
        }
    }

    /// The event type: `order.paid`.
    pub fn event_type(&self) -> &'static str {
        match self {
            Self::Order(event) => event.event_type.as_str(),
            Self::Account(event) => event.event_type.as_str(),
        }
    }

    /// The request or webhook that caused it.
    pub fn correlation_id(&self) -> &str {
        match self {
            Self::Order(event) => &event.correlation_id,
            Self::Account(event) => &event.correlation_id,
        }
    }

    /// The message's attributes, for filters and logs: name and text.
    pub fn attributes(&self) -> Vec<(&'static str, String)> {
        let (schema_version, mut attributes) = match self {
            Self::Order(event) => {
                let order = ("order_id", event.order_id.to_string());
                (event.schema_version, vec![order, ("order_version", event.order_version.to_string())])
            }
            Self::Account(event) => (event.schema_version, vec![("account_id", event.account_id.to_string())]),
        };
        attributes.extend([
            ("event_type", self.event_type().to_owned()),
            ("schema_version", schema_version.to_string()),
            ("correlation_id", self.correlation_id().to_owned()),
        ]);
        attributes
    }

    /// The id of the order or account that it is about.
    pub(crate) fn subject(&self) -> String {
        match self {
            Self::Order(event) => event.order_id.to_string(),
            Self::Account(event) => event.account_id.to_string(),
        }
    }

    /// The subject for a log line: the order's id, or else the account's.
    pub(crate) fn about(&self) -> (Option<String>, Option<String>) {
        match self {
            Self::Order(event) => (Some(event.order_id.to_string()), None),
            Self::Account(event) => (None, Some(event.account_id.to_string())),
        }
    }
}

impl From<OrderEvent> for Event {
    fn from(event: OrderEvent) -> Self {
        Self::Order(event)
    }
}

impl From<AccountEvent> for Event {
    fn from(event: AccountEvent) -> Self {
        Self::Account(event)
    }
}

/// A consumer of both kinds takes an event as it is.
impl From<Infallible> for UnreadableEvent {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl TryFrom<Event> for OrderEvent {
    type Error = UnreadableEvent;

    fn try_from(event: Event) -> Result<Self, UnreadableEvent> {
        if let Event::Order(event) = event { Ok(event) } else { Err(UnreadableEvent::OtherKind) }
    }
}

impl TryFrom<Event> for AccountEvent {
    type Error = UnreadableEvent;

    fn try_from(event: Event) -> Result<Self, UnreadableEvent> {
        if let Event::Account(event) = event { Ok(event) } else { Err(UnreadableEvent::OtherKind) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn registered() -> serde_json::Value {
        json!({
            "event_id": "evt_00000000000000000000000000000001", "type": "account.registered", "schema_version": 1,
            "account_id": "cus_00000000000000000000000000000002", "link_id": "lnk_00000000000000000000000000000003",
            "at": "2026-11-23T12:00:00.000Z", "correlation_id": "corr",
        })
    }

    #[test]
    fn an_accounts_event_is_read_as_it_is_written() {
        let event = Event::read(Some(&registered().to_string())).unwrap();
        assert_eq!(Event::read(Some(&event.body().unwrap())).unwrap(), event);
        assert_eq!((event.event_type(), event.correlation_id()), ("account.registered", "corr"));
        let named: Vec<_> = event.attributes().into_iter().map(|(name, _)| name).collect();
        assert_eq!(named, ["account_id", "event_type", "schema_version", "correlation_id"]);
        assert!(matches!(OrderEvent::try_from(event), Err(UnreadableEvent::OtherKind)), "it is not an order's");
    }

    #[test]
    fn a_newer_version_of_either_kind_is_left_for_its_successor() {
        for event_type in ["order.teleported", "account.teleported", "something.else"] {
            let body = json!({ "type": event_type, "schema_version": 2 }).to_string();
            assert!(matches!(Event::read(Some(&body)), Err(UnreadableEvent::Newer(2))), "{event_type}");
        }
        let mut unknown = registered();
        unknown["type"] = json!("account.teleported");
        assert!(matches!(Event::read(Some(&unknown.to_string())), Err(UnreadableEvent::NotAnEvent(_))));
        assert!(matches!(Event::read(None), Err(UnreadableEvent::Empty)));
    }
}
