//! Orders in memory.

use domain::{Change, CustomerId, Order, OrderEvent, OrderId, OrderStatus, Sku};

use super::{MemoryStore, State};
use crate::orders::sort_key;
use crate::{Cursor, Orders, Page, PageRequest, ParkOutcome, Placed, Receipt, StoreError};

impl Orders for MemoryStore {
    async fn place(&self, placement: &Change) -> Result<Placed, StoreError> {
        let mut state = self.state.borrow_mut();
        let id = placement.order.id;
        if let Some(existing) = state.orders.get(&id) {
            return Ok(Placed::Existing(existing.clone()));
        }
        for line in &placement.order.lines {
            if state.products.get(&line.sku).is_none_or(|product| !product.active || product.stock < line.quantity) {
                return Ok(Placed::OutOfStock(line.sku.clone()));
            }
        }
        for line in &placement.order.lines {
            state.move_stock(&line.sku, |stock| stock.saturating_sub(line.quantity));
        }
        state.reservations.insert(id);
        state.write(placement);
        let parked = state.parked.remove(&id).unwrap_or_default();
        let facts = parked.iter().flat_map(|receipt| receipt.facts.clone()).collect();
        let learned = placement.order.learn(facts, &placement.order.correlation_id, placement.order.placed_at);
        for receipt in parked {
            state.receipts.insert((id, receipt.event_id.clone()), receipt);
        }
        if let Some(learned) = &learned {
            state.write(learned);
        }
        Ok(Placed::New(learned.map_or_else(|| placement.order.clone(), |change| change.order)))
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
        if change.releases_stock && state.reservations.remove(&id) {
            for line in &change.order.lines {
                state.move_stock(&line.sku, |stock| stock.saturating_add(line.quantity));
            }
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

    async fn of_customer(
        &self,
        customer: CustomerId,
        status: Option<OrderStatus>,
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError> {
        let wanted = |order: &Order| order.customer == customer && status.is_none_or(|status| order.status == status);
        Ok(self.state.borrow().newest_first(page, wanted))
    }

    async fn with_status(&self, status: OrderStatus, page: &PageRequest) -> Result<Page<Order>, StoreError> {
        Ok(self.state.borrow().newest_first(page, |order| order.status == status))
    }
}

/// The event's sort key in the table: text order is the order of events.
fn event_key(event: &OrderEvent) -> String {
    crate::orders::event_key(event.order_version, event.index)
}

impl State {
    fn write(&mut self, change: &Change) {
        self.orders.insert(change.order.id, change.order.clone());
        for event in &change.events {
            self.events.insert((event.order_id, event.order_version, event.index), event.clone());
            self.stream.push(event.clone());
        }
    }

    fn move_stock(&mut self, sku: &Sku, moved: impl Fn(u32) -> u32) {
        if let Some(product) = self.products.get_mut(sku) {
            product.stock = moved(product.stock);
        }
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
