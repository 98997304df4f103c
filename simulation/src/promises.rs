//! What clients were promised: every 2xx is a promise.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use domain::OrderId;

/// Quantities by sku.
pub type Pieces = BTreeMap<String, u32>;

/// The promises of a run.
#[derive(Debug, Default)]
pub struct Promises(RefCell<PromiseRecord>);

/// What was promised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PromiseRecord {
    /// Orders whose placement was confirmed.
    pub placed: BTreeSet<OrderId>,
    /// Orders whose cancellation was confirmed.
    pub cancelled: BTreeSet<OrderId>,
    /// Orders that were paid, as Stripe confirmed to their customers.
    pub paid: BTreeSet<OrderId>,
    /// Orders that were refused for good.
    pub refused: BTreeSet<OrderId>,
    /// Orders whose key was reused for another request, which was confirmed.
    pub mixed_up: BTreeSet<OrderId>,
    /// Confirmed refunds, by order: their ids, with the amount in minor units.
    pub refunds: BTreeMap<OrderId, BTreeMap<String, i64>>,
    /// Refused refunds, by order: their ids.
    pub refused_refunds: BTreeMap<OrderId, BTreeSet<String>>,
    /// Transfers that arrived at our bank account, by order: their references, with the amount in minor units.
    pub transfers: BTreeMap<OrderId, BTreeMap<String, i64>>,
    /// Confirmed carts of edited orders, each with its quantities by sku.
    pub edits: BTreeMap<OrderId, BTreeSet<Pieces>>,
    /// Carts that an order may have, since the edit's outcome is unknown.
    pub perhaps_edits: BTreeMap<OrderId, BTreeSet<Pieces>>,
    /// Orders by invoice that were not paid until they were late.
    pub unpaid: BTreeSet<OrderId>,
    /// Orders that were confirmed to be sent.
    pub fulfilled: BTreeSet<OrderId>,
    /// Orders whose review was confirmed.
    pub reviewed: BTreeSet<OrderId>,
    /// Payment intents that did not come through the shop.
    pub elsewhere: BTreeSet<String>,
    /// Transfers that were confirmed to pay the order: their references.
    pub booked: BTreeMap<OrderId, BTreeSet<String>>,
    /// Refunds and transfers without an answer: an order with a refund's id or a reference.
    pub unanswered: BTreeSet<(OrderId, String)>,
    /// Queues in which a message that nobody can handle did not end in time.
    pub poison: BTreeSet<String>,
    /// Cancelled orders whose money had not gone back in time while another of their intents could not be voided.
    pub held_up: BTreeSet<OrderId>,
    /// Transfers that were refused: their references.
    pub not_booked: BTreeMap<OrderId, BTreeSet<String>>,
}

impl Promises {
    /// Records a promise.
    pub fn record(&self, note: impl FnOnce(&mut PromiseRecord)) {
        note(&mut self.0.borrow_mut());
    }

    /// All of them.
    pub fn all(&self) -> PromiseRecord {
        self.0.borrow().clone()
    }
}
