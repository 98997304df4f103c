//! The repository of orders, with their events, receipts and parked facts.

use domain::{
    Actor, Change, CustomerId, Due, LedgerEntry, Order, OrderEvent, OrderId, OrderStatus, PaymentFact, RecordedFacts,
    Sku, Timestamp,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Page, PageRequest, StoreError};

/// Facts that took effect, with their source: stored as evidence, and so that an order can be rebuilt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Stripe's event id, or one of our own for Stripe's answers and for what staff record.
    pub event_id: String,
    /// The source.
    pub source: ReceiptSource,
    /// Stripe's event type, `payment_intent.succeeded`; for other sources the kind of object.
    pub event_type: String,
    /// Stripe's `created`, in seconds since the epoch.
    pub created: i64,
    /// The order.
    pub order_id: OrderId,
    /// The order's version with these facts; 0 while they are parked.
    #[serde(default)]
    pub order_version: u64,
    /// The facts.
    pub facts: Vec<PaymentFact>,
    /// When we received it.
    pub received_at: Timestamp,
    /// The correlation id of the request that received it.
    pub correlation_id: String,
    /// The person who recorded it; absent in what a provider said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
}

domain::string_enum! {
    /// Who heard what a receipt says.
    pub enum ReceiptSource {
        /// `stripe-webhook`, from Stripe.
        Webhook = "webhook",
        /// An API call about paying, which asked Stripe.
        Checkout = "checkout",
        /// Whoever makes refunds and voids intents, from Stripe's answer.
        Settlement = "settlement",
        /// The reconciler, from Stripe's lists.
        Reconciliation = "reconciliation",
        /// Whoever lets orders expire, from Stripe's answer.
        Expiry = "expiry",
        /// Staff, who looked at the bank account.
        Staff = "staff",
    }
}

impl Receipt {
    /// A receipt of facts that did not come by webhook: Stripe's answers, or a bank statement. Its id follows from the
    /// facts, so receiving them twice leaves one receipt.
    pub fn from_facts(
        source: ReceiptSource,
        order_id: OrderId,
        facts: Vec<PaymentFact>,
        now: Timestamp,
        correlation_id: &str,
    ) -> Self {
        let said = serde_json::to_vec(&facts).unwrap_or_default();
        let id = Uuid::new_v5(&order_id.uuid(), &said).simple();
        Self {
            event_id: format!("{}_{id}", source.as_str()),
            source,
            event_type: source.as_str().to_owned(),
            created: now.seconds(),
            order_id,
            order_version: 0,
            facts,
            received_at: now,
            correlation_id: correlation_id.to_owned(),
            actor: None,
        }
    }

    /// The same, recorded by a person or a service.
    #[must_use]
    pub fn by(self, actor: Actor) -> Self {
        Self { actor: Some(actor), ..self }
    }

    /// The receipt with this version of the order.
    pub(crate) fn of_version(&self, order_version: u64) -> Self {
        Self { order_version, ..self.clone() }
    }
}

impl From<&Receipt> for RecordedFacts {
    fn from(receipt: &Receipt) -> Self {
        Self { order_version: receipt.order_version, at: receipt.received_at, facts: receipt.facts.clone() }
    }
}

/// The outcome of placing an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlaceOutcome {
    /// It is stored. Parked facts are applied already.
    New(Order),
    /// An order with this id exists: the caller's earlier request, or another cart with the same key.
    Existing(Order),
    /// There is not enough of this product, or it is no longer for sale. Nothing was stored.
    OutOfStock(Sku),
}

/// The outcome of parking facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParkOutcome {
    /// They are parked until the order is placed.
    Parked,
    /// The order exists after all: apply them to it.
    OrderExists,
}

/// The repository of orders.
pub trait Orders {
    /// Stores a new order with its events and takes its goods from stock, in one transaction, once per order id.
    async fn place(&self, placement: &Change) -> Result<PlaceOutcome, StoreError>;

    /// The order as it is now (a consistent read).
    async fn find(&self, id: OrderId) -> Result<Option<Order>, StoreError>;

    /// Stores the order's next version with its events and ledger entries, moves its stock, and stores the receipt that
    /// caused it, in one transaction.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] when the stored version is not the one before. A write that took effect although its
    /// answer was lost is recognised and is no conflict. [`StoreError::OutOfStock`] when there is not enough stock to
    /// take.
    async fn save(&self, change: &Change, receipt: Option<&Receipt>) -> Result<(), StoreError>;

    /// Stores the receipt of a webhook that said nothing new. Repeating it changes nothing.
    async fn record(&self, receipt: &Receipt) -> Result<(), StoreError>;

    /// Parks the receipt's facts until its order is placed, unless the order exists.
    async fn park(&self, receipt: &Receipt) -> Result<ParkOutcome, StoreError>;

    /// The events of an order, oldest first.
    async fn events(&self, id: OrderId, page: &PageRequest) -> Result<Page<OrderEvent>, StoreError>;

    /// The receipts of an order, in the order of their event ids.
    async fn receipts(&self, id: OrderId) -> Result<Vec<Receipt>, StoreError>;

    /// The ledger entries of an order, oldest first.
    async fn ledger(&self, id: OrderId) -> Result<Vec<LedgerEntry>, StoreError>;

    /// Shows an event to the table's stream once more, so that it is published again.
    async fn republish(&self, event: &OrderEvent, now: Timestamp) -> Result<(), StoreError>;

    /// A customer's orders, newest first; all, or those with one status.
    async fn of_customer(
        &self,
        customer: CustomerId,
        status: Option<OrderStatus>,
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError>;

    /// A customer's orders that were placed since then, but for this one; newest first, at most [`MAX_PAGE`], with a cursor
    /// when there are more. It reads an index, so an order of the last moment may be missing.
    ///
    /// [`MAX_PAGE`]: crate::MAX_PAGE
    async fn others_placed_since(
        &self,
        customer: CustomerId,
        but: OrderId,
        since: Timestamp,
    ) -> Result<Page<Order>, StoreError>;

    /// All customers' orders with one status, newest first.
    async fn with_status(&self, status: OrderStatus, page: &PageRequest) -> Result<Page<Order>, StoreError>;

    /// All customers' orders with one status that were placed before then, oldest first.
    async fn oldest_with_status(
        &self,
        status: OrderStatus,
        placed_before: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError>;

    /// All customers' orders for which this was due by then, the longest due first.
    async fn due(&self, due: Due, by: Timestamp, page: &PageRequest) -> Result<Page<Order>, StoreError>;
}

/// The sort key of orders in lists: newest first, ties by id.
pub(crate) fn sort_key(order: &Order) -> String {
    at(order.placed_at, order.id)
}

/// A moment, and enough of the order's id to tell apart those of one millisecond.
fn at(moment: Timestamp, id: OrderId) -> String {
    let id = id.uuid().simple().to_string();
    format!("{moment}#{}", &id[..12])
}

/// The sort key of what is due: the longest due first, ties by id.
pub(crate) fn due_at(order: &Order) -> Option<String> {
    order.due().map(|(_, at)| due_key(order.id, at))
}

pub(crate) fn due_key(id: OrderId, at: Timestamp) -> String {
    self::at(at, id)
}

/// The prefix of the sort keys of events.
pub(crate) const EVENT: &str = "event#";

/// The sort key of an event: text order is the order of events.
pub fn event_key(order_version: u64, index: usize) -> String {
    format!("{EVENT}{order_version:010}#{index:02}")
}
