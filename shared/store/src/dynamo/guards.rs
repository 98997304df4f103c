//! Rate limits, known addresses and job checkpoints on DynamoDB.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use domain::Timestamp;
use resilience::{Decision, Ids, Limit, RandomIds};
use uuid::Uuid;

use super::failure::{Failure, settle};
use super::item::{self, WRITE_ID};
use super::keys::{self, Item, TTL, millis};
use super::table::{Table, names};
use crate::{JobCheckpoints, KnownAddresses, RateLimiter, StoreError};

/// A bucket's theoretical arrival time, in milliseconds since the epoch.
const ARRIVAL: &str = "tat";
/// When a known address is forgotten, in milliseconds since the epoch.
const UNTIL: &str = "until";
/// How often a bucket may change its state between two writes of one request.
const ROUNDS: usize = 8;
/// A job's checkpoint.
const PLACE: &str = "place";
/// The most buckets that are remembered as empty.
const MOST_EMPTY: usize = 1000;

/// The guards table. Clones share what they know of empty buckets.
#[derive(Clone, Debug)]
pub struct DynamoGuards {
    pub(super) table: Table,
    empty: Arc<Mutex<EmptyBuckets>>,
}

/// Until when buckets are known to be empty here: repeated requests to an empty bucket cost no write. An arrival time falls
/// only where a request is given back; if another environment does that, this one is too strict for one interval at most.
#[derive(Debug, Default)]
struct EmptyBuckets(HashMap<String, Timestamp>);

impl EmptyBuckets {
    /// How long the bucket stays empty.
    fn wait(&self, bucket: &str, now: Timestamp) -> Option<Duration> {
        self.0.get(bucket).filter(|until| now < **until).map(|until| until.since(now))
    }

    fn forget(&mut self, bucket: &str) {
        self.0.remove(bucket);
    }

    fn record(&mut self, bucket: &str, until: Timestamp, now: Timestamp) {
        if self.0.len() >= MOST_EMPTY {
            self.0.retain(|_, until| now < *until);
        }
        if self.0.len() < MOST_EMPTY {
            self.0.insert(bucket.to_owned(), until);
        }
    }
}

/// The outcome of a conditional write of a bucket.
enum BucketWrite {
    /// It took a request, or gave one back: this is the arrival time now.
    Taken(Timestamp),
    /// The bucket has another state; `None` when it does not exist.
    Other(Option<Timestamp>),
}

/// A conditional write of a bucket.
struct Write {
    arrival: &'static str,
    condition: &'static str,
    values: Vec<(&'static str, Timestamp)>,
}

impl Write {
    /// Takes one more request from a bucket that is in use and not empty.
    fn of_used(limit: Limit, now: Timestamp) -> Self {
        let latest = now.plus(limit.whole().saturating_sub(limit.interval()));
        let interval = Timestamp::default().plus(limit.interval());
        Self {
            arrival: "#tat + :interval",
            condition: "#tat BETWEEN :now AND :latest AND #write_id <> :write_id",
            values: vec![(":interval", interval), (":now", now), (":latest", latest)],
        }
    }

    /// Takes the first request from a bucket that is full again, or was never used.
    fn of_idle(limit: Limit, now: Timestamp) -> Self {
        Self {
            arrival: ":next",
            condition: "attribute_not_exists(#tat) OR #tat < :now",
            values: vec![(":next", now.plus(limit.interval())), (":now", now)],
        }
    }

    /// Gives one request back.
    fn of_given_back(limit: Limit) -> Self {
        let interval = Timestamp::default().plus(limit.interval());
        Self {
            arrival: "#tat - :interval",
            condition: "attribute_exists(#tat) AND #write_id <> :write_id",
            values: vec![(":interval", interval)],
        }
    }
}

impl DynamoGuards {
    /// Uses the guards table with this name.
    pub fn new(client: &Client, guards_table: impl Into<String>) -> Self {
        Self { table: Table::new(client, guards_table), empty: Arc::default() }
    }

    /// One write, with the SDK's own retries. A retry that finds its own earlier attempt has taken one request; when
    /// another write came in between, it takes one more, so a lost answer makes a bucket stricter, never wider.
    async fn write(
        &self,
        bucket: &str,
        write: &Write,
        until: Timestamp,
        write_id: Uuid,
    ) -> Result<BucketWrite, StoreError> {
        let mut values: Item = write.values.iter().map(|(name, at)| ((*name).to_owned(), millis(*at))).collect();
        values.insert(":ttl".to_owned(), keys::ttl(until));
        values.insert(":write_id".to_owned(), item::mark(write_id));
        let update = self
            .table
            .client
            .update_item()
            .table_name(&self.table.name)
            .set_key(Some(keys::bucket(bucket).attributes()))
            .update_expression(format!("SET #tat = {}, #write_id = :write_id, #ttl = :ttl", write.arrival))
            .condition_expression(write.condition)
            .set_expression_attribute_names(Some(names(&[("#tat", ARRIVAL), ("#write_id", WRITE_ID), ("#ttl", TTL)])))
            .set_expression_attribute_values(Some(values))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match update.send().await {
            Ok(answer) => Ok(BucketWrite::Taken(arrival(&answer.attributes.unwrap_or_default())?)),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refusal)) => match refusal.item() {
                    Some(stored) if item::was_written_by(stored, write_id) => Ok(BucketWrite::Taken(arrival(stored)?)),
                    stored => Ok(BucketWrite::Other(stored.map(arrival).transpose()?)),
                },
                _ => Err(Failure::from(error).into()),
            },
        }
    }

    fn known_wait(&self, bucket: &str, now: Timestamp) -> Option<Duration> {
        self.empty.lock().unwrap_or_else(PoisonError::into_inner).wait(bucket, now)
    }

    fn note_empty(&self, bucket: &str, until: Timestamp, now: Timestamp) {
        self.empty.lock().unwrap_or_else(PoisonError::into_inner).record(bucket, until, now);
    }
}

fn arrival(item: &Item) -> Result<Timestamp, StoreError> {
    item::number_of(item, ARRIVAL).map(Timestamp::from_millis)
}

/// The decision for a request that moved the arrival time to `next`.
fn told(limit: Limit, next: Timestamp, now: Timestamp) -> Decision {
    limit.take(Some(limit.give_back(next)), now).1
}

impl RateLimiter for DynamoGuards {
    async fn take(&self, bucket: &str, limit: Limit, now: Timestamp) -> Result<Decision, StoreError> {
        if let Some(retry_after) = self.known_wait(bucket, now) {
            return Ok(Decision::Refused { retry_after });
        }
        let (write_id, until) = (RandomIds.fresh(), now.plus(limit.whole()));
        for _ in 0..ROUNDS {
            // Idle first: a person's bucket is full again before their next request.
            let seen = match self.write(bucket, &Write::of_idle(limit, now), until, write_id).await? {
                BucketWrite::Taken(next) => return Ok(told(limit, next, now)),
                BucketWrite::Other(seen) => seen,
            };
            if let (None, refused) = limit.take(seen, now) {
                if let Decision::Refused { retry_after } = refused {
                    self.note_empty(bucket, now.plus(retry_after), now);
                }
                return Ok(refused);
            }
            if let BucketWrite::Taken(next) = self.write(bucket, &Write::of_used(limit, now), until, write_id).await? {
                return Ok(told(limit, next, now));
            }
        }
        Err(StoreError::Unavailable("the bucket kept changing".into()))
    }

    async fn give_back(&self, bucket: &str, limit: Limit, now: Timestamp) -> Result<(), StoreError> {
        let until = now.plus(limit.whole());
        self.write(bucket, &Write::of_given_back(limit), until, RandomIds.fresh()).await?;
        self.empty.lock().unwrap_or_else(PoisonError::into_inner).forget(bucket);
        Ok(())
    }
}

impl KnownAddresses for DynamoGuards {
    async fn remember(&self, key: &str, until: Timestamp) -> Result<(), StoreError> {
        self.keep(keys::fact(key).attributes(), until).await
    }

    async fn remembers(&self, key: &str, now: Timestamp) -> Result<bool, StoreError> {
        let Some(fact) = self.table.get(&keys::fact(key)).await? else { return Ok(false) };
        Ok(now < Timestamp::from_millis(item::number_of(&fact, UNTIL)?))
    }
}

impl JobCheckpoints for DynamoGuards {
    async fn checkpoint(&self, job: &str, now: Timestamp) -> Result<Option<String>, StoreError> {
        let Some(kept) = self.table.get(&keys::checkpoint(job)).await? else { return Ok(None) };
        let is_good = now < Timestamp::from_millis(item::number_of(&kept, UNTIL)?);
        is_good.then(|| item::text_of(&kept, PLACE)).transpose()
    }

    async fn save_checkpoint(&self, job: &str, place: &str, until: Timestamp) -> Result<(), StoreError> {
        let mut item = keys::checkpoint(job).attributes();
        item.insert(PLACE.to_owned(), keys::text(place));
        self.keep(item, until).await
    }
}

impl DynamoGuards {
    /// Puts an item that expires then.
    async fn keep(&self, mut item: keys::Item, until: Timestamp) -> Result<(), StoreError> {
        item.insert(UNTIL.to_owned(), millis(until));
        item.insert(TTL.to_owned(), keys::ttl(until));
        settle(async || {
            let put = self.table.client.put_item().table_name(&self.table.name).set_item(Some(item.clone()));
            Ok(put.send().await.map(drop)?)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attack_from_everywhere_does_not_fill_the_memory() {
        let (mut empty, at) = (EmptyBuckets::default(), Timestamp::from_seconds);
        for bucket in 0..2 * MOST_EMPTY {
            empty.record(&bucket.to_string(), at(60), at(0));
        }
        assert_eq!(empty.0.len(), MOST_EMPTY);
        assert_eq!(empty.wait("0", at(59)), Some(Duration::from_secs(1)));
        assert_eq!((empty.wait("0", at(60)), empty.wait("5000", at(0))), (None, None));
        empty.record("5000", at(90), at(60));
        assert_eq!(empty.0.len(), 1, "what is over makes room");
    }
}
