//! The orders table's stream: the only publisher. What handlers wrote together with an order goes out from here.

use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use events::{BusError, DeadLetters, Publisher, order_event};
use serde_json::Value;

/// Publishes each order event of the batch, in order. At the first one that the bus does not take the batch ends, and
/// the stream begins there again. A record that nobody can read is kept whole in the dead letters, and the shard goes on.
///
/// The batch arrives as plain JSON, so that one record of an unknown shape does not fail all of it.
pub async fn handle(
    publisher: &impl Publisher,
    dead_letters: &impl DeadLetters,
    event: &Value,
) -> DynamoDbEventResponse {
    let mut response = DynamoDbEventResponse::default();
    for record in event["Records"].as_array().into_iter().flatten() {
        if let Err(error) = pass_on(publisher, dead_letters, record).await {
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

async fn pass_on(publisher: &impl Publisher, dead_letters: &impl DeadLetters, record: &Value) -> Result<(), BusError> {
    match order_event(record) {
        Ok(None) => Ok(()),
        Ok(Some(event)) => {
            publisher.publish(&event).await?;
            let (order_id, event_type, correlation_id) = (event.order_id, event.event_type, event.correlation_id);
            tracing::info!(%order_id, %event_type, correlation_id, "event published");
            telemetry::count("EventsPublished", 1);
            Ok(())
        }
        Err(error) => {
            let id = record["eventID"].as_str().unwrap_or("unknown");
            tracing::error!(record_id = id, error = &error as &dyn std::error::Error, "poison record");
            telemetry::count("PoisonRecords", 1);
            dead_letters.keep(&record.to_string(), &error.to_string()).await
        }
    }
}
