//! Parked facts: stored beside the order's future item until the order is placed.

use std::time::Duration;

use aws_sdk_dynamodb::types::{ConditionCheck, Delete, Update};
use domain::{Change, Order, OrderId};

use super::{DynamoOrders, kept_receipt};
use crate::dynamo::item::{self, REVISION};
use crate::dynamo::keys::{self, Item, PARKED_TTL, RECEIPT, number};
use crate::dynamo::table::names;
use crate::dynamo::transaction::{Outcome, Transaction};
use crate::{ParkOutcome, Receipt, StoreError};

/// How long facts are parked. Stripe retries a webhook for three days and lists its event for thirty; draining late
/// does no harm, so readers do not compare.
const PARKED_FOR: Duration = Duration::from_hours(30 * 24);

/// The facts parked for an order.
#[derive(Debug)]
pub(super) struct ParkedReceipts {
    revision: u64,
    pub(super) receipts: Vec<Receipt>,
}

impl ParkedReceipts {
    fn read(stored: Item) -> Result<Self, StoreError> {
        let revision = item::number_of(&stored, REVISION)?;
        let receipts = stored.into_iter().filter(|(name, _)| name.starts_with(RECEIPT));
        let receipts = receipts.map(|(name, value)| match value {
            aws_sdk_dynamodb::types::AttributeValue::M(fields) => item::read(fields),
            _ => Err(item::corrupt(&format_args!("parked {name}"))),
        });
        Ok(Self { revision, receipts: receipts.collect::<Result<_, _>>()? })
    }

    /// The change that the parked facts make to the order; `None` when they say nothing new.
    pub(super) fn apply_parked(&self, order: &Order) -> Option<Change> {
        let facts = self.receipts.iter().flat_map(|receipt| receipt.facts.clone()).collect();
        order.apply_facts(facts, &order.correlation_id, order.placed_at)
    }
}

impl DynamoOrders {
    pub(super) async fn parked(&self, id: OrderId) -> Result<Option<ParkedReceipts>, StoreError> {
        self.table.get(&keys::parked(id)).await?.map(ParkedReceipts::read).transpose()
    }

    /// Adds the removal of the parked facts, on condition that no more were parked; or the condition that there are
    /// none. Returns the position.
    pub(super) fn drain(
        &self,
        transaction: &mut Transaction,
        id: OrderId,
        parked: Option<&ParkedReceipts>,
    ) -> Result<usize, StoreError> {
        let key = keys::parked(id).attributes();
        let Some(parked) = parked else { return self.check_absent(transaction, key) };
        let delete = Delete::builder()
            .table_name(&self.table.name)
            .set_key(Some(key))
            .condition_expression("#revision = :revision")
            .expression_attribute_names("#revision", REVISION)
            .expression_attribute_values(":revision", number(parked.revision));
        Ok(transaction.delete(delete.build()?))
    }

    /// Parks the receipt unless the order exists, in one transaction, so that placing and parking cannot miss each
    /// other.
    pub(super) async fn park_receipt(&self, receipt: &Receipt) -> Result<ParkOutcome, StoreError> {
        let mut transaction = Transaction::default();
        self.check_absent(&mut transaction, keys::order(receipt.order_id).attributes())?;
        // One attribute for each receipt: repeating it changes nothing, and the item need not exist before.
        let update = Update::builder()
            .table_name(&self.table.name)
            .set_key(Some(keys::parked(receipt.order_id).attributes()))
            .update_expression("SET #receipt = if_not_exists(#receipt, :receipt), #ttl = :ttl ADD #revision :one")
            .expression_attribute_names("#receipt", format!("{RECEIPT}{}", receipt.event_id))
            .expression_attribute_names("#revision", REVISION)
            .expression_attribute_names("#ttl", PARKED_TTL)
            .expression_attribute_values(":ttl", keys::ttl(receipt.received_at.plus(PARKED_FOR)))
            .expression_attribute_values(":receipt", item::receipt(receipt)?)
            .expression_attribute_values(":one", number(1_u32));
        transaction.update(update.build()?);
        match transaction.commit(&self.table.client).await? {
            Outcome::Committed => Ok(ParkOutcome::Parked),
            Outcome::Refused(_) => Ok(ParkOutcome::OrderExists),
        }
    }

    pub(super) async fn record_receipt(&self, receipt: &Receipt) -> Result<(), StoreError> {
        let (key, set) = kept_receipt(receipt)?;
        crate::dynamo::failure::settle(async || {
            let update = self.table.client.update_item().table_name(&self.table.name).set_key(Some(key.clone()));
            let update = update
                .update_expression(&set.expression)
                .set_expression_attribute_names(Some(set.names.clone()))
                .set_expression_attribute_values(Some(set.values.clone()));
            Ok(update.send().await.map(drop)?)
        })
        .await
    }

    fn check_absent(&self, transaction: &mut Transaction, key: Item) -> Result<usize, StoreError> {
        let check = ConditionCheck::builder()
            .table_name(&self.table.name)
            .set_key(Some(key))
            .condition_expression("attribute_not_exists(#pk)")
            .set_expression_attribute_names(Some(names(&[("#pk", keys::PK)])));
        Ok(transaction.check(check.build()?))
    }
}
