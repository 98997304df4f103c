//! Orders in memory.

use domain::{Change, CustomerId, Due, LedgerEntry, Order, OrderEvent, OrderId, OrderStatus, Sku, Timestamp};

use super::{MemoryStore, State};
use crate::orders::{due_at, sort_key};
use crate::{Cursor, MAX_PAGE, Orders, Page, PageRequest, ParkOutcome, PlaceOutcome, Receipt, StoreError};

impl Orders for MemoryStore {
    async fn place(&self, placement: &Change) -> Result<PlaceOutcome, StoreError> {
        let mut state = self.state.borrow_mut();
        let id = placement.order.id;
        if let Some(existing) = state.orders.get(&id) {
            return Ok(PlaceOutcome::Existing(existing.clone()));
        }
        within_bounds(placement, None)?;
        if let Some(missing) = state.missing(placement) {
            return Ok(PlaceOutcome::OutOfStock(missing));
        }
        state.write(placement);
        let parked = state.parked.remove(&id).unwrap_or_default();
        let facts = parked.iter().flat_map(|receipt| receipt.facts.clone()).collect();
        let applied = placement.order.apply_facts(facts, &placement.order.correlation_id, placement.order.placed_at);
        let version = applied.as_ref().map_or(placement.order.version, |change| change.order.version);
        for receipt in parked {
            state.receipts.insert((id, receipt.event_id.clone()), receipt.of_version(version));
        }
        if let Some(applied) = &applied {
            state.write(applied);
        }
        Ok(PlaceOutcome::New(applied.map_or_else(|| placement.order.clone(), |change| change.order)))
    }

    async fn find(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        Ok(self.state.borrow().orders.get(&id).cloned())
    }

    async fn save(&self, change: &Change, receipt: Option<&Receipt>) -> Result<(), StoreError> {
        let mut state = self.state.borrow_mut();
        let id = change.order.id;
        if state.orders.get(&id).is_none_or(|stored| stored.version + 1 != change.order.version) {
            return Err(StoreError::Conflict);
        }
        within_bounds(change, receipt)?;
        if let Some(missing) = state.missing(change) {
            return Err(StoreError::OutOfStock(missing));
        }
        if let Some(receipt) = receipt {
            state.receipts.entry((id, receipt.event_id.clone())).or_insert_with(|| receipt.clone());
        }
        state.write(change);
        Ok(())
    }

    async fn record(&self, receipt: &Receipt) -> Result<(), StoreError> {
        let key = (receipt.order_id, receipt.event_id.clone());
        self.state.borrow_mut().receipts.entry(key).or_insert_with(|| receipt.clone());
        Ok(())
    }

    async fn park(&self, receipt: &Receipt) -> Result<ParkOutcome, StoreError> {
        let mut state = self.state.borrow_mut();
        if state.orders.contains_key(&receipt.order_id) {
            return Ok(ParkOutcome::OrderExists);
        }
        let parked = state.parked.entry(receipt.order_id).or_default();
        if parked.iter().all(|known| known.event_id != receipt.event_id) {
            parked.push(receipt.clone());
        }
        Ok(ParkOutcome::Parked)
    }

    async fn events(&self, id: OrderId, page: &PageRequest) -> Result<Page<OrderEvent>, StoreError> {
        let state = self.state.borrow();
        let events = state.events.range((id, 0, 0)..=(id, u64::MAX, usize::MAX)).map(|(_, event)| event.clone());
        let after =
            events.filter(|event| page.after.as_ref().is_none_or(|after| event_key(event).as_str() > after.sort_key()));
        Ok(Page::cut(after.take(page.limit + 1).collect(), page.limit, event_key))
    }

    async fn receipts(&self, id: OrderId) -> Result<Vec<Receipt>, StoreError> {
        let state = self.state.borrow();
        let of_order = state.receipts.iter().filter(|((order, _), _)| *order == id);
        Ok(of_order.map(|(_, receipt)| receipt.clone()).collect())
    }

    async fn ledger(&self, id: OrderId) -> Result<Vec<LedgerEntry>, StoreError> {
        let state = self.state.borrow();
        Ok(state.ledger.range((id, 0, 0)..=(id, u64::MAX, usize::MAX)).map(|(_, entry)| entry.clone()).collect())
    }

    async fn republish(&self, event: &OrderEvent, _now: Timestamp) -> Result<(), StoreError> {
        self.state.borrow_mut().stream.push(event.clone());
        Ok(())
    }

    async fn of_customer(
        &self,
        customer: CustomerId,
        status: Option<OrderStatus>,
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError> {
        let wanted = |order: &Order| order.customer == customer && status.is_none_or(|status| order.status == status);
        Ok(self.state.borrow().newest_first(page, wanted))
    }

    async fn others_placed_since(
        &self,
        customer: CustomerId,
        but: OrderId,
        since: Timestamp,
    ) -> Result<Page<Order>, StoreError> {
        let is_other = |order: &Order| order.customer == customer && order.id != but && order.placed_at >= since;
        Ok(self.state.borrow().newest_first(&PageRequest { limit: MAX_PAGE, after: None }, is_other))
    }

    async fn with_status(&self, status: OrderStatus, page: &PageRequest) -> Result<Page<Order>, StoreError> {
        Ok(self.state.borrow().newest_first(page, |order| order.status == status))
    }

    async fn oldest_with_status(
        &self,
        status: OrderStatus,
        placed_before: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError> {
        let state = self.state.borrow();
        let is_after =
            |order: &Order| page.after.as_ref().is_none_or(|after| sort_key(order).as_str() > after.sort_key());
        let wanted = |order: &&Order| order.status == status && order.placed_at < placed_before && is_after(order);
        let mut found: Vec<Order> = state.orders.values().filter(wanted).cloned().collect();
        found.sort_by_cached_key(sort_key);
        found.truncate(page.limit + 1);
        Ok(Page::cut(found, page.limit, sort_key))
    }

    async fn due(&self, due: Due, by: Timestamp, page: &PageRequest) -> Result<Page<Order>, StoreError> {
        let state = self.state.borrow();
        let key = |order: &Order| due_at(order).unwrap_or_default();
        let is_after = |order: &Order| page.after.as_ref().is_none_or(|after| key(order).as_str() > after.sort_key());
        let wanted = |order: &&Order| order.due().is_some_and(|(what, at)| what == due && at <= by) && is_after(order);
        let mut found: Vec<Order> = state.orders.values().filter(wanted).cloned().collect();
        found.sort_by_cached_key(key);
        found.truncate(page.limit + 1);
        Ok(Page::cut(found, page.limit, key))
    }
}

/// The most writes in one transaction of DynamoDB's.
const MAX_WRITES: usize = 100;
/// The most bytes of one of its items, names of attributes included.
const MAX_ITEM: usize = 400 * 1024;
/// The most bytes of one transaction.
const MAX_TRANSACTION: usize = 4 * 1024 * 1024;

/// DynamoDB's bounds: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html>. JSON is about
/// as long as an item with the same attributes.
fn within_bounds(change: &Change, receipt: Option<&Receipt>) -> Result<(), StoreError> {
    fn bytes(value: &impl serde::Serialize) -> usize {
        serde_json::to_vec(value).map_or(usize::MAX, |json| json.len())
    }
    let ledger = usize::from(!change.ledger.is_empty());
    let writes = 1 + change.events.len() + ledger + usize::from(receipt.is_some()) + change.stock.len();
    let order = bytes(&change.order);
    let all = [bytes(&change.events), bytes(&change.ledger), receipt.map_or(0, bytes)].into_iter().sum::<usize>();
    if writes > MAX_WRITES {
        return Err(StoreError::Rejected(format!("{writes} writes in one transaction")));
    }
    if order > MAX_ITEM || order.saturating_add(all) > MAX_TRANSACTION {
        return Err(StoreError::Rejected(format!("an item of {order} bytes")));
    }
    Ok(())
}

/// The event's sort key in the table: text order is the order of events.
fn event_key(event: &OrderEvent) -> String {
    crate::orders::event_key(event.order_version, event.index)
}

impl State {
    fn write(&mut self, change: &Change) {
        self.orders.insert(change.order.id, change.order.clone());
        for (sku, pieces) in &change.stock {
            if let Some(product) = self.products.get_mut(sku) {
                let stock = i64::from(product.stock).saturating_add(*pieces);
                product.stock = u32::try_from(stock).unwrap_or_default();
            }
        }
        for entry in &change.ledger {
            self.ledger.insert((entry.order_id, entry.order_version, entry.index), entry.clone());
        }
        for event in &change.events {
            self.events.insert((event.order_id, event.order_version, event.index), event.clone());
            self.stream.push(event.clone());
        }
    }

    /// The first product with less stock than the change takes.
    fn missing(&self, change: &Change) -> Option<Sku> {
        let taken = change.stock.iter().filter(|(_, pieces)| **pieces < 0);
        let is_missing = |(sku, pieces): &(&Sku, &i64)| {
            let product = self.products.get(*sku).filter(|product| product.active);
            product.is_none_or(|product| i64::from(product.stock) + **pieces < 0)
        };
        taken.into_iter().find(is_missing).map(|(sku, _)| sku.clone())
    }

    fn newest_first(&self, page: &PageRequest, wanted: impl Fn(&Order) -> bool) -> Page<Order> {
        let is_after =
            |order: &Order| page.after.as_ref().map(Cursor::sort_key).is_none_or(|key| sort_key(order).as_str() < key);
        let mut found: Vec<Order> =
            self.orders.values().filter(|order| wanted(order) && is_after(order)).cloned().collect();
        found.sort_by_key(|order| std::cmp::Reverse(sort_key(order)));
        found.truncate(page.limit + 1);
        Page::cut(found, page.limit, sort_key)
    }
}
