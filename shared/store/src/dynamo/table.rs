//! One table, and the ways to read and write it.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{Delete, KeysAndAttributes, Put, ReturnValuesOnConditionCheckFailure};
use resilience::{Clock, Ids, Policy, RandomIds, SystemClock};
use uuid::Uuid;

use super::failure::{Failure, settle, unavailable};
use super::item::{WRITE_ID, mark, was_written_by};
use super::keys::{Item, Key, PK, SK, SORT_KEY, number, text};
use super::transaction::Transaction;
use crate::{PageRequest, StoreError};

/// A table of one account and region.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) client: Client,
    pub(crate) name: String,
}

/// The result of a query.
#[derive(Debug, Default)]
pub(crate) struct QueryResult {
    /// The items, in the index's order.
    pub(crate) items: Vec<Item>,
    /// The key of the last item that was read; `None` at the end.
    pub(crate) last: Option<Item>,
}

impl Table {
    pub(crate) fn new(client: &Client, name: impl Into<String>) -> Self {
        Self { client: client.clone(), name: name.into() }
    }

    /// The item as it is now (a consistent read).
    pub(crate) async fn get(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        let read = self.client.get_item().table_name(&self.name).set_key(Some(key.attributes()));
        Ok(read.consistent_read(true).send().await.map_err(unavailable)?.item)
    }

    /// The existing items, as they are now (a consistent read), in any order. At most 100 keys, each once.
    pub(crate) async fn get_all(&self, keys: impl IntoIterator<Item = Key>) -> Result<Vec<Item>, StoreError> {
        self.batch(keys, true).await
    }

    /// The same for half the units: a write of the last moment may be missing.
    pub(crate) async fn get_all_soon(&self, keys: impl IntoIterator<Item = Key>) -> Result<Vec<Item>, StoreError> {
        self.batch(keys, false).await
    }

    async fn batch(&self, keys: impl IntoIterator<Item = Key>, is_consistent: bool) -> Result<Vec<Item>, StoreError> {
        let mut open: Vec<Item> = keys.into_iter().map(|key| key.attributes()).collect();
        let mut found = Vec::with_capacity(open.len());
        let mut pause = Policy::CONFLICT.first;
        for _ in 0..Policy::CONFLICT.attempts {
            if open.is_empty() {
                return Ok(found);
            }
            let wanted = KeysAndAttributes::builder().set_keys(Some(open)).consistent_read(is_consistent).build()?;
            let read = self.client.batch_get_item().request_items(&self.name, wanted);
            let answer = read.send().await.map_err(unavailable)?;
            found.extend(answer.responses.into_iter().filter_map(|mut tables| tables.remove(&self.name)).flatten());
            let left = answer.unprocessed_keys.and_then(|mut tables| tables.remove(&self.name));
            open = left.map(|keys| keys.keys).unwrap_or_default();
            // Unprocessed keys were throttled.
            if !open.is_empty() {
                SystemClock.sleep(RandomIds.jitter(pause)).await;
                pause = pause.saturating_mul(2).min(Policy::CONFLICT.max);
            }
        }
        if open.is_empty() { Ok(found) } else { Err(StoreError::Unavailable("the table left keys unread".into())) }
    }

    /// A query of this table, still without conditions.
    pub(crate) fn query(&self) -> QueryFluentBuilder {
        self.client.query().table_name(&self.name)
    }

    /// A query for the items whose sort key begins with `prefix` (consistent).
    pub(crate) fn query_prefix(&self, pk: &impl ToString, prefix: &str) -> QueryFluentBuilder {
        self.query()
            .key_condition_expression("#pk = :pk AND begins_with(#sk, :prefix)")
            .set_expression_attribute_names(Some(names(&[("#pk", PK), ("#sk", SK)])))
            .expression_attribute_values(":pk", text(pk.to_string()))
            .expression_attribute_values(":prefix", text(prefix))
            .consistent_read(true)
    }

    /// A query of an index by `name`, then [`SORT_KEY`], for the items below the cursor.
    pub(crate) fn newest_first(&self, index: &str, name: &str, key: String, page: &PageRequest) -> QueryFluentBuilder {
        let query = self
            .query()
            .index_name(index)
            .scan_index_forward(false)
            .expression_attribute_names("#key", name)
            .expression_attribute_values(":key", text(key));
        match &page.after {
            None => query.key_condition_expression("#key = :key"),
            Some(after) => query
                .key_condition_expression("#key = :key AND #sort < :after")
                .expression_attribute_names("#sort", SORT_KEY)
                .expression_attribute_values(":after", text(after.sort_key())),
        }
    }

    /// Adds an item's next version, on condition that the stored one has the version before, or does not exist if that
    /// is 0. A refusal carries the stored item. Returns the write's position.
    pub(crate) fn add_version(
        &self,
        transaction: &mut Transaction,
        item: Item,
        previous: u64,
    ) -> Result<usize, StoreError> {
        let put = Put::builder().table_name(&self.name).set_item(Some(item));
        let put = if previous == 0 {
            put.condition_expression("attribute_not_exists(#pk)").expression_attribute_names("#pk", PK)
        } else {
            put.condition_expression("#version = :previous")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":previous", number(previous))
        };
        let put = put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        Ok(transaction.put(put.build()?))
    }

    /// Adds an item on condition that it does not exist. Returns the write's position.
    pub(crate) fn add_new(&self, transaction: &mut Transaction, item: Item) -> Result<usize, StoreError> {
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(#pk)")
            .expression_attribute_names("#pk", PK);
        Ok(transaction.put(put.build()?))
    }

    /// Adds the removal of an item on condition that it exists. Returns the write's position.
    pub(crate) fn add_removal(&self, transaction: &mut Transaction, key: &Key) -> Result<usize, StoreError> {
        let delete = Delete::builder()
            .table_name(&self.name)
            .set_key(Some(key.attributes()))
            .condition_expression("attribute_exists(#pk)")
            .expression_attribute_names("#pk", PK);
        Ok(transaction.delete(delete.build()?))
    }

    /// Stores the next version of an item on condition that the stored one has the version before, or does not exist if
    /// that is 0.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] when it has another version, unless this very write stored it.
    pub(crate) async fn put_version(&self, mut item: Item, previous: u64) -> Result<(), StoreError> {
        let write_id = RandomIds.fresh();
        item.insert(WRITE_ID.to_owned(), mark(write_id));
        settle(async || self.put_once(&item, previous, write_id).await).await?
    }

    async fn put_once(&self, item: &Item, previous: u64, write_id: Uuid) -> Result<Result<(), StoreError>, Failure> {
        let put = self.client.put_item().table_name(&self.name).set_item(Some(item.clone()));
        let put = if previous == 0 {
            put.condition_expression("attribute_not_exists(#pk)").expression_attribute_names("#pk", PK)
        } else {
            put.condition_expression("#version = :previous")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":previous", number(previous))
        };
        let put = put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match put.send().await {
            Ok(_) => Ok(Ok(())),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(refusal)) => {
                    let own = refusal.item().is_some_and(|stored| was_written_by(stored, write_id));
                    Ok(if own { Ok(()) } else { Err(StoreError::Conflict) })
                }
                _ => Err(error.into()),
            },
        }
    }
}

/// A quantity in DynamoDB's type.
pub(crate) fn limit(items: usize) -> i32 {
    i32::try_from(items).unwrap_or(i32::MAX)
}

/// Placeholders for attribute names, since many of ours are reserved words.
pub(crate) fn names(pairs: &[(&str, &str)]) -> HashMap<String, String> {
    pairs.iter().map(|(placeholder, name)| ((*placeholder).to_owned(), (*name).to_owned())).collect()
}

/// Reads until `wanted` items are found, or all, or `reads` requests are used up. A single request may end early, at 1
/// MB or when a filter drops most items.
pub(crate) async fn read(query: QueryFluentBuilder, wanted: usize, reads: usize) -> Result<QueryResult, StoreError> {
    let mut found = QueryResult::default();
    for _ in 0..reads {
        let page = query.clone().set_exclusive_start_key(found.last.take()).send().await.map_err(unavailable)?;
        found.items.extend(page.items.unwrap_or_default());
        found.last = page.last_evaluated_key;
        if found.last.is_none() || found.items.len() >= wanted {
            break;
        }
    }
    Ok(found)
}

/// Reads all items of the query; for lists that stay short.
pub(crate) async fn read_all(query: QueryFluentBuilder) -> Result<Vec<Item>, StoreError> {
    Ok(read(query, usize::MAX, usize::MAX).await?.items)
}
