//! Orders on DynamoDB.

mod lists;
mod parked;
mod place;
mod save;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{Put, Update};
use domain::{Change, CustomerId, Order, OrderEvent, OrderId, OrderLine, OrderStatus};
use uuid::Uuid;

use super::item::{self, Assignments};
use super::keys::{self, Item, number};
use super::table::{Table, names};
use super::transaction::Transaction;
use crate::{Orders, Page, PageRequest, ParkOutcome, Placed, Receipt, StoreError};

/// Orders in the orders table; the stock that they take and give back in the catalogue table.
#[derive(Clone, Debug)]
pub struct DynamoOrders {
    table: Table,
    catalogue: Table,
}

impl DynamoOrders {
    /// Over the tables with these names.
    pub fn new(client: &Client, orders_table: impl Into<String>, catalogue_table: impl Into<String>) -> Self {
        Self { table: Table::new(client, orders_table), catalogue: Table::new(client, catalogue_table) }
    }

    /// For functions that neither place nor cancel orders and have no right to the catalogue: DynamoDB refuses a write
    /// that would move stock, since its table has no name.
    pub fn without_stock(client: &Client, orders_table: impl Into<String>) -> Self {
        Self::new(client, orders_table, "")
    }

    /// Adds the order's new version, on condition that the stored one has the version before; none if that is 0.
    /// Answers the write's position.
    fn put_order(
        &self,
        transaction: &mut Transaction,
        order: &Order,
        previous: u64,
        write_id: Uuid,
    ) -> Result<usize, StoreError> {
        self.table.add_version(transaction, item::order(order, write_id)?, previous)
    }

    /// Adds the change's events. They need no condition: the order's version guards them.
    fn put_events(&self, transaction: &mut Transaction, change: &Change) -> Result<(), StoreError> {
        for event in &change.events {
            let key = keys::event(event.order_id, event.order_version, event.index);
            let put = Put::builder().table_name(&self.table.name).set_item(Some(item::event(&key, event)?));
            transaction.put(put.build()?);
        }
        Ok(())
    }

    /// Adds a receipt. One that is there already stays as it is and fails nothing.
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

    /// Adds an update of a line's product.
    fn move_stock(
        &self,
        transaction: &mut Transaction,
        line: &OrderLine,
        expression: &str,
        condition: &str,
        further: Item,
    ) -> Result<usize, StoreError> {
        let mut values = further;
        values.insert(":quantity".to_owned(), number(line.quantity));
        let mut placeholders = names(&[("#stock", "stock")]);
        for (placeholder, name) in [("#active", "active"), ("#pk", keys::PK)] {
            if condition.contains(placeholder) {
                placeholders.insert(placeholder.to_owned(), name.to_owned());
            }
        }
        let update = Update::builder()
            .table_name(&self.catalogue.name)
            .set_key(Some(keys::product(&line.sku).attributes()))
            .update_expression(expression)
            .condition_expression(condition)
            .set_expression_attribute_names(Some(placeholders))
            .set_expression_attribute_values(Some(values));
        Ok(transaction.update(update.build()?))
    }
}

/// Key and update of a receipt: each attribute is set unless it is there already.
fn kept_receipt(receipt: &Receipt) -> Result<(Item, Assignments), StoreError> {
    let key = keys::receipt(receipt.order_id, &receipt.event_id);
    let mut fields = item::item(&key, receipt)?;
    fields.retain(|name, _| name != keys::PK && name != keys::SK);
    let set = Assignments::of(fields, |name, value| format!("{name} = if_not_exists({name}, {value})"));
    Ok((key.attributes(), set))
}

impl Orders for DynamoOrders {
    async fn place(&self, placement: &Change) -> Result<Placed, StoreError> {
        self.place_once(placement).await
    }

    async fn find(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        self.table.get(&keys::order(id)).await?.map(item::read).transpose()
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

    async fn of_customer(
        &self,
        customer: CustomerId,
        status: Option<OrderStatus>,
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError> {
        self.customers_orders(customer, status, page).await
    }

    async fn with_status(&self, status: OrderStatus, page: &PageRequest) -> Result<Page<Order>, StoreError> {
        self.orders_with_status(status, page).await
    }
}
