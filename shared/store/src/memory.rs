//! All repositories in memory, for tests, the suite in one process and the simulation. They make the same promises as
//! DynamoDB's.

mod accounts;
mod catalogue;
mod effects;
mod guards;
mod orders;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use domain::{
    Account, AccountEvent, AccountId, ApiKey, CustomerId, KeyId, LedgerEntry, Link, LinkId, MailEffect, MailEffectId,
    Order, OrderEvent, OrderId, Product, ReservationAttempt, Session, SessionId, SignInFlow, Sku, Timestamp,
};
use uuid::Uuid;

use crate::{Receipt, SheetRow};

/// All repositories in one. Clones share their state.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    state: Rc<RefCell<State>>,
}

#[derive(Debug, Default)]
struct State {
    orders: BTreeMap<OrderId, Order>,
    events: BTreeMap<(OrderId, u64, usize), OrderEvent>,
    receipts: BTreeMap<(OrderId, String), Receipt>,
    parked: BTreeMap<OrderId, Vec<Receipt>>,
    ledger: BTreeMap<(OrderId, u64, usize), LedgerEntry>,
    products: BTreeMap<Sku, Product>,
    mails: BTreeMap<MailEffectId, MailEffect>,
    rows: BTreeMap<(OrderId, String), SheetRow>,
    last_row: BTreeMap<String, u32>,
    stream: Vec<OrderEvent>,
    accounts: BTreeMap<AccountId, Account>,
    links: BTreeMap<LinkId, Link>,
    sessions: BTreeMap<(AccountId, SessionId), Session>,
    flows: BTreeMap<String, SignInFlow>,
    api_keys: BTreeMap<KeyId, ApiKey>,
    account_stream: Vec<AccountEvent>,
    buckets: BTreeMap<String, Timestamp>,
    facts: BTreeMap<String, Timestamp>,
    checkpoints: BTreeMap<String, (String, Timestamp)>,
    attempts: BTreeMap<CustomerId, BTreeMap<Uuid, (ReservationAttempt, Timestamp)>>,
    announcements: u128,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// The order events written since `position`, as the table's stream would show them, with the position after them.
    pub fn stream_since(&self, position: usize) -> (Vec<OrderEvent>, usize) {
        let state = self.state.borrow();
        (state.stream[position.min(state.stream.len())..].to_vec(), state.stream.len())
    }

    /// The account events written since `position`, as the identity table's stream would show them, with the position
    /// after them.
    pub fn account_stream_since(&self, position: usize) -> (Vec<AccountEvent>, usize) {
        let stream = &self.state.borrow().account_stream;
        (stream[position.min(stream.len())..].to_vec(), stream.len())
    }

    /// Every order, for checkers.
    pub fn all_orders(&self) -> Vec<Order> {
        self.state.borrow().orders.values().cloned().collect()
    }
}
