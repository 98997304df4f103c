//! Relays a table's stream to the topic: the loop of both stream functions.

use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use serde_json::{Value, json};

use crate::{BusError, DeadLetters, Event, Publisher, StreamRecordError, account_event, order_event};

/// A table whose stream carries events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventSource {
    /// Order events.
    Orders,
    /// Account events, beside accounts, sessions and keys.
    Identity,
}

impl EventSource {
    fn read(self, record: &Value) -> Result<Option<Event>, StreamRecordError> {
        match self {
            Self::Orders => Ok(order_event(record)?.map(Event::from)),
            Self::Identity => Ok(account_event(record)?.map(Event::from)),
        }
    }

    /// What is stored of a record that cannot be parsed: all of it, but of the identity table only its keys, since the
    /// rest, other items' keys included, could be personal.
    fn letter(self, record: &Value) -> String {
        if self == Self::Orders {
            return record.to_string();
        }
        let keys = Some(&record["dynamodb"]["Keys"]).filter(|keys| is_events(keys));
        let place = json!({ "Keys": keys, "SequenceNumber": record["dynamodb"]["SequenceNumber"] });
        json!({ "eventID": record["eventID"], "dynamodb": place }).to_string()
    }
}

/// Whether these are an event item's keys: the owner's id and a time.
fn is_events(keys: &Value) -> bool {
    keys["sk"]["S"].as_str().is_some_and(|sk| sk.starts_with("event#"))
}

/// Publishes each event of the batch, in order. The batch ends at the first one that the bus refuses, and the stream
/// continues from there. A record that cannot be parsed goes to the dead letters, and the shard continues.
///
/// The batch arrives as plain JSON, so that one record of an unknown shape does not fail all of it. The content of
/// records is not logged.
pub async fn relay(
    source: EventSource,
    publisher: &impl Publisher,
    dead_letters: &impl DeadLetters,
    event: &Value,
) -> DynamoDbEventResponse {
    let mut response = DynamoDbEventResponse::default();
    for record in event["Records"].as_array().into_iter().flatten() {
        if let Err(error) = pass_on(source, publisher, dead_letters, record).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the stream goes back to this record");
            // Without a sequence number the whole batch comes again.
            let mut failure = DynamoDbBatchItemFailure::default();
            failure.item_identifier = record["dynamodb"]["SequenceNumber"].as_str().map(str::to_owned);
            response.batch_item_failures.push(failure);
            break;
        }
    }
    response
}

async fn pass_on(
    source: EventSource,
    publisher: &impl Publisher,
    dead_letters: &impl DeadLetters,
    record: &Value,
) -> Result<(), BusError> {
    match source.read(record) {
        Ok(None) => Ok(()),
        Ok(Some(event)) => {
            publisher.publish(&event).await?;
            let ((order_id, account_id), event_type) = (event.about(), event.event_type());
            tracing::info!(
                order_id,
                account_id,
                event_type,
                correlation_id = event.correlation_id(),
                "event published"
            );
            telemetry::count("EventsPublished", 1);
            Ok(())
        }
        Err(error) => {
            let id = record["eventID"].as_str().unwrap_or("unknown");
            tracing::error!(record_id = id, error = &error as &dyn std::error::Error, "poison record");
            telemetry::count("PoisonRecords", 1);
            dead_letters.keep(&source.letter(record), &error.to_string()).await
        }
    }
}
