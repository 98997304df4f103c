//! The state of all parts, as plain data: what the invariants are checked on. `cargo cis audit` fills the same from a
//! running stack.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Delivery, EventId, LedgerEntry, MailEffect, Order, OrderEvent, OrderId, Sku};
use serde_json::Value;
use store::{Receipt, SheetRow};

use crate::promises::PromiseRecord;

/// The state of all parts at one time.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The orders.
    pub orders: BTreeMap<OrderId, Order>,
    /// Their events, oldest first.
    pub events: BTreeMap<OrderId, Vec<OrderEvent>>,
    /// The entries of their ledgers.
    pub ledger: BTreeMap<OrderId, Vec<LedgerEntry>>,
    /// Their receipts.
    pub receipts: BTreeMap<OrderId, Vec<Receipt>>,
    /// Mails about them.
    pub mails: Vec<MailEffect>,
    /// The rows that they were given, one for each spreadsheet.
    pub rows: BTreeMap<OrderId, Vec<SheetRow>>,
    /// The current stock.
    pub stock: BTreeMap<Sku, i64>,
    /// The stock at the start.
    pub stock_at_start: BTreeMap<Sku, i64>,
    /// Stripe's objects.
    pub stripe: StripeSnapshot,
    /// Mails that SendGrid accepted, by the id of our effect.
    pub mailbox: BTreeMap<String, u32>,
    /// How far mails got by the reports that SendGrid was thanked for, by the id of our effect; empty when they were not
    /// recorded.
    pub reported: BTreeMap<String, Delivery>,
    /// The last of each, as it was sent; empty when that was not read.
    pub letters: BTreeMap<String, Letter>,
    /// Each spreadsheet's rows below the header, by number, as they were entered.
    pub sheets: BTreeMap<String, BTreeMap<u32, Vec<Value>>>,
    /// Dead letters before anybody redrove them, by queue; empty when that was not recorded.
    pub given_up: BTreeMap<String, usize>,
    /// Dead letters, by queue.
    pub dead_letters: BTreeMap<String, usize>,
    /// What clients were promised; empty when that was not recorded.
    pub promised: PromiseRecord,
    /// The published events; `None` when they were not recorded.
    pub published: Option<BTreeSet<EventId>>,
    /// What did not come to rest; `None` when everything did.
    pub restless: Option<String>,
}

/// A mail as SendGrid accepted it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letter {
    /// The recipients' addresses.
    pub to: Vec<String>,
    /// Plain text and HTML.
    pub text: String,
}

/// Stripe's objects for our orders.
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
    /// The order in its metadata.
    pub order: Option<OrderId>,
    /// Stripe's status word.
    pub status: String,
    /// Minor units.
    pub received: i64,
}

/// A refund at Stripe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// `re_…`
    pub id: String,
    /// The refunded intent.
    pub intent: String,
    /// Stripe's status word.
    pub status: String,
    /// Minor units.
    pub amount: i64,
    /// The refund action in its metadata.
    pub action: Option<String>,
}

impl Refund {
    /// Whether the refund was made or is pending.
    pub fn counts(&self) -> bool {
        !matches!(self.status.as_str(), "failed" | "canceled")
    }
}

/// A dispute at Stripe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispute {
    /// `du_…`
    pub id: String,
    /// The disputed intent.
    pub intent: String,
    /// Stripe's status word.
    pub status: String,
    /// Minor units.
    pub amount: i64,
    /// What the bank has, by its balance transactions; `None` if none are listed.
    pub taken: Option<Taken>,
}

/// What a dispute's movements come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// So much, in minor units of the dispute's currency.
    Exactly(i64),
    /// Something, in the currency that the account is settled in.
    InOtherCurrency,
}

impl Dispute {
    /// What it took for good, unless an appeal is won, of a payment of which so much was not refunded: in minor units, and
    /// no more than that, whatever the bank claimed. Where no movement is listed, the status decides.
    pub fn lost(&self, left: i64) -> i64 {
        let is_lost = self.status == "lost" || self.status.starts_with("appeal_");
        match self.taken {
            _ if !is_lost => 0,
            Some(Taken::Exactly(amount)) => amount.min(left),
            Some(Taken::InOtherCurrency) | None => self.amount.min(left),
        }
    }
}

impl StripeSnapshot {
    /// Reads them page by page through Stripe's API; `get` returns the JSON of a path.
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
        let moved = object["balance_transactions"].as_array().filter(|moved| !moved.is_empty());
        Self {
            id: text(object, "/id").unwrap_or_default(),
            intent: text(object, "/payment_intent").unwrap_or_default(),
            status: text(object, "/status").unwrap_or_default(),
            amount: number(object, "amount"),
            taken: moved.map(|moved| taken(moved, &object["currency"])),
        }
    }
}

fn taken(movements: &[Value], currency: &Value) -> Taken {
    let sum = -movements.iter().map(|moved| number(moved, "amount")).sum::<i64>();
    let is_settled_so = movements.iter().all(|moved| moved["currency"] == *currency);
    if sum == 0 || is_settled_so { Taken::Exactly(sum) } else { Taken::InOtherCurrency }
}
