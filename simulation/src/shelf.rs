//! The memory repositories, watched: every step that an order makes is held against the rules at once. A naive store can
//! be put in their place.

use std::fmt;
use std::rc::Rc;

use domain::{
    Change, CustomerId, LedgerEntry, MailEffect, MailEffectId, Order, OrderEvent, OrderId, OrderStatus, Timestamp,
};
use futures::future::LocalBoxFuture;
use store::{
    Catalogue, MailEffects, MemoryStore, Orders, Page, PageRequest, ParkOutcome, Placed, Receipt, RowClaim, SheetRow,
    SheetRows, StoreError,
};
use suite::{ChangeStream, Stores};
use tokio::sync::Notify;

use crate::invariants::Steps;

type Answer<'a, T> = LocalBoxFuture<'a, Result<T, StoreError>>;

/// Repositories that do some things otherwise than the memory store. What is not said here, the memory store does.
pub trait NaiveStore {
    /// See [`Orders::place`].
    fn place<'a>(&'a self, memory: &'a MemoryStore, placement: &'a Change) -> Answer<'a, Placed> {
        Box::pin(memory.place(placement))
    }

    /// See [`Orders::find`].
    fn find<'a>(&'a self, memory: &'a MemoryStore, id: OrderId) -> Answer<'a, Option<Order>> {
        Box::pin(memory.find(id))
    }

    /// See [`Orders::save`].
    fn save<'a>(&'a self, memory: &'a MemoryStore, change: &'a Change, receipt: Option<&'a Receipt>) -> Answer<'a, ()> {
        Box::pin(memory.save(change, receipt))
    }

    /// See [`Orders::park`].
    fn park<'a>(&'a self, memory: &'a MemoryStore, receipt: &'a Receipt) -> Answer<'a, ParkOutcome> {
        Box::pin(memory.park(receipt))
    }

    /// See [`MailEffects::mail`].
    fn mail<'a>(&'a self, memory: &'a MemoryStore, id: MailEffectId) -> Answer<'a, Option<MailEffect>> {
        Box::pin(memory.mail(id))
    }

    /// See [`MailEffects::save_mail`].
    fn save_mail<'a>(&'a self, memory: &'a MemoryStore, effect: &'a MailEffect) -> Answer<'a, ()> {
        Box::pin(memory.save_mail(effect))
    }

    /// See [`SheetRows::rows`].
    fn rows<'a>(
        &'a self,
        memory: &'a MemoryStore,
        spreadsheet: &'a str,
        orders: &'a [OrderId],
    ) -> Answer<'a, Vec<RowClaim>> {
        Box::pin(SheetRows::rows(memory, spreadsheet, orders))
    }
}

/// The repositories of a simulation; clones share what they hold.
#[derive(Clone)]
pub struct Shelf {
    memory: MemoryStore,
    naive: Option<Rc<dyn NaiveStore>>,
    changed: Rc<Notify>,
    steps: Rc<Steps>,
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shelf")
    }
}

impl Shelf {
    /// Empty ones.
    pub fn new(naive: Option<Rc<dyn NaiveStore>>) -> Self {
        Self { memory: MemoryStore::new(), naive, changed: Rc::default(), steps: Rc::default() }
    }

    /// What is in them, for checkers.
    pub const fn memory(&self) -> &MemoryStore {
        &self.memory
    }

    /// Waits until something is written, from the moment of this call on.
    pub fn changed(&self) -> tokio::sync::futures::Notified<'_> {
        self.changed.notified()
    }

    /// What was seen of the steps that orders made.
    pub fn steps(&self) -> &Steps {
        &self.steps
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
}

impl Orders for Shelf {
    async fn place(&self, placement: &Change) -> Result<Placed, StoreError> {
        let write = async {
            match &self.naive {
                Some(naive) => naive.place(&self.memory, placement).await,
                None => self.memory.place(placement).await,
            }
        };
        self.watched(placement.order.id, write).await
    }

    async fn find(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        match &self.naive {
            Some(naive) => naive.find(&self.memory, id).await,
            None => self.memory.find(id).await,
        }
    }

    async fn save(&self, change: &Change, receipt: Option<&Receipt>) -> Result<(), StoreError> {
        let write = async {
            match &self.naive {
                Some(naive) => naive.save(&self.memory, change, receipt).await,
                None => self.memory.save(change, receipt).await,
            }
        };
        self.watched(change.order.id, write).await
    }

    async fn record(&self, receipt: &Receipt) -> Result<(), StoreError> {
        self.memory.record(receipt).await
    }

    async fn park(&self, receipt: &Receipt) -> Result<ParkOutcome, StoreError> {
        match &self.naive {
            Some(naive) => naive.park(&self.memory, receipt).await,
            None => self.memory.park(receipt).await,
        }
    }

    async fn events(&self, id: OrderId, page: &PageRequest) -> Result<Page<OrderEvent>, StoreError> {
        self.memory.events(id, page).await
    }

    async fn receipts(&self, id: OrderId) -> Result<Vec<Receipt>, StoreError> {
        self.memory.receipts(id).await
    }

    async fn ledger(&self, id: OrderId) -> Result<Vec<LedgerEntry>, StoreError> {
        self.memory.ledger(id).await
    }

    async fn republish(&self, event: &OrderEvent, now: Timestamp) -> Result<(), StoreError> {
        let republished = self.memory.republish(event, now).await;
        self.changed.notify_waiters();
        republished
    }

    async fn of_customer(
        &self,
        customer: CustomerId,
        status: Option<OrderStatus>,
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError> {
        self.memory.of_customer(customer, status, page).await
    }

    async fn with_status(&self, status: OrderStatus, page: &PageRequest) -> Result<Page<Order>, StoreError> {
        self.memory.with_status(status, page).await
    }

    async fn oldest_with_status(
        &self,
        status: OrderStatus,
        placed_before: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError> {
        self.memory.oldest_with_status(status, placed_before, page).await
    }
}

impl MailEffects for Shelf {
    async fn mail(&self, id: MailEffectId) -> Result<Option<MailEffect>, StoreError> {
        match &self.naive {
            Some(naive) => naive.mail(&self.memory, id).await,
            None => self.memory.mail(id).await,
        }
    }

    async fn save_mail(&self, effect: &MailEffect) -> Result<(), StoreError> {
        match &self.naive {
            Some(naive) => naive.save_mail(&self.memory, effect).await,
            None => self.memory.save_mail(effect).await,
        }
    }

    async fn mails_about(&self, order: OrderId) -> Result<Vec<MailEffect>, StoreError> {
        self.memory.mails_about(order).await
    }
}

impl SheetRows for Shelf {
    async fn rows(&self, spreadsheet_id: &str, orders: &[OrderId]) -> Result<Vec<RowClaim>, StoreError> {
        match &self.naive {
            Some(naive) => naive.rows(&self.memory, spreadsheet_id, orders).await,
            None => SheetRows::rows(&self.memory, spreadsheet_id, orders).await,
        }
    }

    async fn row_written(&self, order: OrderId, version: u64, at: Timestamp) -> Result<(), StoreError> {
        self.memory.row_written(order, version, at).await
    }

    async fn row_of(&self, order: OrderId) -> Result<Option<SheetRow>, StoreError> {
        self.memory.row_of(order).await
    }
}

#[allow(refining_impl_trait, reason = "whoever has it may know what it is")]
impl Stores for Shelf {
    fn orders(&self) -> &Self {
        self
    }

    fn catalogue(&self) -> &impl Catalogue {
        &self.memory
    }

    fn mails(&self) -> &Self {
        self
    }

    fn rows(&self) -> &Self {
        self
    }

    fn accounts(&self) -> &impl store::Accounts {
        &self.memory
    }

    fn sessions(&self) -> &impl store::Sessions {
        &self.memory
    }

    fn api_keys(&self) -> &impl store::ApiKeys {
        &self.memory
    }

    fn guards(&self) -> &impl store::Guards {
        &self.memory
    }

    fn changes(&self) -> impl ChangeStream {
        self.memory.changes()
    }

    fn account_changes(&self) -> impl ChangeStream {
        self.memory.account_changes()
    }
}
