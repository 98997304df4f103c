//! Attempts to reserve goods on DynamoDB: one item for each customer, with a map of what was announced a moment ago.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use domain::{CustomerId, ReservationAttempt, Timestamp};
use resilience::{Ids as _, RandomIds};
use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::to_item;
use uuid::Uuid;

use super::DynamoGuards;
use super::failure::Failure;
use super::item;
use super::keys::{self, Item, TTL, millis, number};
use crate::{Announcement, MAX_PAGE, ReservationAttempts, StoreError};

/// The announcements, by their ids: one that was removed never comes back under the same name.
const ANNOUNCED: &str = "announced";
/// When the latest one was made, in milliseconds since the epoch.
const LATEST: &str = "latest";
/// How often the item may change its state between two writes of one announcement.
const ROUNDS: usize = 8;

/// What is announced.
#[derive(Debug, Deserialize)]
struct Announced {
    #[serde(default)]
    announced: BTreeMap<String, Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    attempt: ReservationAttempt,
    at: Timestamp,
}

/// The outcome of a conditional write.
enum Write {
    /// The item as it is now.
    Done(Announced),
    /// The condition fails for the item as it is.
    Refused(Announced),
}

/// An announcement that is being made.
struct Making<'a> {
    guards: &'a DynamoGuards,
    customer: CustomerId,
    id: String,
    entry: AttributeValue,
    since: Timestamp,
    until: Timestamp,
    now: Timestamp,
}

impl Making<'_> {
    /// Writes the first announcement in a while, over what is left of earlier ones.
    async fn alone(&self) -> Result<Write, StoreError> {
        let update = self
            .update("SET #announced = :announced, #latest = :now, #ttl = :ttl")
            .condition_expression("attribute_not_exists(#announced) OR #latest < :since")
            .expression_attribute_values(
                ":announced",
                AttributeValue::M([(self.id.clone(), self.entry.clone())].into()),
            )
            .expression_attribute_values(":since", millis(self.since));
        write(update).await
    }

    /// Writes one beside others, and removes these.
    async fn beside_others(&self, expired: &[&String]) -> Result<Write, StoreError> {
        let removed: Vec<_> = (0..expired.len().min(MAX_PAGE)).map(|n| format!("#announced.#e{n}")).collect();
        let remove = if removed.is_empty() { String::new() } else { format!(" REMOVE {}", removed.join(", ")) };
        let mut update = self
            .update(&format!("SET #announced.#id = :entry, #latest = :now, #ttl = :ttl{remove}"))
            .condition_expression("attribute_exists(#announced) AND size(#announced) < :room")
            .expression_attribute_names("#id", &self.id)
            .expression_attribute_values(":entry", self.entry.clone())
            .expression_attribute_values(":room", number(u64::try_from(MAX_PAGE + expired.len()).unwrap_or(u64::MAX)));
        for (n, id) in expired.iter().take(MAX_PAGE).enumerate() {
            update = update.expression_attribute_names(format!("#e{n}"), *id);
        }
        write(update).await
    }

    fn update(&self, expression: &str) -> UpdateItemFluentBuilder {
        self.guards
            .update(self.customer)
            .update_expression(expression)
            .expression_attribute_names("#latest", LATEST)
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":now", millis(self.now))
            .expression_attribute_values(":ttl", keys::ttl(self.until))
    }
}

impl DynamoGuards {
    fn update(&self, customer: CustomerId) -> UpdateItemFluentBuilder {
        self.table
            .client
            .update_item()
            .table_name(&self.table.name)
            .set_key(Some(keys::placing(customer).attributes()))
            .expression_attribute_names("#announced", ANNOUNCED)
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

/// One write, with the SDK's own retries.
async fn write(update: UpdateItemFluentBuilder) -> Result<Write, StoreError> {
    let read = |item: Option<Item>| item.map_or(Ok(Announced { announced: BTreeMap::new() }), item::read);
    match update.send().await {
        Ok(answer) => Ok(Write::Done(read(answer.attributes)?)),
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(refusal)) => {
                Ok(Write::Refused(read(refusal.item().cloned())?))
            }
            _ => Err(Failure::from(error).into()),
        },
    }
}

impl ReservationAttempts for DynamoGuards {
    async fn announce(
        &self,
        customer: CustomerId,
        attempt: &ReservationAttempt,
        window: Duration,
        now: Timestamp,
    ) -> Result<Announcement, StoreError> {
        let (id, key) = (RandomIds.fresh(), keys::placing(customer));
        let entry = to_item(Entry { attempt: attempt.clone(), at: now }).map_err(|_| item::corrupt(&key))?;
        let (entry, since, until) = (AttributeValue::M(entry), now.minus(window), now.plus(window));
        let making = Making { guards: self, customer, id: name(id), entry, since, until, now };
        let made = |seen: Announced| {
            let is_other = |entry: &Entry| entry.at >= since && entry.attempt.order != attempt.order;
            let others = seen.announced.into_values().filter(is_other).map(|entry| entry.attempt);
            Announcement::Made { id, others: others.collect() }
        };
        for _ in 0..ROUNDS {
            // Alone first: a customer rarely orders twice within a moment. A refusal shows what is there, and perhaps this
            // announcement itself: then only the answer was lost.
            let seen = match making.alone().await? {
                Write::Done(all) => return Ok(made(all)),
                Write::Refused(seen) if seen.announced.contains_key(&making.id) => return Ok(made(seen)),
                Write::Refused(seen) => seen,
            };
            let expired: Vec<_> =
                seen.announced.iter().filter(|(_, entry)| entry.at < since).map(|(id, _)| id).collect();
            if seen.announced.len() - expired.len() >= MAX_PAGE {
                return Ok(Announcement::TooMany);
            }
            match making.beside_others(&expired).await? {
                Write::Done(all) => return Ok(made(all)),
                Write::Refused(seen) if seen.announced.contains_key(&making.id) => return Ok(made(seen)),
                Write::Refused(_) => {}
            }
        }
        Err(StoreError::Unavailable("the announcements kept changing".into()))
    }

    async fn withdraw(&self, customer: CustomerId, id: Uuid) -> Result<(), StoreError> {
        let update = self
            .update(customer)
            .update_expression("REMOVE #announced.#id")
            .condition_expression("attribute_exists(#announced.#id)")
            .expression_attribute_names("#id", name(id));
        write(update).await.map(drop)
    }
}

/// The name of an announcement in the map.
fn name(id: Uuid) -> String {
    id.simple().to_string()
}
