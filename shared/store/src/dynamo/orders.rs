//! Orders on DynamoDB.

mod lists;
mod parked;
mod place;
mod save;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, Put, Update};
use domain::{Change, CustomerId, Due, LedgerEntry, Order, OrderEvent, OrderId, OrderStatus, Sku, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::item::{self, Assignments};
use super::keys::{self, Item, number};
use super::table::Table;
use super::transaction::Transaction;
use crate::{Orders, Page, PageRequest, ParkOutcome, PlaceOutcome, Receipt, StoreError};

/// Orders in the orders table, with their stock movements in the catalogue table.
#[derive(Clone, Debug)]
pub struct DynamoOrders {
    table: Table,
    catalogue: Table,
}

impl DynamoOrders {
    /// Uses the tables with these names.
    pub fn new(client: &Client, orders_table: impl Into<String>, catalogue_table: impl Into<String>) -> Self {
        Self { table: Table::new(client, orders_table), catalogue: Table::new(client, catalogue_table) }
    }

    /// For functions that neither place nor cancel orders and have no access to the catalogue: DynamoDB refuses a write
    /// that would move stock, since its table has no name.
    pub fn without_stock(client: &Client, orders_table: impl Into<String>) -> Self {
        Self::new(client, orders_table, "")
    }

    /// Adds the order's new version, on condition that the stored one has the version before, or does not exist if that
    /// is 0. Returns the write's position.
    fn put_order(
        &self,
        transaction: &mut Transaction,
        order: &Order,
        previous: u64,
        write_id: Uuid,
    ) -> Result<usize, StoreError> {
        self.table.add_version(transaction, item::order(order, write_id)?, previous)
    }

    /// Adds the change's events and ledger entries. They need no condition: the order's version guards them.
    fn put_history(&self, transaction: &mut Transaction, change: &Change) -> Result<(), StoreError> {
        for event in &change.events {
            let key = keys::event(event.order_id, event.order_version, event.index);
            self.put(transaction, item::event(&key, event)?)?;
        }
        if change.ledger.is_empty() {
            return Ok(());
        }
        let booked = LedgerItem { entries: change.ledger.clone() };
        self.put(transaction, item::item(&keys::ledger(change.order.id, change.order.version), &booked)?)
    }

    fn put(&self, transaction: &mut Transaction, item: Item) -> Result<(), StoreError> {
        let put = Put::builder().table_name(&self.table.name).set_item(Some(item));
        transaction.put(put.build()?);
        Ok(())
    }

    /// Adds a receipt. An existing receipt stays as it is and fails nothing.
    fn keep_receipt(&self, transaction: &mut Transaction, receipt: &Receipt) -> Result<(), StoreError> {
        let (key, set) = kept_receipt(receipt)?;
        let update = Update::builder()
            .table_name(&self.table.name)
            .set_key(Some(key))
            .update_expression(set.expression)
            .set_expression_attribute_names(Some(set.names))
            .set_expression_attribute_values(Some(set.values));
        transaction.update(update.build()?);
        Ok(())
    }

    /// Adds the change's stock movements: what is taken must be in stock and for sale, what returns needs its product.
    /// Returns the position of each.
    fn move_stock<'a>(
        &self,
        transaction: &mut Transaction,
        change: &'a Change,
    ) -> Result<Vec<(usize, &'a Sku, i64)>, StoreError> {
        let mut moved = Vec::with_capacity(change.stock.len());
        for (sku, pieces) in &change.stock {
            moved.push((transaction.update(self.movement(sku, *pieces)?), sku, *pieces));
        }
        Ok(moved)
    }

    fn movement(&self, sku: &Sku, pieces: i64) -> Result<Update, StoreError> {
        let update = Update::builder()
            .table_name(&self.catalogue.name)
            .set_key(Some(keys::product(sku).attributes()))
            .expression_attribute_names("#stock", "stock")
            .expression_attribute_values(":pieces", number(pieces.unsigned_abs()));
        let update = if pieces < 0 {
            update
                .update_expression("SET #stock = #stock - :pieces")
                .condition_expression("#active = :yes AND #stock >= :pieces")
                .expression_attribute_names("#active", "active")
                .expression_attribute_values(":yes", AttributeValue::Bool(true))
        } else {
            update
                .update_expression("SET #stock = #stock + :pieces")
                .condition_expression("attribute_exists(#pk)")
                .expression_attribute_names("#pk", keys::PK)
        };
        Ok(update.build()?)
    }
}

/// The ledger entries of one version of an order: one item, however many there are.
#[derive(Serialize, Deserialize)]
struct LedgerItem {
    entries: Vec<LedgerEntry>,
}

/// The key and update of a receipt: each attribute is set unless it exists already.
fn kept_receipt(receipt: &Receipt) -> Result<(Item, Assignments), StoreError> {
    let key = keys::receipt(receipt.order_id, &receipt.event_id);
    let mut fields = item::item(&key, receipt)?;
    fields.retain(|name, _| name != keys::PK && name != keys::SK);
    let set = Assignments::of(fields, |name, value| format!("{name} = if_not_exists({name}, {value})"));
    Ok((key.attributes(), set))
}

impl Orders for DynamoOrders {
    async fn place(&self, placement: &Change) -> Result<PlaceOutcome, StoreError> {
        self.place_once(placement).await
    }

    async fn find(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        self.table.get(&keys::order(id)).await?.map(item::read_order).transpose()
    }

    async fn save(&self, change: &Change, receipt: Option<&Receipt>) -> Result<(), StoreError> {
        self.save_change(change, receipt).await
    }

    async fn record(&self, receipt: &Receipt) -> Result<(), StoreError> {
        self.record_receipt(receipt).await
    }

    async fn park(&self, receipt: &Receipt) -> Result<ParkOutcome, StoreError> {
        self.park_receipt(receipt).await
    }

    async fn events(&self, id: OrderId, page: &PageRequest) -> Result<Page<OrderEvent>, StoreError> {
        self.events_of(id, page).await
    }

    async fn receipts(&self, id: OrderId) -> Result<Vec<Receipt>, StoreError> {
        self.receipts_of(id).await
    }

    async fn ledger(&self, id: OrderId) -> Result<Vec<LedgerEntry>, StoreError> {
        self.ledger_of(id).await
    }

    async fn republish(&self, event: &OrderEvent, now: Timestamp) -> Result<(), StoreError> {
        self.touch(event, now).await
    }

    async fn of_customer(
        &self,
        customer: CustomerId,
        status: Option<OrderStatus>,
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError> {
        self.customers_orders(customer, status, page).await
    }

    async fn others_placed_since(
        &self,
        customer: CustomerId,
        but: OrderId,
        since: Timestamp,
    ) -> Result<Page<Order>, StoreError> {
        self.customers_others(customer, but, since).await
    }

    async fn with_status(&self, status: OrderStatus, page: &PageRequest) -> Result<Page<Order>, StoreError> {
        self.orders_with_status(status, page).await
    }

    async fn oldest_with_status(
        &self,
        status: OrderStatus,
        placed_before: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError> {
        self.oldest_orders(status, placed_before, page).await
    }

    async fn due(&self, due: Due, by: Timestamp, page: &PageRequest) -> Result<Page<Order>, StoreError> {
        self.due_orders(due, by, page).await
    }
}
