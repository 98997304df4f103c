//! Lists of orders, events and receipts.

use domain::{CustomerId, LedgerEntry, Order, OrderEvent, OrderId, OrderStatus, Timestamp};
use futures::future::try_join_all;

use super::{DynamoOrders, LedgerItem};
use crate::dynamo::failure::settle;
use crate::dynamo::item;
use crate::dynamo::keys::{self, CUSTOMER_KEY, LEDGER, PK, RECEIPT, SK, SORT_KEY, STATUS_KEY, STATUS_SHARDS, text};
use crate::dynamo::table::{limit, names, read, read_all};
use crate::orders::{EVENT, event_key, sort_key};
use crate::{Cursor, MAX_PAGE, Page, PageRequest, Receipt, StoreError};

/// The most requests for one page when a filter drops most items. The page is then cut short, with a cursor.
const FILTERED_READS: usize = 4;

impl DynamoOrders {
    pub(super) async fn events_of(&self, id: OrderId, page: &PageRequest) -> Result<Page<OrderEvent>, StoreError> {
        // From the cursor's item to the end of the events; the bounds are inclusive, so one more item is read and
        // dropped.
        let end = format!("{EVENT}~");
        let after = page.after.as_ref().map_or("", Cursor::sort_key);
        let from = if after > EVENT { after } else { EVENT };
        if from > end.as_str() {
            return Ok(Page { items: vec![], next: None });
        }
        let query = self
            .table
            .query()
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :end")
            .set_expression_attribute_names(Some(names(&[("#pk", PK), ("#sk", SK)])))
            .expression_attribute_values(":pk", text(id.to_string()))
            .expression_attribute_values(":from", text(from))
            .expression_attribute_values(":end", text(end.as_str()))
            .consistent_read(true)
            .limit(limit(page.limit + 2));
        let found = read(query, page.limit + 2, usize::MAX).await?;
        let events: Vec<OrderEvent> = found.items.iter().map(item::read_event).collect::<Result<_, _>>()?;
        let key = |event: &OrderEvent| event_key(event.order_version, event.index);
        Ok(Page::cut(events.into_iter().filter(|event| key(event) != after).collect(), page.limit, key))
    }

    pub(super) async fn receipts_of(&self, id: OrderId) -> Result<Vec<Receipt>, StoreError> {
        let found = read_all(self.table.query_prefix(&id, RECEIPT)).await?;
        found.into_iter().map(item::read).collect()
    }

    pub(super) async fn ledger_of(&self, id: OrderId) -> Result<Vec<LedgerEntry>, StoreError> {
        let found = read_all(self.table.query_prefix(&id, LEDGER)).await?;
        let booked: Vec<LedgerItem> = found.into_iter().map(item::read).collect::<Result<_, _>>()?;
        Ok(booked.into_iter().flat_map(|booked| booked.entries).collect())
    }

    /// Changes an attribute beside the event, so that the table's stream shows the event like a new one.
    pub(super) async fn touch(&self, event: &OrderEvent, now: Timestamp) -> Result<(), StoreError> {
        let key = keys::event(event.order_id, event.order_version, event.index).attributes();
        settle(async || {
            let update = self.table.client.update_item().table_name(&self.table.name).set_key(Some(key.clone()));
            let update = update
                .update_expression("SET #again = :now")
                .condition_expression("attribute_exists(#pk)")
                .set_expression_attribute_names(Some(names(&[("#again", "republished_at"), ("#pk", PK)])))
                .expression_attribute_values(":now", text(now.to_string()));
            Ok(update.send().await.map(drop)?)
        })
        .await
    }

    pub(super) async fn customers_orders(
        &self,
        customer: CustomerId,
        status: Option<OrderStatus>,
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError> {
        let query = self.table.newest_first(keys::BY_CUSTOMER, CUSTOMER_KEY, keys::customer_key(customer), page);
        let (query, reads) = match status {
            None => (query.limit(limit(page.limit + 1)), usize::MAX),
            Some(status) => {
                let query =
                    query.filter_expression("#status = :status").expression_attribute_names("#status", "status");
                let query = query.expression_attribute_values(":status", text(status.as_str()));
                (query.limit(limit(MAX_PAGE)), FILTERED_READS)
            }
        };
        let found = read(query, page.limit + 1, reads).await?;
        let given_up_at = found.last.as_ref().map(|key| item::text_of(key, SORT_KEY)).transpose()?;
        let orders: Vec<Order> = found.items.into_iter().map(item::read).collect::<Result<_, _>>()?;
        let is_short = orders.len() <= page.limit;
        let cut = Page::cut(orders, page.limit, sort_key);
        Ok(Page { next: if is_short { given_up_at.map(Cursor::after) } else { cut.next }, ..cut })
    }

    pub(super) async fn orders_with_status(
        &self,
        status: OrderStatus,
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError> {
        let shards = (0..STATUS_SHARDS).map(|shard| {
            let key = keys::status_key(status, shard);
            let query = self.table.newest_first(keys::BY_STATUS, STATUS_KEY, key, page).limit(limit(page.limit + 1));
            read(query, page.limit + 1, usize::MAX)
        });
        let found = try_join_all(shards).await?.into_iter().flat_map(|found| found.items);
        let mut orders: Vec<Order> = found.map(item::read).collect::<Result<_, _>>()?;
        orders.sort_by_cached_key(|order| std::cmp::Reverse(sort_key(order)));
        Ok(Page::cut(orders, page.limit, sort_key))
    }

    pub(super) async fn oldest_orders(
        &self,
        status: OrderStatus,
        placed_before: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError> {
        // From the cursor's item to that time; the bounds are inclusive, so one more item is read and dropped.
        let after = page.after.as_ref().map_or("0", Cursor::sort_key);
        let before = placed_before.to_string();
        if after >= before.as_str() {
            return Ok(Page { items: vec![], next: None });
        }
        let shards = (0..STATUS_SHARDS).map(|shard| {
            let query = self
                .table
                .query()
                .index_name(keys::BY_STATUS)
                .key_condition_expression("#key = :key AND #sort BETWEEN :after AND :before")
                .set_expression_attribute_names(Some(names(&[("#key", STATUS_KEY), ("#sort", SORT_KEY)])))
                .expression_attribute_values(":key", text(keys::status_key(status, shard)))
                .expression_attribute_values(":after", text(after))
                .expression_attribute_values(":before", text(before.as_str()))
                .limit(limit(page.limit + 2));
            read(query, page.limit + 2, usize::MAX)
        });
        let found = try_join_all(shards).await?.into_iter().flat_map(|found| found.items);
        let mut orders: Vec<Order> = found.map(item::read).collect::<Result<_, _>>()?;
        orders.retain(|order| sort_key(order) != after);
        orders.sort_by_cached_key(sort_key);
        orders.truncate(page.limit + 1);
        Ok(Page::cut(orders, page.limit, sort_key))
    }
}
