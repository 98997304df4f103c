//! Parses a table's stream: which records carry an event.

use aws_lambda_events::event::dynamodb::EventRecord;
use domain::{AccountEvent, OrderEvent};
use serde::de::DeserializeOwned;
use serde_dynamo::AttributeValue;
use serde_json::Value;

/// A record carries an event that cannot be parsed; no retry helps. The error says where it fails, and shows nothing of
/// the content.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamRecordError {
    /// Not the shape of a DynamoDB stream record.
    #[error("not a stream record")]
    Record,
    /// The item has no text in its attribute `event`.
    #[error("an event item without an event")]
    NoEvent,
    /// The text is not a known event.
    #[error("not an event of this table, at column {0}")]
    Event(usize),
}

/// The order event in a record of the orders table's stream; `None` for records that are no event: orders, receipts,
/// removals.
///
/// # Errors
///
/// [`StreamRecordError`].
pub fn order_event(record: &Value) -> Result<Option<OrderEvent>, StreamRecordError> {
    event(record)
}

/// The account event in a record of the identity table's stream; `None` for all others: accounts, sessions, keys.
///
/// # Errors
///
/// [`StreamRecordError`].
pub fn account_event(record: &Value) -> Result<Option<AccountEvent>, StreamRecordError> {
    event(record)
}

/// In both tables an event is an item of its own, whose sort key begins with `event#`. It never changes; one that was
/// touched is to be published again.
fn event<E: DeserializeOwned>(record: &Value) -> Result<Option<E>, StreamRecordError> {
    let record: EventRecord = serde::Deserialize::deserialize(record).map_err(|_| StreamRecordError::Record)?;
    let is_event = matches!(record.change.keys.get("sk"), Some(AttributeValue::S(sk)) if sk.starts_with("event#"));
    if !matches!(record.event_name.as_str(), "INSERT" | "MODIFY") || !is_event {
        return Ok(None);
    }
    let Some(AttributeValue::S(event)) = record.change.new_image.get("event") else {
        return Err(StreamRecordError::NoEvent);
    };
    serde_json::from_str(event).map(Some).map_err(|error| StreamRecordError::Event(error.column()))
}
