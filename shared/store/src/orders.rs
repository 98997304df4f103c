//! Orders with their events, payment receipts and parked facts.

use domain::{
    Change, CustomerId, LedgerEntry, Order, OrderEvent, OrderId, OrderStatus, PaymentFact, RecordedFacts, Sku,
    Timestamp,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Page, PageRequest, StoreError};

/// Facts that took effect, and where they came from: kept as evidence, and so that an order can be rebuilt from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Stripe's event id; one of our own for what Stripe answered or staff said.
    pub event_id: String,
    /// Who heard it.
    pub source: ReceiptSource,
    /// Stripe's event type: `payment_intent.succeeded`; for the rest a word for what was asked.
    pub event_type: String,
    /// Stripe's `created`, in seconds since the epoch.
    pub created: i64,
    /// The order that it is about.
    pub order_id: OrderId,
    /// The order's version with these facts; 0 while they wait for the order.
    #[serde(default)]
    pub order_version: u64,
    /// What it said.
    pub facts: Vec<PaymentFact>,
    /// When we took it in.
    pub received_at: Timestamp,
    /// Under which correlation id.
    pub correlation_id: String,
}

/// Who heard what a receipt says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptSource {
    /// `stripe-webhook`, from Stripe.
    Webhook,
    /// An API call about paying, which asked Stripe.
    Checkout,
    /// Whoever makes refunds and voids intents, from Stripe's answer.
    Settlement,
    /// The reconciler, from Stripe's lists.
    Reconciliation,
    /// Whoever lets orders expire, from Stripe's answer.
    Expiry,
    /// Staff, who looked at the bank account.
    Staff,
}

impl ReceiptSource {
    /// The word in receipts: `webhook`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Checkout => "checkout",
            Self::Settlement => "settlement",
            Self::Reconciliation => "reconciliation",
            Self::Expiry => "expiry",
            Self::Staff => "staff",
        }
    }
}

impl Receipt {
    /// For facts that nobody sent but that were asked for, or seen on a bank statement. The id follows from what was
    /// heard, so that hearing it twice leaves one receipt.
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
        }
    }

    /// As evidence of this version of the order.
    pub(crate) fn of_version(&self, order_version: u64) -> Self {
        Self { order_version, ..self.clone() }
    }
}

impl From<&Receipt> for RecordedFacts {
    fn from(receipt: &Receipt) -> Self {
        Self { order_version: receipt.order_version, at: receipt.received_at, facts: receipt.facts.clone() }
    }
}

/// What became of a new order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlaceOutcome {
    /// It is stored. Facts that were parked for it are already taken in.
    New(Order),
    /// There is one with this id already: the caller's earlier request, or another cart under the same key.
    Existing(Order),
    /// There is not enough of this product, or it is no longer for sale. Nothing was stored.
    OutOfStock(Sku),
}

/// What became of facts for an order that was not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParkOutcome {
    /// They wait for the order.
    Parked,
    /// The order is there after all: merge them into it.
    OrderExists,
}

/// The repository of orders.
pub trait Orders {
    /// Stores a new order with its events and takes its goods from stock, all or nothing, once per order id.
    async fn place(&self, placement: &Change) -> Result<PlaceOutcome, StoreError>;

    /// The order as it is now (a consistent read).
    async fn find(&self, id: OrderId) -> Result<Option<Order>, StoreError>;

    /// Stores the order's next version with its events and ledger, moves stock as the change says, and keeps the receipt
    /// that caused it, all or nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] when the stored version is not the one before. A write that took effect while its
    /// answer was lost is recognised and is no conflict. [`StoreError::OutOfStock`] when goods are to be taken that are
    /// not there.
    async fn save(&self, change: &Change, receipt: Option<&Receipt>) -> Result<(), StoreError>;

    /// Keeps the receipt of a webhook that said nothing new. A second time changes nothing.
    async fn record(&self, receipt: &Receipt) -> Result<(), StoreError>;

    /// Keeps the receipt's facts until its order is placed, unless it is there already.
    async fn park(&self, receipt: &Receipt) -> Result<ParkOutcome, StoreError>;

    /// What happened to an order, oldest first.
    async fn events(&self, id: OrderId, page: &PageRequest) -> Result<Page<OrderEvent>, StoreError>;

    /// The receipts of an order, in the order of their event ids.
    async fn receipts(&self, id: OrderId) -> Result<Vec<Receipt>, StoreError>;

    /// Every movement of an order's money, oldest first.
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

    /// Everybody's orders with one status, newest first.
    async fn with_status(&self, status: OrderStatus, page: &PageRequest) -> Result<Page<Order>, StoreError>;

    /// Everybody's orders with one status that were placed before then, oldest first.
    async fn oldest_with_status(
        &self,
        status: OrderStatus,
        placed_before: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError>;
}

/// What orders are listed by: newest first, ties by id.
pub(crate) fn sort_key(order: &Order) -> String {
    format!("{}#{}", order.placed_at, order.id)
}

/// Sort keys of events begin with this.
pub(crate) const EVENT: &str = "event#";

/// An event's sort key in the table: text order is the order of events.
pub fn event_key(order_version: u64, index: usize) -> String {
    format!("{EVENT}{order_version:010}#{index:02}")
}
