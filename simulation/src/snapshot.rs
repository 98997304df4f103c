//! Everybody's books, side by side, as plain data: what the invariants are checked on. A checker of a running stack fills
//! the same.

use std::collections::{BTreeMap, BTreeSet};

use domain::{EventId, LedgerEntry, MailEffect, Order, OrderEvent, OrderId, Sku};
use serde_json::Value;
use store::{Receipt, SheetRow};

use crate::promises::PromiseRecord;

/// Everybody's books at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Our orders.
    pub orders: BTreeMap<OrderId, Order>,
    /// Their events, oldest first.
    pub events: BTreeMap<OrderId, Vec<OrderEvent>>,
    /// Every movement of their money.
    pub ledger: BTreeMap<OrderId, Vec<LedgerEntry>>,
    /// What Stripe told us of them.
    pub receipts: BTreeMap<OrderId, Vec<Receipt>>,
    /// Mails about them.
    pub mails: Vec<MailEffect>,
    /// The row numbers that were given away.
    pub rows: BTreeMap<OrderId, SheetRow>,
    /// Pieces in stock now.
    pub stock: BTreeMap<Sku, i64>,
    /// Pieces in stock before anybody ordered.
    pub stock_at_start: BTreeMap<Sku, i64>,
    /// Stripe's books.
    pub stripe: StripeSnapshot,
    /// Mails that SendGrid took, by the id of our effect.
    pub mailbox: BTreeMap<String, u32>,
    /// The sheet's rows below its header, by number; as they were entered.
    pub sheet: BTreeMap<u32, Vec<Value>>,
    /// Messages that nobody could handle, by queue.
    pub dead_letters: BTreeMap<String, usize>,
    /// What people were told; empty where nobody noted it.
    pub promised: PromiseRecord,
    /// The events that were published; none where nobody noted it.
    pub published: Option<BTreeSet<EventId>>,
    /// What had still not come to rest, if anything had not.
    pub restless: Option<String>,
}

/// What Stripe has of our orders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StripeSnapshot {
    /// Payment intents.
    pub intents: Vec<Intent>,
    /// Refunds.
    pub refunds: Vec<Refund>,
    /// Disputes.
    pub disputes: Vec<Dispute>,
}

/// A payment intent at Stripe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// `pi_…`
    pub id: String,
    /// The order that its metadata names.
    pub order: Option<OrderId>,
    /// Stripe's word.
    pub status: String,
    /// Minor units.
    pub received: i64,
}

/// A refund at Stripe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// `re_…`
    pub id: String,
    /// Of which intent.
    pub intent: String,
    /// Stripe's word.
    pub status: String,
    /// Minor units.
    pub amount: i64,
    /// The refund action of ours that its metadata names.
    pub action: Option<String>,
}

impl Refund {
    /// Whether the money went back or is on its way.
    pub fn counts(&self) -> bool {
        !matches!(self.status.as_str(), "failed" | "canceled")
    }
}

/// A dispute at Stripe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispute {
    /// `du_…`
    pub id: String,
    /// Of which intent.
    pub intent: String,
    /// Stripe's word.
    pub status: String,
    /// Minor units.
    pub amount: i64,
}

impl StripeSnapshot {
    /// Reads them, page by page, through Stripe's API: `get` answers a path with its JSON.
    pub fn read(mut get: impl FnMut(&str) -> Value) -> Self {
        let mut all = |path: &str| {
            let (mut objects, mut after) = (Vec::new(), String::new());
            loop {
                let page = get(&format!("{path}?limit=100{after}"));
                objects.extend(page["data"].as_array().cloned().unwrap_or_default());
                match objects.last().and_then(|last| last["id"].as_str()) {
                    Some(last) if page["has_more"] == true => after = format!("&starting_after={last}"),
                    _ => return objects,
                }
            }
        };
        Self {
            intents: all("/v1/payment_intents").iter().map(Intent::of).collect(),
            refunds: all("/v1/refunds").iter().map(Refund::of).collect(),
            disputes: all("/v1/disputes").iter().map(Dispute::of).collect(),
        }
    }

    /// The intents of an order.
    pub fn intents_of(&self, order: OrderId) -> impl Iterator<Item = &Intent> {
        self.intents.iter().filter(move |intent| intent.order == Some(order))
    }

    /// The refunds of an order.
    pub fn refunds_of(&self, order: OrderId) -> impl Iterator<Item = &Refund> {
        let is_of = move |refund: &&Refund| self.intents_of(order).any(|intent| intent.id == refund.intent);
        self.refunds.iter().filter(is_of)
    }

    /// The disputes of an order.
    pub fn disputes_of(&self, order: OrderId) -> impl Iterator<Item = &Dispute> {
        let is_of = move |dispute: &&Dispute| self.intents_of(order).any(|intent| intent.id == dispute.intent);
        self.disputes.iter().filter(is_of)
    }
}

fn text(object: &Value, pointer: &str) -> Option<String> {
    object.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
}

fn number(object: &Value, name: &str) -> i64 {
    object[name].as_i64().unwrap_or_default()
}

impl Intent {
    fn of(object: &Value) -> Self {
        Self {
            id: text(object, "/id").unwrap_or_default(),
            order: text(object, "/metadata/order_id").and_then(|id| id.parse().ok()),
            status: text(object, "/status").unwrap_or_default(),
            received: number(object, "amount_received"),
        }
    }
}

impl Refund {
    fn of(object: &Value) -> Self {
        Self {
            id: text(object, "/id").unwrap_or_default(),
            intent: text(object, "/payment_intent").unwrap_or_default(),
            status: text(object, "/status").unwrap_or_default(),
            amount: number(object, "amount"),
            action: text(object, "/metadata/refund_action"),
        }
    }
}

impl Dispute {
    fn of(object: &Value) -> Self {
        Self {
            id: text(object, "/id").unwrap_or_default(),
            intent: text(object, "/payment_intent").unwrap_or_default(),
            status: text(object, "/status").unwrap_or_default(),
            amount: number(object, "amount"),
        }
    }
}
