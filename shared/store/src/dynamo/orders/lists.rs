//! Lists of orders, events and receipts.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use domain::{CustomerId, Due, LedgerEntry, Order, OrderEvent, OrderId, OrderStatus, Timestamp};
use futures::future::try_join_all;

use super::{DynamoOrders, LedgerItem};
use crate::dynamo::failure::settle;
use crate::dynamo::item;
use crate::dynamo::keys::{
    self, CUSTOMER_KEY, DUE_AT, DUE_KEY, Item, LEDGER, PK, RECEIPT, SK, SORT_KEY, STATUS_KEY, STATUS_SHARDS, text,
};
use crate::dynamo::table::{limit, names, read, read_all};
use crate::orders::{EVENT, event_key, sort_key};
use crate::{Cursor, MAX_PAGE, Page, PageRequest, Receipt, StoreError};

/// The most rounds for one page when a filter drops most items. The page is then cut short, with a cursor.
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
        let list = |page: &PageRequest| {
            self.table.newest_first(keys::BY_CUSTOMER, CUSTOMER_KEY, keys::customer_key(customer), page)
        };
        let Some(status) = status else {
            let query = list(page).limit(limit(page.limit + 1));
            return self.orders_of(entries(query, SORT_KEY, page.limit + 1).await?, page.limit).await;
        };
        // The index knows no status, so that it is not written each time an order changes.
        let (mut found, mut after) = (Vec::new(), page.after.clone());
        for _ in 0..FILTERED_READS {
            let request = PageRequest { limit: MAX_PAGE, after };
            let query = list(&request).limit(limit(MAX_PAGE + 1));
            let read = self.orders_of(entries(query, SORT_KEY, MAX_PAGE + 1).await?, MAX_PAGE).await?;
            after = read.next;
            found.extend(read.items.into_iter().filter(|order| order.status == status));
            if after.is_none() || found.len() > page.limit {
                break;
            }
        }
        let cut = Page::cut(found, page.limit, sort_key);
        Ok(Page { next: cut.next.or(after), ..cut })
    }

    pub(super) async fn customers_others(
        &self,
        customer: CustomerId,
        but: OrderId,
        since: Timestamp,
    ) -> Result<Page<Order>, StoreError> {
        let query = self
            .table
            .query()
            .index_name(keys::BY_CUSTOMER)
            .scan_index_forward(false)
            .key_condition_expression("#key = :key AND #sort >= :since")
            .set_expression_attribute_names(Some(names(&[("#key", CUSTOMER_KEY), ("#sort", SORT_KEY)])))
            .expression_attribute_values(":key", text(keys::customer_key(customer)))
            .expression_attribute_values(":since", text(since.to_string()))
            .limit(limit(MAX_PAGE + 2));
        let mut found = entries(query, SORT_KEY, MAX_PAGE + 2).await?;
        found.retain(|entry| entry.id != but);
        self.orders_of(found, MAX_PAGE).await
    }

    pub(super) async fn orders_with_status(
        &self,
        status: OrderStatus,
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError> {
        let shards = (0..STATUS_SHARDS).map(|shard| {
            let key = keys::status_key(status, shard);
            let query = self.table.newest_first(keys::BY_STATUS, STATUS_KEY, key, page).limit(limit(page.limit + 1));
            entries(query, SORT_KEY, page.limit + 1)
        });
        let mut found: Vec<Entry> = try_join_all(shards).await?.into_iter().flatten().collect();
        found.sort_by(|one, other| other.sort_key.cmp(&one.sort_key));
        let mut listed = self.orders_of(found, page.limit).await?;
        // Some of them may have another status by now.
        listed.items.retain(|order| order.status == status);
        Ok(listed)
    }

    pub(super) async fn oldest_orders(
        &self,
        status: OrderStatus,
        placed_before: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError> {
        let key = |shard| keys::status_key(status, shard);
        self.oldest((keys::BY_STATUS, STATUS_KEY, SORT_KEY), key, &placed_before.to_string(), page).await
    }

    pub(super) async fn due_orders(
        &self,
        due: Due,
        by: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError> {
        let key = |shard| keys::due_key(due, shard);
        // What is due at that very moment is due.
        self.oldest((keys::BY_DUE, DUE_KEY, DUE_AT), key, &format!("{by}~"), page).await
    }

    /// The first orders of an index whose key is spread over shards, up to a sort key.
    async fn oldest(
        &self,
        (index, hash, range): (&str, &str, &'static str),
        key: impl Fn(u8) -> String,
        before: &str,
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError> {
        // From the cursor's item to that time; the bounds are inclusive, so one more item is read and dropped.
        let after = page.after.as_ref().map_or("0", Cursor::sort_key);
        if after >= before {
            return Ok(Page { items: vec![], next: None });
        }
        let shards = (0..STATUS_SHARDS).map(|shard| {
            let query = self
                .table
                .query()
                .index_name(index)
                .key_condition_expression("#key = :key AND #sort BETWEEN :after AND :before")
                .set_expression_attribute_names(Some(names(&[("#key", hash), ("#sort", range)])))
                .expression_attribute_values(":key", text(key(shard)))
                .expression_attribute_values(":after", text(after))
                .expression_attribute_values(":before", text(before))
                .limit(limit(page.limit + 2));
            entries(query, range, page.limit + 2)
        });
        let mut found: Vec<Entry> = try_join_all(shards).await?.into_iter().flatten().collect();
        found.retain(|entry| entry.sort_key != after);
        found.sort_by(|one, other| one.sort_key.cmp(&other.sort_key));
        self.orders_of(found, page.limit).await
    }

    /// The page of orders that begins with these entries, of which there must be one more when there are more.
    async fn orders_of(&self, entries: Vec<Entry>, limit: usize) -> Result<Page<Order>, StoreError> {
        let Page { items: entries, next } = Page::cut(entries, limit, |entry| entry.sort_key.clone());
        let read = self.table.get_all_soon(entries.iter().map(|entry| keys::order(entry.id))).await?;
        let orders = read.into_iter().map(item::read_order).collect::<Result<Vec<Order>, _>>()?;
        let mut by_id: BTreeMap<OrderId, Order> = orders.into_iter().map(|order| (order.id, order)).collect();
        Ok(Page { items: entries.iter().filter_map(|entry| by_id.remove(&entry.id)).collect(), next })
    }
}

/// An entry of an index: which order, and where it stands.
struct Entry {
    sort_key: String,
    id: OrderId,
}

async fn entries(query: QueryFluentBuilder, range: &str, wanted: usize) -> Result<Vec<Entry>, StoreError> {
    let found = read(query, wanted, usize::MAX).await?;
    let entry = |item: &Item| {
        let id = item::text_of(item, PK)?;
        let id = id.parse().map_err(|_| item::corrupt(&id))?;
        Ok(Entry { sort_key: item::text_of(item, range)?, id })
    };
    found.items.iter().map(entry).collect()
}
