//! The memory repositories, observed: every step of an order is checked against the invariants at once. A buggy store
//! can take their place.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use domain::{
    Change, CustomerId, Due, LedgerEntry, MailEffect, MailEffectId, Order, OrderEvent, OrderId, OrderStatus,
    ReservationAttempt, ReservationLimits, Timestamp,
};
use events::{Event, Publisher as _};
use futures::future::LocalBoxFuture;
use resilience::{Clock as _, VirtualClock};
use store::{
    Announcement, Catalogue, MailEffects, MemoryStore, Orders, Page, PageRequest, ParkOutcome, PlaceOutcome, Receipt,
    ReservationAttempts, RowClaim, SheetRow, SheetRows, StoreError,
};
use suite::{Bus, ChangeStream, Stores};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::invariants::Steps;
use crate::reports::Reports;

/// Between two requests, on a slow day.
const BETWEEN: Duration = Duration::from_millis(300);

/// How far the index of a customer's orders lags.
pub const INDEX_LAG: Duration = Duration::from_secs(2);

/// What an order was before a write, and when that was.
type Former = (Timestamp, Option<Order>);

type Answer<'a, T> = LocalBoxFuture<'a, Result<T, StoreError>>;

/// What a buggy store works with.
#[derive(Clone)]
pub struct StoreContext {
    /// The product's repositories.
    pub memory: MemoryStore,
    /// The time.
    pub clock: VirtualClock,
    bus: Rc<OnceCell<Bus<VirtualClock>>>,
    changed: Rc<Notify>,
    steps: Rc<Steps>,
    reports: Rc<Reports>,
    /// The writes that the index does not show yet, oldest first.
    former: Rc<RefCell<BTreeMap<OrderId, Vec<Former>>>>,
}

impl fmt::Debug for StoreContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreContext")
    }
}

impl StoreContext {
    /// Places an order as the product does.
    ///
    /// # Errors
    ///
    /// The memory store's.
    pub async fn place(&self, placement: &Change) -> Result<PlaceOutcome, StoreError> {
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
            self.steps.take_reservation(before.as_ref(), &after, || self.memory.all_orders());
        }
        let (now, mut former) = (self.clock.now(), self.former.borrow_mut());
        former.retain(|_, former| {
            former.retain(|(at, _)| now.since(*at) < INDEX_LAG);
            !former.is_empty()
        });
        former.entry(id).or_default().push((now, before));
        self.changed.notify_waiters();
        written
    }

    /// The order as the index shows it.
    fn indexed(&self, order: Order) -> Option<Order> {
        let (now, former) = (self.clock.now(), self.former.borrow());
        let mut hidden = former.get(&order.id).into_iter().flatten().filter(|(at, _)| now.since(*at) < INDEX_LAG);
        hidden.next().map_or(Some(order), |(_, before)| before.clone())
    }

    /// Waits between two requests of one operation: other tasks take their turn, and the invocation may die here.
    pub async fn meanwhile(&self) {
        self.clock.sleep(BETWEEN).await;
    }

    /// Publishes events without the stream.
    ///
    /// # Errors
    ///
    /// When the bus refuses an event.
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

/// Repositories that do some things differently from the memory store. Methods without an implementation do what the
/// memory store does.
pub trait BuggyStore {
    /// See [`Orders::place`].
    fn place<'a>(&'a self, context: &'a StoreContext, placement: &'a Change) -> Answer<'a, PlaceOutcome> {
        Box::pin(context.place(placement))
    }

    /// See [`Orders::find`].
    fn find<'a>(&'a self, context: &'a StoreContext, id: OrderId) -> Answer<'a, Option<Order>> {
        Box::pin(context.memory.find(id))
    }

    /// See [`Orders::save`].
    fn save<'a>(
        &'a self,
        context: &'a StoreContext,
        change: &'a Change,
        receipt: Option<&'a Receipt>,
    ) -> Answer<'a, ()> {
        Box::pin(context.save(change, receipt))
    }

    /// See [`Orders::park`].
    fn park<'a>(&'a self, context: &'a StoreContext, receipt: &'a Receipt) -> Answer<'a, ParkOutcome> {
        Box::pin(context.memory.park(receipt))
    }

    /// See [`Orders::record`].
    fn record<'a>(&'a self, context: &'a StoreContext, receipt: &'a Receipt) -> Answer<'a, ()> {
        Box::pin(context.memory.record(receipt))
    }

    /// See [`MailEffects::mail`].
    fn mail<'a>(&'a self, context: &'a StoreContext, id: MailEffectId) -> Answer<'a, Option<MailEffect>> {
        Box::pin(context.memory.mail(id))
    }

    /// See [`MailEffects::save_mail`].
    fn save_mail<'a>(&'a self, context: &'a StoreContext, effect: &'a MailEffect) -> Answer<'a, ()> {
        Box::pin(context.memory.save_mail(effect))
    }

    /// See [`ReservationAttempts::announce`].
    fn announce<'a>(
        &'a self,
        context: &'a StoreContext,
        customer: CustomerId,
        attempt: &'a ReservationAttempt,
        (window, now): (Duration, Timestamp),
    ) -> Answer<'a, Announcement> {
        Box::pin(context.memory.announce(customer, attempt, window, now))
    }

    /// See [`SheetRows::rows`].
    fn rows<'a>(
        &'a self,
        context: &'a StoreContext,
        spreadsheet: &'a str,
        orders: &'a [OrderId],
    ) -> Answer<'a, Vec<RowClaim>> {
        Box::pin(SheetRows::rows(&context.memory, spreadsheet, orders))
    }

    /// See [`SheetRows::rows_of`].
    fn rows_of<'a>(&'a self, context: &'a StoreContext, order: OrderId) -> Answer<'a, Vec<SheetRow>> {
        Box::pin(context.memory.rows_of(order))
    }
}

/// The repositories of a simulation. Clones share their contents.
#[derive(Clone)]
pub struct ObservedStore {
    context: StoreContext,
    buggy: Option<Rc<dyn BuggyStore>>,
}

impl fmt::Debug for ObservedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ObservedStore")
    }
}

impl ObservedStore {
    /// Empty repositories of a shop with these limits.
    pub fn new(buggy: Option<Rc<dyn BuggyStore>>, limits: ReservationLimits, clock: VirtualClock) -> Self {
        let context = StoreContext {
            memory: MemoryStore::new(),
            clock,
            bus: Rc::default(),
            changed: Rc::default(),
            steps: Rc::new(Steps::new(limits)),
            reports: Rc::default(),
            former: Rc::default(),
        };
        Self { context, buggy }
    }

    /// Gives a buggy store access to the bus.
    pub fn connect(&self, bus: Bus<VirtualClock>) {
        // Set once, when the world is built.
        let _ = self.context.bus.set(bus);
    }

    /// The contents, for checkers.
    pub fn memory(&self) -> &MemoryStore {
        &self.context.memory
    }

    /// Waits for the next write after this call.
    pub fn changed(&self) -> tokio::sync::futures::Notified<'_> {
        self.context.changed.notified()
    }

    /// The steps that orders have made.
    pub fn steps(&self) -> &Steps {
        &self.context.steps
    }

    /// What SendGrid was thanked for.
    pub fn reports(&self) -> &Reports {
        &self.context.reports
    }
}

impl Orders for ObservedStore {
    async fn place(&self, placement: &Change) -> Result<PlaceOutcome, StoreError> {
        match &self.buggy {
            Some(buggy) => buggy.place(&self.context, placement).await,
            None => self.context.place(placement).await,
        }
    }

    async fn find(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        match &self.buggy {
            Some(buggy) => buggy.find(&self.context, id).await,
            None => self.context.memory.find(id).await,
        }
    }

    async fn save(&self, change: &Change, receipt: Option<&Receipt>) -> Result<(), StoreError> {
        match &self.buggy {
            Some(buggy) => buggy.save(&self.context, change, receipt).await,
            None => self.context.save(change, receipt).await,
        }
    }

    async fn record(&self, receipt: &Receipt) -> Result<(), StoreError> {
        match &self.buggy {
            Some(buggy) => buggy.record(&self.context, receipt).await,
            None => self.context.memory.record(receipt).await,
        }
    }

    async fn park(&self, receipt: &Receipt) -> Result<ParkOutcome, StoreError> {
        match &self.buggy {
            Some(buggy) => buggy.park(&self.context, receipt).await,
            None => self.context.memory.park(receipt).await,
        }
    }

    async fn events(&self, id: OrderId, page: &PageRequest) -> Result<Page<OrderEvent>, StoreError> {
        self.context.memory.events(id, page).await
    }

    async fn receipts(&self, id: OrderId) -> Result<Vec<Receipt>, StoreError> {
        self.context.memory.receipts(id).await
    }

    async fn ledger(&self, id: OrderId) -> Result<Vec<LedgerEntry>, StoreError> {
        self.context.memory.ledger(id).await
    }

    async fn republish(&self, event: &OrderEvent, now: Timestamp) -> Result<(), StoreError> {
        let republished = self.context.memory.republish(event, now).await;
        self.context.changed.notify_waiters();
        republished
    }

    async fn of_customer(
        &self,
        customer: CustomerId,
        status: Option<OrderStatus>,
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError> {
        self.context.memory.of_customer(customer, status, page).await
    }

    async fn others_placed_since(
        &self,
        customer: CustomerId,
        but: OrderId,
        since: Timestamp,
    ) -> Result<Page<Order>, StoreError> {
        let Page { items, next } = self.context.memory.others_placed_since(customer, but, since).await?;
        Ok(Page { items: items.into_iter().filter_map(|order| self.context.indexed(order)).collect(), next })
    }

    async fn with_status(&self, status: OrderStatus, page: &PageRequest) -> Result<Page<Order>, StoreError> {
        self.context.memory.with_status(status, page).await
    }

    async fn oldest_with_status(
        &self,
        status: OrderStatus,
        placed_before: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError> {
        self.context.memory.oldest_with_status(status, placed_before, page).await
    }

    async fn due(&self, due: Due, by: Timestamp, page: &PageRequest) -> Result<Page<Order>, StoreError> {
        self.context.memory.due(due, by, page).await
    }
}

impl MailEffects for ObservedStore {
    async fn mail(&self, id: MailEffectId) -> Result<Option<MailEffect>, StoreError> {
        match &self.buggy {
            Some(buggy) => buggy.mail(&self.context, id).await,
            None => self.context.memory.mail(id).await,
        }
    }

    async fn save_mail(&self, effect: &MailEffect) -> Result<(), StoreError> {
        let before = self.context.memory.mail(effect.id).await?;
        let saved = match &self.buggy {
            Some(buggy) => buggy.save_mail(&self.context, effect).await,
            None => self.context.memory.save_mail(effect).await,
        };
        if saved.is_ok() {
            let is_reported = self.context.reports.is_about(&effect.id.to_string());
            self.context.steps.take_claim(before.as_ref(), effect, is_reported);
        }
        saved
    }

    async fn mails_about(&self, order: OrderId) -> Result<Vec<MailEffect>, StoreError> {
        self.context.memory.mails_about(order).await
    }
}

impl SheetRows for ObservedStore {
    async fn rows(&self, spreadsheet_id: &str, orders: &[OrderId]) -> Result<Vec<RowClaim>, StoreError> {
        match &self.buggy {
            Some(buggy) => buggy.rows(&self.context, spreadsheet_id, orders).await,
            None => SheetRows::rows(&self.context.memory, spreadsheet_id, orders).await,
        }
    }

    async fn row_written(
        &self,
        spreadsheet_id: &str,
        order: OrderId,
        version: u64,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.context.memory.row_written(spreadsheet_id, order, version, at).await
    }

    async fn rows_of(&self, order: OrderId) -> Result<Vec<SheetRow>, StoreError> {
        match &self.buggy {
            Some(buggy) => buggy.rows_of(&self.context, order).await,
            None => self.context.memory.rows_of(order).await,
        }
    }
}

impl ReservationAttempts for ObservedStore {
    async fn announce(
        &self,
        customer: CustomerId,
        attempt: &ReservationAttempt,
        window: Duration,
        now: Timestamp,
    ) -> Result<Announcement, StoreError> {
        match &self.buggy {
            Some(buggy) => buggy.announce(&self.context, customer, attempt, (window, now)).await,
            None => self.context.memory.announce(customer, attempt, window, now).await,
        }
    }

    async fn withdraw(&self, customer: CustomerId, id: Uuid) -> Result<(), StoreError> {
        self.context.memory.withdraw(customer, id).await
    }
}

#[allow(refining_impl_trait, reason = "callers may know the concrete type")]
impl Stores for ObservedStore {
    fn orders(&self) -> &Self {
        self
    }

    fn catalogue(&self) -> &impl Catalogue {
        &self.context.memory
    }

    fn mails(&self) -> &Self {
        self
    }

    fn rows(&self) -> &Self {
        self
    }

    fn accounts(&self) -> &impl store::Accounts {
        &self.context.memory
    }

    fn sessions(&self) -> &impl store::Sessions {
        &self.context.memory
    }

    fn api_keys(&self) -> &impl store::ApiKeys {
        &self.context.memory
    }

    fn guards(&self) -> &(impl store::RateLimiter + store::KnownAddresses + store::JobCheckpoints) {
        &self.context.memory
    }

    fn reservation_attempts(&self) -> &Self {
        self
    }

    fn changes(&self) -> impl ChangeStream {
        self.context.memory.changes()
    }

    fn account_changes(&self) -> impl ChangeStream {
        self.context.memory.account_changes()
    }
}
