//! `TransactWriteItems`, with the conditions that failed.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, ConditionCheck, Delete, Put, TransactWriteItem, Update};
use resilience::{Ids, RandomIds};

use super::failure::{Failure, cause, settle};
use super::keys::Item;
use crate::StoreError;

/// The most items that DynamoDB accepts in one transaction.
pub(crate) const MAX_ITEMS: usize = 100;
/// Reasons that resolve by themselves.
const BUSY: [&str; 3] = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];

/// Writes that happen together or not at all.
#[derive(Debug, Default)]
pub(crate) struct Transaction {
    items: Vec<TransactWriteItem>,
}

/// The outcome of a transaction.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Everything is written.
    Committed,
    /// Nothing is written: these conditions failed.
    Refused(Refusals),
}

/// The failed conditions, by the position of their write.
#[derive(Debug)]
pub(crate) struct Refusals(BTreeMap<usize, Item>);

impl Refusals {
    /// The item that the write at `position` found, if it asked for it; `None` when its condition held.
    pub(crate) fn at(&self, position: usize) -> Option<&Item> {
        self.0.get(&position)
    }
}

impl Transaction {
    /// Adds a write and returns its position.
    pub(crate) fn put(&mut self, put: Put) -> usize {
        self.add(TransactWriteItem::builder().put(put).build())
    }

    /// Adds a write and returns its position.
    pub(crate) fn update(&mut self, update: Update) -> usize {
        self.add(TransactWriteItem::builder().update(update).build())
    }

    /// Adds a write and returns its position.
    pub(crate) fn delete(&mut self, delete: Delete) -> usize {
        self.add(TransactWriteItem::builder().delete(delete).build())
    }

    /// Adds a condition on an item that is not written, and returns its position.
    pub(crate) fn check(&mut self, check: ConditionCheck) -> usize {
        self.add(TransactWriteItem::builder().condition_check(check).build())
    }

    /// How many more writes there is room for.
    pub(crate) fn room(&self) -> usize {
        MAX_ITEMS.saturating_sub(self.items.len())
    }

    fn add(&mut self, item: TransactWriteItem) -> usize {
        self.items.push(item);
        self.items.len() - 1
    }

    /// Writes all of it. Every attempt carries the same token: for ten minutes, DynamoDB itself recognises a
    /// transaction that it committed although the answer was lost.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`], also when other transactions kept holding the items. [`StoreError::Rejected`] when
    /// there are more writes than one transaction takes.
    pub(crate) async fn commit(self, client: &Client) -> Result<Outcome, StoreError> {
        if self.items.len() > MAX_ITEMS {
            return Err(StoreError::Rejected(format!("{} writes in one transaction", self.items.len())));
        }
        let token = RandomIds.fresh().to_string();
        settle(async || {
            let request = client.transact_write_items().set_transact_items(Some(self.items.clone()));
            match request.client_request_token(&token).send().await {
                Ok(_) => Ok(Outcome::Committed),
                Err(error) => refusals(error).map(Outcome::Refused),
            }
        })
        .await
    }
}

/// The failed conditions, or another failure.
fn refusals(error: SdkError<TransactWriteItemsError>) -> Result<Refusals, Failure> {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() else {
        return Err(error.into());
    };
    let reasons = cancelled.cancellation_reasons();
    // A transaction that is busy anywhere says nothing certain: stock may be short because of the very placement that
    // is being committed to the order's item.
    if reasons.iter().filter_map(CancellationReason::code).any(|code| BUSY.contains(&code)) {
        return Err(Failure::Busy(cause(&error)));
    }
    let failed = |reason: &CancellationReason| reason.code() == Some("ConditionalCheckFailed");
    let refused: BTreeMap<_, _> = reasons
        .iter()
        .enumerate()
        .filter(|(_, reason)| failed(reason))
        .map(|(position, reason)| (position, reason.item().cloned().unwrap_or_default()))
        .collect();
    if reasons.iter().any(|reason| reason.code() == Some("ValidationError")) {
        return Err(Failure::Rejected("ValidationError in a transaction".to_owned()));
    }
    if refused.is_empty() { Err(Failure::Down(cause(&error))) } else { Ok(Refusals(refused)) }
}
