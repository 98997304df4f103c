//! Orders with their events, payment receipts and parked facts.

use domain::{Change, CustomerId, Order, OrderEvent, OrderId, OrderStatus, PaymentFact, Sku, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Page, PageRequest, StoreError};

/// A webhook that took effect: kept as evidence, and so that a rebuild can start from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Stripe's event id.
    pub event_id: String,
    /// Stripe's event type: `payment_intent.succeeded`.
    pub event_type: String,
    /// Stripe's `created`, in seconds since the epoch.
    pub created: i64,
    /// The order that it is about.
    pub order_id: OrderId,
    /// What it said.
    pub facts: Vec<PaymentFact>,
    /// When we took it in.
    pub received_at: Timestamp,
    /// Under which correlation id.
    pub correlation_id: String,
}

/// What became of a new order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placed {
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
    async fn place(&self, placement: &Change) -> Result<Placed, StoreError>;

    /// The order as it is now (a consistent read).
    async fn find(&self, id: OrderId) -> Result<Option<Order>, StoreError>;

    /// Stores the order's next version with its events, gives stock back where the change says so, and keeps the
    /// receipt that caused it, all or nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] when the stored version is not the one before. A write that took effect while its
    /// answer was lost is recognised and is no conflict.
    async fn save(&self, change: &Change, receipt: Option<&Receipt>) -> Result<(), StoreError>;

    /// Keeps the receipt of a webhook that said nothing new. A second time changes nothing.
    async fn record(&self, receipt: &Receipt) -> Result<(), StoreError>;

    /// Keeps the receipt's facts until its order is placed, unless it is there already.
    async fn park(&self, receipt: &Receipt) -> Result<ParkOutcome, StoreError>;

    /// What happened to an order, oldest first.
    async fn events(&self, id: OrderId, page: &PageRequest) -> Result<Page<OrderEvent>, StoreError>;

    /// The receipts of an order's webhooks, in the order of their event ids.
    async fn receipts(&self, id: OrderId) -> Result<Vec<Receipt>, StoreError>;

    /// A customer's orders, newest first; all, or those with one status.
    async fn of_customer(
        &self,
        customer: CustomerId,
        status: Option<OrderStatus>,
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError>;

    /// Everybody's orders with one status, newest first.
    async fn with_status(&self, status: OrderStatus, page: &PageRequest) -> Result<Page<Order>, StoreError>;
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
