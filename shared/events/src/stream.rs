//! Reading the orders table's stream: which records carry an order event.

use aws_lambda_events::event::dynamodb::EventRecord;
use domain::OrderEvent;
use serde_dynamo::AttributeValue;
use serde_json::Value;

/// A record that carries an order event which cannot be read; no retry mends it.
#[derive(Debug, thiserror::Error)]
pub enum StreamRecordError {
    /// Not the shape of a DynamoDB stream record.
    #[error("not a stream record")]
    Record(#[source] serde_json::Error),
    /// The item has no text in its attribute `event`.
    #[error("an event item without an event")]
    NoEvent,
    /// The text is not an order event that we know.
    #[error("not an order event")]
    Event(#[source] serde_json::Error),
}

/// The order event that a stream record carries. None for what is no event: orders, receipts, removals.
pub fn order_event(record: &Value) -> Result<Option<OrderEvent>, StreamRecordError> {
    let record: EventRecord = serde::Deserialize::deserialize(record).map_err(StreamRecordError::Record)?;
    let is_event = matches!(record.change.keys.get("sk"), Some(AttributeValue::S(sk)) if sk.starts_with("event#"));
    if record.event_name != "INSERT" || !is_event {
        return Ok(None);
    }
    let Some(AttributeValue::S(event)) = record.change.new_image.get("event") else {
        return Err(StreamRecordError::NoEvent);
    };
    serde_json::from_str(event).map(Some).map_err(StreamRecordError::Event)
}
