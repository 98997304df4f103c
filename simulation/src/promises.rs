//! What people were told: a 2xx is a promise.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use domain::OrderId;

/// How many pieces of what.
pub type Pieces = BTreeMap<String, u32>;

/// What was promised in a run.
#[derive(Debug, Default)]
pub struct Promises(RefCell<PromiseRecord>);

/// What was promised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PromiseRecord {
    /// Orders whose customers were told 2xx.
    pub placed: BTreeSet<OrderId>,
    /// Orders whose customers were told that they are called off.
    pub cancelled: BTreeSet<OrderId>,
    /// Orders whose customers were told by Stripe that they have paid.
    pub paid: BTreeSet<OrderId>,
    /// Orders whose customers were told no, for good.
    pub refused: BTreeSet<OrderId>,
    /// Orders under whose key something else was asked for, and promised.
    pub mixed_up: BTreeSet<OrderId>,
    /// Refunds that staff were told stand, by order: their ids, with the amount in minor units.
    pub refunds: BTreeMap<OrderId, BTreeMap<String, i64>>,
    /// Refunds that staff were told no for, by order: their ids.
    pub refused_refunds: BTreeMap<OrderId, BTreeSet<String>>,
    /// What came to our bank account, by order: the transfers' references, with the amount in minor units.
    pub transfers: BTreeMap<OrderId, BTreeMap<String, i64>>,
    /// Carts that an order was told to have become, each with its pieces by sku.
    pub edits: BTreeMap<OrderId, BTreeSet<Pieces>>,
    /// Carts that it may have become: nobody was told.
    pub perhaps_edits: BTreeMap<OrderId, BTreeSet<Pieces>>,
    /// Orders by invoice that nobody paid until it was late.
    pub unpaid: BTreeSet<OrderId>,
    /// Orders of which staff were told that their decision stands.
    pub reviewed: BTreeSet<OrderId>,
    /// Payment intents that did not come through the shop.
    pub elsewhere: BTreeSet<String>,
    /// Transfers that staff were told pay the order: their references.
    pub booked: BTreeMap<OrderId, BTreeSet<String>>,
    /// Refunds and transfers that staff asked about and heard nothing of: an order with a refund's id or a reference.
    pub unanswered: BTreeSet<(OrderId, String)>,
    /// Transfers that staff were told do not: their references.
    pub not_booked: BTreeMap<OrderId, BTreeSet<String>>,
}

impl Promises {
    /// Notes a promise.
    pub fn record(&self, note: impl FnOnce(&mut PromiseRecord)) {
        note(&mut self.0.borrow_mut());
    }

    /// All of them.
    pub fn all(&self) -> PromiseRecord {
        self.0.borrow().clone()
    }
}
