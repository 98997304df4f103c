//! The memory repositories, watched: every step that an order makes is held against the rules at once. A naive store can
//! be put in their place.

use std::cell::OnceCell;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use domain::{
    Change, CustomerId, LedgerEntry, MailEffect, MailEffectId, Order, OrderEvent, OrderId, OrderStatus, Timestamp,
};
use events::{Event, Publisher as _};
use futures::future::LocalBoxFuture;
use resilience::{Clock as _, VirtualClock};
use store::{
    Catalogue, MailEffects, MemoryStore, Orders, Page, PageRequest, ParkOutcome, Placed, Receipt, RowClaim, SheetRow,
    SheetRows, StoreError,
};
use suite::{Bus, ChangeStream, Stores};
use tokio::sync::Notify;

use crate::invariants::Steps;

/// From one request to the next, on a slow day.
const BETWEEN: Duration = Duration::from_millis(300);

type Answer<'a, T> = LocalBoxFuture<'a, Result<T, StoreError>>;

/// What a naive store works with.
#[derive(Clone)]
pub struct Desk {
    /// What the product would use.
    pub memory: MemoryStore,
    /// Time.
    pub clock: VirtualClock,
    bus: Rc<OnceCell<Bus<VirtualClock>>>,
    changed: Rc<Notify>,
    steps: Rc<Steps>,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Desk")
    }
}

impl Desk {
    /// Places an order as the product does.
    ///
    /// # Errors
    ///
    /// The memory store's.
    pub async fn place(&self, placement: &Change) -> Result<Placed, StoreError> {
        self.watched(placement.order.id, self.memory.place(placement)).await
    }

    /// Saves a change as the product does.
    ///
    /// # Errors
    ///
    /// The memory store's.
    pub async fn save(&self, change: &Change, receipt: Option<&Receipt>) -> Result<(), StoreError> {
        self.watched(change.order.id, self.memory.save(change, receipt)).await
    }

    async fn watched<T>(
        &self,
        id: OrderId,
        write: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let before = self.memory.find(id).await?;
        let written = write.await;
        if let Some(after) = self.memory.find(id).await? {
            self.steps.take(before.as_ref(), &after);
        }
        self.changed.notify_waiters();
        written
    }

    /// Between two requests of one piece of work: others get their turn, and whoever works here may die.
    pub async fn meanwhile(&self) {
        self.clock.sleep(BETWEEN).await;
    }

    /// Publishes events by itself.
    ///
    /// # Errors
    ///
    /// When the bus does not take one.
    pub async fn publish(&self, events: &[OrderEvent]) -> Result<(), StoreError> {
        for event in events {
            if let Some(bus) = self.bus.get() {
                let published = bus.publish(&Event::from(event.clone())).await;
                published.map_err(|error| StoreError::Unavailable(error.into()))?;
            }
        }
        Ok(())
    }
}

/// Repositories that do some things otherwise than the memory store. What is not said here, the memory store does.
pub trait NaiveStore {
    /// See [`Orders::place`].
    fn place<'a>(&'a self, desk: &'a Desk, placement: &'a Change) -> Answer<'a, Placed> {
        Box::pin(desk.place(placement))
    }

    /// See [`Orders::find`].
    fn find<'a>(&'a self, desk: &'a Desk, id: OrderId) -> Answer<'a, Option<Order>> {
        Box::pin(desk.memory.find(id))
    }

    /// See [`Orders::save`].
    fn save<'a>(&'a self, desk: &'a Desk, change: &'a Change, receipt: Option<&'a Receipt>) -> Answer<'a, ()> {
        Box::pin(desk.save(change, receipt))
    }

    /// See [`Orders::park`].
    fn park<'a>(&'a self, desk: &'a Desk, receipt: &'a Receipt) -> Answer<'a, ParkOutcome> {
        Box::pin(desk.memory.park(receipt))
    }

    /// See [`Orders::record`].
    fn record<'a>(&'a self, desk: &'a Desk, receipt: &'a Receipt) -> Answer<'a, ()> {
        Box::pin(desk.memory.record(receipt))
    }

    /// See [`MailEffects::mail`].
    fn mail<'a>(&'a self, desk: &'a Desk, id: MailEffectId) -> Answer<'a, Option<MailEffect>> {
        Box::pin(desk.memory.mail(id))
    }

    /// See [`MailEffects::save_mail`].
    fn save_mail<'a>(&'a self, desk: &'a Desk, effect: &'a MailEffect) -> Answer<'a, ()> {
        Box::pin(desk.memory.save_mail(effect))
    }

    /// See [`SheetRows::rows`].
    fn rows<'a>(&'a self, desk: &'a Desk, spreadsheet: &'a str, orders: &'a [OrderId]) -> Answer<'a, Vec<RowClaim>> {
        Box::pin(SheetRows::rows(&desk.memory, spreadsheet, orders))
    }

    /// See [`SheetRows::row_of`].
    fn row_of<'a>(&'a self, desk: &'a Desk, order: OrderId) -> Answer<'a, Option<SheetRow>> {
        Box::pin(desk.memory.row_of(order))
    }
}

/// The repositories of a simulation; clones share what they hold.
#[derive(Clone)]
pub struct Shelf {
    desk: Desk,
    naive: Option<Rc<dyn NaiveStore>>,
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shelf")
    }
}

impl Shelf {
    /// Empty ones.
    pub fn new(naive: Option<Rc<dyn NaiveStore>>, clock: VirtualClock) -> Self {
        let desk = Desk {
            memory: MemoryStore::new(),
            clock,
            bus: Rc::default(),
            changed: Rc::default(),
            steps: Rc::default(),
        };
        Self { desk, naive }
    }

    /// Shows a naive store the way to the bus.
    pub fn connect(&self, bus: Bus<VirtualClock>) {
        // Said once, when the world is made.
        let _ = self.desk.bus.set(bus);
    }

    /// What is in them, for checkers.
    pub fn memory(&self) -> &MemoryStore {
        &self.desk.memory
    }

    /// Waits until something is written, from the moment of this call on.
    pub fn changed(&self) -> tokio::sync::futures::Notified<'_> {
        self.desk.changed.notified()
    }

    /// What was seen of the steps that orders made.
    pub fn steps(&self) -> &Steps {
        &self.desk.steps
    }
}

impl Orders for Shelf {
    async fn place(&self, placement: &Change) -> Result<Placed, StoreError> {
        match &self.naive {
            Some(naive) => naive.place(&self.desk, placement).await,
            None => self.desk.place(placement).await,
        }
    }

    async fn find(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        match &self.naive {
            Some(naive) => naive.find(&self.desk, id).await,
            None => self.desk.memory.find(id).await,
        }
    }

    async fn save(&self, change: &Change, receipt: Option<&Receipt>) -> Result<(), StoreError> {
        match &self.naive {
            Some(naive) => naive.save(&self.desk, change, receipt).await,
            None => self.desk.save(change, receipt).await,
        }
    }

    async fn record(&self, receipt: &Receipt) -> Result<(), StoreError> {
        match &self.naive {
            Some(naive) => naive.record(&self.desk, receipt).await,
            None => self.desk.memory.record(receipt).await,
        }
    }

    async fn park(&self, receipt: &Receipt) -> Result<ParkOutcome, StoreError> {
        match &self.naive {
            Some(naive) => naive.park(&self.desk, receipt).await,
            None => self.desk.memory.park(receipt).await,
        }
    }

    async fn events(&self, id: OrderId, page: &PageRequest) -> Result<Page<OrderEvent>, StoreError> {
        self.desk.memory.events(id, page).await
    }

    async fn receipts(&self, id: OrderId) -> Result<Vec<Receipt>, StoreError> {
        self.desk.memory.receipts(id).await
    }

    async fn ledger(&self, id: OrderId) -> Result<Vec<LedgerEntry>, StoreError> {
        self.desk.memory.ledger(id).await
    }

    async fn republish(&self, event: &OrderEvent, now: Timestamp) -> Result<(), StoreError> {
        let republished = self.desk.memory.republish(event, now).await;
        self.desk.changed.notify_waiters();
        republished
    }

    async fn of_customer(
        &self,
        customer: CustomerId,
        status: Option<OrderStatus>,
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError> {
        self.desk.memory.of_customer(customer, status, page).await
    }

    async fn with_status(&self, status: OrderStatus, page: &PageRequest) -> Result<Page<Order>, StoreError> {
        self.desk.memory.with_status(status, page).await
    }

    async fn oldest_with_status(
        &self,
        status: OrderStatus,
        placed_before: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError> {
        self.desk.memory.oldest_with_status(status, placed_before, page).await
    }
}

impl MailEffects for Shelf {
    async fn mail(&self, id: MailEffectId) -> Result<Option<MailEffect>, StoreError> {
        match &self.naive {
            Some(naive) => naive.mail(&self.desk, id).await,
            None => self.desk.memory.mail(id).await,
        }
    }

    async fn save_mail(&self, effect: &MailEffect) -> Result<(), StoreError> {
        match &self.naive {
            Some(naive) => naive.save_mail(&self.desk, effect).await,
            None => self.desk.memory.save_mail(effect).await,
        }
    }

    async fn mails_about(&self, order: OrderId) -> Result<Vec<MailEffect>, StoreError> {
        self.desk.memory.mails_about(order).await
    }
}

impl SheetRows for Shelf {
    async fn rows(&self, spreadsheet_id: &str, orders: &[OrderId]) -> Result<Vec<RowClaim>, StoreError> {
        match &self.naive {
            Some(naive) => naive.rows(&self.desk, spreadsheet_id, orders).await,
            None => SheetRows::rows(&self.desk.memory, spreadsheet_id, orders).await,
        }
    }

    async fn row_written(&self, order: OrderId, version: u64, at: Timestamp) -> Result<(), StoreError> {
        self.desk.memory.row_written(order, version, at).await
    }

    async fn row_of(&self, order: OrderId) -> Result<Option<SheetRow>, StoreError> {
        match &self.naive {
            Some(naive) => naive.row_of(&self.desk, order).await,
            None => self.desk.memory.row_of(order).await,
        }
    }
}

#[allow(refining_impl_trait, reason = "whoever has it may know what it is")]
impl Stores for Shelf {
    fn orders(&self) -> &Self {
        self
    }

    fn catalogue(&self) -> &impl Catalogue {
        &self.desk.memory
    }

    fn mails(&self) -> &Self {
        self
    }

    fn rows(&self) -> &Self {
        self
    }

    fn accounts(&self) -> &impl store::Accounts {
        &self.desk.memory
    }

    fn sessions(&self) -> &impl store::Sessions {
        &self.desk.memory
    }

    fn api_keys(&self) -> &impl store::ApiKeys {
        &self.desk.memory
    }

    fn guards(&self) -> &impl store::Guards {
        &self.desk.memory
    }

    fn changes(&self) -> impl ChangeStream {
        self.desk.memory.changes()
    }

    fn account_changes(&self) -> impl ChangeStream {
        self.desk.memory.account_changes()
    }
}
