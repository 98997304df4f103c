//! Lambda's pollers: they turn messages of a queue and records of a stream into events, and record the outcome.

use domain::Timestamp;
use resilience::{Clock, Ids, Transport};
use serde_json::{Value, json};

use crate::bus::ReceivedMessage;
use crate::ports::Stores;
use crate::run::Activity;
use crate::stream::{AbandonedRecords, BatchOutcome, StreamError};
use crate::suite::Suite;
use crate::template::{QueueMapping, StreamMapping};

/// The tables with a stream, by their logical ids.
const ORDERS_TABLE: &str = "OrdersTable";
const IDENTITY_TABLE: &str = "IdentityTable";

impl<S: Stores, T: Transport, C: Clock + Clone, I: Ids> Suite<S, T, C, I> {
    /// Hands one batch of a queue to its function; `None` when there is nothing to receive.
    pub async fn poll(&self, mapping: &QueueMapping) -> Option<Activity> {
        let batch = self.bus.receive(&mapping.queue, mapping.batch);
        if batch.is_empty() {
            return None;
        }
        let result = self.call(&mapping.function, sqs_event(&mapping.queue, &batch)).await;
        let error = result.as_ref().err().map(ToString::to_string);
        let failed = match &result {
            Ok(answer) if mapping.partial_failures => failures(answer, &batch),
            Ok(_) => Vec::new(),
            Err(_) => batch.iter().map(|received| received.message.id.as_str()).collect(),
        };
        for done in batch.iter().filter(|received| !failed.contains(&received.message.id.as_str())) {
            // What is not taken for done comes again.
            let delete = || self.bus.delete(&mapping.queue, done.receipt);
            if let Err(error) = self.gate.acknowledge("queue.delete", delete).await {
                tracing::warn!(queue = mapping.queue, error = &error as &dyn std::error::Error, "done, not deleted");
            }
        }
        let (function, messages, failed) = (mapping.function.clone(), batch.len(), failed.len());
        Some(Activity::Consumed { function, messages, failed, error })
    }

    /// Hands one batch of a table's stream to its function; `None` when there is nothing new, or during a pause after a
    /// failure.
    ///
    /// # Errors
    ///
    /// When the stream cannot be read; nothing was lost.
    pub async fn pump(&self, mapping: &StreamMapping) -> Result<Option<Activity>, StreamError> {
        let Some(shard) = self.shard(mapping) else { return Ok(None) };
        // One batch of a shard at a time, in order.
        let mut shard = shard.lock().await;
        match mapping.table.as_str() {
            ORDERS_TABLE => shard.fill(&self.store.changes(), mapping).await?,
            IDENTITY_TABLE => shard.fill(&self.store.account_changes(), mapping).await?,
            other => return Err(StreamError(format!("nobody has the stream of {other}").into())),
        }
        let Some(event) = shard.batch(mapping, self.warm.clock.now()) else { return Ok(None) };
        let records = event["Records"].as_array().map_or(0, Vec::len);
        let result = self.call(&mapping.function, event).await;
        let error = result.as_ref().err().map(ToString::to_string);
        let outcome = match &result {
            Ok(answer) if mapping.partial_failures => stream_outcome(answer),
            Ok(_) => BatchOutcome::Done,
            Err(_) => BatchOutcome::Failed,
        };
        let mut given_up = None;
        let settle = || given_up = shard.settle(mapping, &outcome, self.warm.clock.now());
        // A position that was not kept brings the batch again.
        if let Err(error) = self.gate.acknowledge("stream.position", settle).await {
            tracing::warn!(function = mapping.function, error = &error as &dyn std::error::Error, "position not kept");
        }
        if let Some(given_up) = given_up {
            self.report(mapping, &given_up);
        }
        let (function, done) = (mapping.function.clone(), outcome == BatchOutcome::Done);
        Ok(Some(Activity::Streamed { function, records, done, error }))
    }

    /// When this mapping's stream continues with records that were read already; `None` when there are only new ones to
    /// wait for.
    pub async fn stream_due(&self, mapping: &StreamMapping) -> Option<Timestamp> {
        self.shard(mapping)?.lock().await.due()
    }

    /// Tells the destination where the records are that were given up.
    fn report(&self, mapping: &StreamMapping, given_up: &AbandonedRecords) {
        tracing::error!(
            function = mapping.function,
            records = given_up.records,
            from = given_up.from,
            "records given up"
        );
        let Some(queue) = &mapping.dead_letters else { return };
        let body = json!({
            "requestContext": { "functionArn": mapping.function, "condition": "RetryAttemptsExhausted" },
            "DDBStreamBatchInfo": {
                "startSequenceNumber": given_up.from, "endSequenceNumber": given_up.to, "batchSize": given_up.records,
            },
        });
        self.bus.send(queue, body.to_string(), std::collections::BTreeMap::new());
    }
}

/// The messages that the function says have failed; all of them when it names one that was not in the batch, as AWS
/// does (docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html).
fn failures<'a>(answer: &Value, batch: &'a [ReceivedMessage]) -> Vec<&'a str> {
    let all = || batch.iter().map(|received| received.message.id.as_str());
    let Some(failures) = answer["batchItemFailures"].as_array() else { return Vec::new() };
    let named = failures.iter().map(|failure| {
        let id = failure["itemIdentifier"].as_str()?;
        all().find(|known| *known == id)
    });
    named.collect::<Option<Vec<_>>>().unwrap_or_else(|| all().collect())
}

/// The lowest sequence number that failed counts; a failure without one fails the batch.
fn stream_outcome(answer: &Value) -> BatchOutcome {
    let Some(failures) = answer["batchItemFailures"].as_array().filter(|failures| !failures.is_empty()) else {
        return BatchOutcome::Done;
    };
    let named: Option<Vec<&str>> = failures.iter().map(|failure| failure["itemIdentifier"].as_str()).collect();
    let lowest = named.and_then(|named| named.into_iter().filter(|id| !id.is_empty()).min());
    lowest.map_or(BatchOutcome::Failed, |lowest| BatchOutcome::FailedFrom(lowest.to_owned()))
}

fn sqs_event(queue: &str, batch: &[ReceivedMessage]) -> Value {
    let record = |received: &ReceivedMessage| {
        let message = &received.message;
        let attribute = |text: &String| json!({ "stringValue": text, "dataType": "String", "stringListValues": [], "binaryListValues": [] });
        let attributes: serde_json::Map<String, Value> =
            message.attributes.iter().map(|(name, text)| (name.clone(), attribute(text))).collect();
        json!({
            "messageId": message.id, "receiptHandle": received.receipt.to_string(), "body": message.body,
            "attributes": {
                "ApproximateReceiveCount": received.receives.to_string(),
                "SentTimestamp": message.sent_at.millis().to_string(),
                "ApproximateFirstReceiveTimestamp": received.first_received_at.millis().to_string(),
                "SenderId": "local",
            },
            "messageAttributes": attributes, "eventSource": "aws:sqs", "awsRegion": "local",
            "eventSourceARN": format!("arn:aws:sqs:local:000000000000:{queue}"),
        })
    };
    json!({ "Records": batch.iter().map(record).collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::{Counts, Message};

    fn batch(ids: &[&str]) -> Vec<ReceivedMessage> {
        use crate::template::Wiring;
        use resilience::VirtualClock;
        let clock = VirtualClock::at(Timestamp::from_seconds(0));
        let wiring: Wiring = include_str!("../../template.yaml").parse().unwrap();
        let bus = crate::bus::Bus::new(std::rc::Rc::new(wiring), clock);
        for _ in ids {
            bus.send("sync-sheet", String::new(), std::collections::BTreeMap::new());
        }
        assert_eq!(bus.counts()["sync-sheet"], Counts { visible: ids.len(), in_flight: 0 });
        let received = bus.receive("sync-sheet", 10);
        let named = received.into_iter().zip(ids);
        named.map(|(one, id)| ReceivedMessage { message: Message { id: (*id).into(), ..one.message }, ..one }).collect()
    }

    #[test]
    fn a_name_that_is_not_in_the_batch_fails_all_of_it() {
        let batch = batch(&["a", "b", "c"]);
        let answer = |ids: &[&str]| {
            let failures: Vec<_> = ids.iter().map(|id| json!({ "itemIdentifier": id })).collect();
            json!({ "batchItemFailures": failures })
        };
        assert_eq!(failures(&answer(&[]), &batch), Vec::<&str>::new());
        assert_eq!(failures(&answer(&["b"]), &batch), ["b"]);
        assert_eq!(failures(&answer(&["b", "x"]), &batch), ["a", "b", "c"]);
        assert_eq!(failures(&json!({ "batchItemFailures": [{}] }), &batch), ["a", "b", "c"]);
        assert_eq!(failures(&Value::Null, &batch), Vec::<&str>::new());
    }

    #[test]
    fn the_stream_goes_back_to_the_lowest_failure() {
        let answer = json!({ "batchItemFailures": [{ "itemIdentifier": "0007" }, { "itemIdentifier": "0003" }] });
        assert_eq!(stream_outcome(&answer), BatchOutcome::FailedFrom("0003".into()));
        assert_eq!(stream_outcome(&json!({ "batchItemFailures": [] })), BatchOutcome::Done);
        assert_eq!(stream_outcome(&json!({ "batchItemFailures": [{ "itemIdentifier": null }] })), BatchOutcome::Failed);
    }
}
