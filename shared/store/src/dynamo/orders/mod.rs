//! Orders on DynamoDB.

mod lists;
mod parked;
mod place;
mod save;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{Put, ReturnValuesOnConditionCheckFailure, Update};
use domain::{Change, CustomerId, Order, OrderEvent, OrderId, OrderLine, OrderStatus};
use uuid::Uuid;

use super::item;
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
        let put = Put::builder().table_name(&self.table.name).set_item(Some(item::order(order, write_id)?));
        let put = if previous == 0 {
            put.condition_expression("attribute_not_exists(#pk)").expression_attribute_names("#pk", keys::PK)
        } else {
            put.condition_expression("#version = :previous")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":previous", number(previous))
        };
        let put = put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        Ok(transaction.put(put.build()?))
    }

    /// Adds the change's events. They need no condition: the order's version guards them.
    fn put_events(&self, transaction: &mut Transaction, change: &Change) -> Result<(), StoreError> {
        for event in &change.events {
            let put = Put::builder().table_name(&self.table.name).set_item(Some(item::event(event)?));
            transaction.put(put.build()?);
        }
        Ok(())
    }

    /// Adds a receipt. One that is there already stays as it is and fails nothing.
    fn keep_receipt(&self, transaction: &mut Transaction, receipt: &Receipt) -> Result<(), StoreError> {
        let (key, expression, placeholders, values) = kept_receipt(receipt)?;
        let update = Update::builder()
            .table_name(&self.table.name)
            .set_key(Some(key))
            .update_expression(expression)
            .set_expression_attribute_names(Some(placeholders))
            .set_expression_attribute_values(Some(values));
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

type Kept = (Item, String, std::collections::HashMap<String, String>, Item);

/// Key and update of a receipt: each attribute is set unless it is there already.
fn kept_receipt(receipt: &Receipt) -> Result<Kept, StoreError> {
    let key = keys::receipt(receipt.order_id, &receipt.event_id);
    let mut fields: Vec<(String, _)> = item::item(&key, receipt)?.into_iter().collect();
    fields.retain(|(name, _)| name != keys::PK && name != keys::SK);
    fields.sort_by(|(one, _), (other, _)| one.cmp(other));
    let assignments: Vec<_> = (0..fields.len()).map(|n| format!("#f{n} = if_not_exists(#f{n}, :f{n})")).collect();
    let placeholders = fields.iter().enumerate().map(|(n, (name, _))| (format!("#f{n}"), name.clone())).collect();
    let values = fields.into_iter().enumerate().map(|(n, (_, value))| (format!(":f{n}"), value)).collect();
    Ok((key.attributes(), format!("SET {}", assignments.join(", ")), placeholders, values))
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
