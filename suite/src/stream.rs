//! A table's stream and how Lambda's event source mapping reads it: in order, from a position, again after a failure.

use std::collections::VecDeque;
use std::time::Duration;

use domain::{AccountEvent, OrderEvent, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};
use store::{MemoryStore, account_event_key, event_key};

use crate::pattern;
use crate::template::StreamMapping;

/// First pause after a failed batch; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// One change of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Its sequence number in the shard; text order is the order of changes.
    pub sequence: String,
    /// When the change was made.
    pub at: Timestamp,
    /// The record as Lambda hands it to the function.
    pub content: Value,
}

/// The stream cannot be read now.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the table's stream")]
pub struct StreamError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// A table's changes, oldest first, in one shard.
pub trait ChangeStream {
    /// Up to `most` changes after a sequence number, or from the beginning for `None`.
    async fn read(&self, after: Option<&str>, most: usize) -> Result<Vec<Record>, StreamError>;
}

/// The stream of a memory store's orders.
#[derive(Debug)]
pub struct OrderChanges<'a>(pub &'a MemoryStore);

/// The stream of a memory store's accounts.
#[derive(Debug)]
pub struct AccountChanges<'a>(pub &'a MemoryStore);

impl ChangeStream for OrderChanges<'_> {
    async fn read(&self, after: Option<&str>, most: usize) -> Result<Vec<Record>, StreamError> {
        let position = position(after)?;
        let events = self.0.stream_since(position).0.into_iter().take(most).zip(position + 1..);
        let record = |(event, place): (OrderEvent, usize)| {
            let sort_key = event_key(event.order_version, event.index);
            record_of(place, &event.order_id.to_string(), &sort_key, event.at, &event)
        };
        events.map(record).collect()
    }
}

impl ChangeStream for AccountChanges<'_> {
    async fn read(&self, after: Option<&str>, most: usize) -> Result<Vec<Record>, StreamError> {
        let position = position(after)?;
        let events = self.0.account_stream_since(position).0.into_iter().take(most).zip(position + 1..);
        let record = |(event, place): (AccountEvent, usize)| {
            let [partition, sort_key] = account_event_key(&event);
            record_of(place, &partition, &sort_key, event.at, &event)
        };
        events.map(record).collect()
    }
}

fn position(after: Option<&str>) -> Result<usize, StreamError> {
    after.map_or(Ok(0), str::parse::<usize>).map_err(|error| StreamError(error.into()))
}

/// The record that DynamoDB's stream shows for a new event item.
fn record_of(place: usize, pk: &str, sk: &str, at: Timestamp, event: &impl Serialize) -> Result<Record, StreamError> {
    let text = serde_json::to_string(event).map_err(|error| StreamError(error.into()))?;
    let keys = json!({ "pk": { "S": pk }, "sk": { "S": sk } });
    let image = json!({ "pk": { "S": pk }, "sk": { "S": sk }, "event": { "S": text } });
    let sequence = format!("{place:021}");
    let content = json!({
        "eventID": sequence, "eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb",
        "awsRegion": "local",
        "dynamodb": {
            "ApproximateCreationDateTime": at.seconds(), "Keys": keys, "NewImage": image,
            "SequenceNumber": sequence, "SizeBytes": text.len(), "StreamViewType": "NEW_IMAGE",
        },
    });
    Ok(Record { sequence, at, content })
}

/// The mapping's position in its shard.
#[derive(Debug, Default)]
pub struct Shard {
    waiting: VecDeque<Record>,
    read_up_to: Option<String>,
    done_up_to: Option<String>,
    failures: u32,
    /// Smaller than the mapping's batch while a failing batch is being halved.
    size: Option<usize>,
    not_before: Option<Timestamp>,
}

/// The outcome of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchOutcome {
    /// All of it is done.
    Done,
    /// The function said from which record on it failed.
    FailedFrom(String),
    /// The function failed, ran out of time or died.
    Failed,
}

/// What the mapping gave up, for the destination: where it is, not what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AbandonedRecords {
    /// First sequence number.
    pub from: String,
    /// Last sequence number.
    pub to: String,
    /// How many records.
    pub records: usize,
}

impl Shard {
    /// From a stored position on: what came up to there is done.
    pub fn after(position: Option<String>) -> Self {
        Self { read_up_to: position.clone(), done_up_to: position, ..Self::default() }
    }

    /// Up to where everything is done.
    pub fn position(&self) -> Option<&str> {
        if self.waiting.is_empty() { self.read_up_to.as_deref() } else { self.done_up_to.as_deref() }
    }

    /// When the shard has something to do: now, later after a failure, or not before something is written.
    pub fn due(&self) -> Option<Timestamp> {
        self.waiting.front().map(|record| self.not_before.unwrap_or(record.at))
    }

    /// Puts a record in front of what waits, as if it stood in the table: for poison.
    pub fn inject(&mut self, record: Record) {
        self.waiting.push_front(record);
    }

    /// Reads on where the mapping's filter lets something through, until a batch is full or nothing is left.
    pub async fn fill(&mut self, stream: &impl ChangeStream, mapping: &StreamMapping) -> Result<(), StreamError> {
        while self.waiting.len() < mapping.batch {
            let records = stream.read(self.read_up_to.as_deref(), mapping.batch - self.waiting.len()).await?;
            let Some(last) = records.last() else { break };
            if self.waiting.is_empty() {
                self.done_up_to.clone_from(&self.read_up_to);
            }
            self.read_up_to = Some(last.sequence.clone());
            let wanted = |record: &Record| {
                mapping.filters.is_empty()
                    || mapping.filters.iter().any(|filter| pattern::matches(filter, &record.content))
            };
            self.waiting.extend(records.into_iter().filter(wanted));
        }
        Ok(())
    }

    /// The next batch as the function's event; `None` while there is nothing, or during a pause after a failure.
    pub fn batch(&self, mapping: &StreamMapping, now: Timestamp) -> Option<Value> {
        if self.waiting.is_empty() || self.not_before.is_some_and(|moment| now < moment) {
            return None;
        }
        let records: Vec<&Value> =
            self.waiting.iter().take(self.batch_size(mapping)).map(|record| &record.content).collect();
        Some(json!({ "Records": records }))
    }

    /// Applies the outcome of the batch from [`Self::batch`]. Returns the records that were given up, if any.
    pub fn settle(
        &mut self,
        mapping: &StreamMapping,
        outcome: &BatchOutcome,
        now: Timestamp,
    ) -> Option<AbandonedRecords> {
        let size = self.batch_size(mapping).min(self.waiting.len());
        let done = match outcome {
            BatchOutcome::Done => size,
            BatchOutcome::FailedFrom(sequence) => {
                self.waiting.iter().take(size).position(|record| record.sequence == *sequence).unwrap_or(0)
            }
            BatchOutcome::Failed => 0,
        };
        self.drop_first(done);
        if done == size {
            (self.failures, self.size, self.not_before) = (0, None, None);
            return None;
        }
        if done > 0 {
            self.failures = 0;
        }
        self.failures += 1;
        if mapping.bisect && size - done > 1 && *outcome == BatchOutcome::Failed {
            // Halving costs no try: the bad record is closed in on first.
            (self.size, self.failures) = (Some(size.div_ceil(2)), 0);
            return None;
        }
        self.not_before = Some(now.plus(pause(self.failures)));
        self.give_up(mapping, size - done, now)
    }

    fn give_up(&mut self, mapping: &StreamMapping, size: usize, now: Timestamp) -> Option<AbandonedRecords> {
        let first = self.waiting.front()?;
        let too_often = mapping.retries.is_some_and(|retries| self.failures > retries);
        let too_old = mapping.max_age.is_some_and(|age| now.since(first.at) > age);
        if !too_often && !too_old {
            return None;
        }
        let last = self.waiting.get(size.saturating_sub(1)).unwrap_or(first);
        let given_up = AbandonedRecords { from: first.sequence.clone(), to: last.sequence.clone(), records: size };
        self.drop_first(size);
        (self.failures, self.size, self.not_before) = (0, None, None);
        Some(given_up)
    }

    fn batch_size(&self, mapping: &StreamMapping) -> usize {
        self.size.unwrap_or(mapping.batch).max(1)
    }

    fn drop_first(&mut self, count: usize) {
        if let Some(last) = self.waiting.drain(..count.min(self.waiting.len())).next_back() {
            self.done_up_to = Some(last.sequence);
        }
    }
}

fn pause(failures: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use resilience::VirtualClock;

    use super::*;

    struct Numbers(usize);

    impl ChangeStream for Numbers {
        async fn read(&self, after: Option<&str>, most: usize) -> Result<Vec<Record>, StreamError> {
            let first = after.map_or(0, |after| after.parse::<usize>().unwrap());
            let record = |n: usize| Record {
                sequence: format!("{n:04}"),
                at: Timestamp::from_seconds(0),
                content: json!({ "n": n, "eventName": if n.is_multiple_of(2) { "INSERT" } else { "MODIFY" } }),
            };
            Ok((first + 1..=self.0).take(most).map(record).collect())
        }
    }

    fn mapping(filters: Vec<Value>) -> StreamMapping {
        StreamMapping {
            table: "T".into(),
            function: "f".into(),
            batch: 4,
            partial_failures: true,
            retries: Some(2),
            max_age: Some(Duration::from_hours(1)),
            bisect: true,
            dead_letters: None,
            filters,
        }
    }

    fn filled(mapping: &StreamMapping, records: usize) -> Shard {
        let mut shard = Shard::default();
        VirtualClock::at(at(0)).run(shard.fill(&Numbers(records), mapping)).unwrap();
        shard
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn numbers(shard: &Shard, mapping: &StreamMapping, now: Timestamp) -> Vec<u64> {
        let batch = shard.batch(mapping, now).unwrap_or_default();
        batch["Records"].as_array().into_iter().flatten().map(|record| record["n"].as_u64().unwrap()).collect()
    }

    #[test]
    fn records_come_in_order_and_the_filter_lets_through_what_it_names() {
        let (all, inserts) = (mapping(vec![]), mapping(vec![json!({ "eventName": ["INSERT"] })]));
        assert_eq!(numbers(&filled(&all, 9), &all, at(0)), [1, 2, 3, 4]);
        assert_eq!(numbers(&filled(&inserts, 9), &inserts, at(0)), [2, 4, 6, 8]);
        let mut nothing = filled(&inserts, 1);
        assert_eq!((nothing.batch(&inserts, at(0)), nothing.position()), (None, Some("0001")), "read past it");
        nothing.settle(&inserts, &BatchOutcome::Done, at(0));
    }

    #[test]
    fn a_failure_comes_back_to_the_record_that_was_named_after_a_pause() {
        let mapping = mapping(vec![]);
        let mut shard = filled(&mapping, 4);
        assert_eq!(shard.settle(&mapping, &BatchOutcome::FailedFrom("0003".into()), at(0)), None);
        assert_eq!(shard.position(), Some("0002"));
        assert!(shard.batch(&mapping, at(0)).is_none(), "a pause first");
        assert_eq!(numbers(&shard, &mapping, at(1)), [3, 4]);
        shard.settle(&mapping, &BatchOutcome::Done, at(1));
        assert_eq!((shard.batch(&mapping, at(1)), shard.position()), (None, Some("0004")));
    }

    #[test]
    fn a_failing_batch_is_halved_until_one_record_is_given_up_and_the_others_go_on() {
        let mapping = mapping(vec![]);
        let mut shard = filled(&mapping, 4);
        let (mut now, mut given_up, mut done) = (0, vec![], vec![]);
        while let batch @ [_, ..] = numbers(&shard, &mapping, at(now)).as_slice() {
            let outcome = if batch.contains(&3) { BatchOutcome::Failed } else { BatchOutcome::Done };
            if outcome == BatchOutcome::Done {
                done.extend(batch.to_vec());
            }
            given_up.extend(shard.settle(&mapping, &outcome, at(now)));
            now += 60;
        }
        assert_eq!(given_up, [AbandonedRecords { from: "0003".into(), to: "0003".into(), records: 1 }]);
        assert_eq!(done, [1, 2, 4]);
    }

    #[test]
    fn what_is_too_old_is_given_up_at_its_next_failure() {
        let mapping = StreamMapping { bisect: false, ..mapping(vec![]) };
        let mut shard = filled(&mapping, 2);
        assert_eq!(shard.settle(&mapping, &BatchOutcome::Failed, at(60)), None);
        let given_up = shard.settle(&mapping, &BatchOutcome::Failed, at(3_601)).unwrap();
        assert_eq!((given_up.records, shard.position()), (2, Some("0002")));
    }
}
