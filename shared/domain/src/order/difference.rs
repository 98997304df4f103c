//! In what a stored order is not what its receipts make of it.

use std::fmt;

use super::Reservation;
use crate::{EventType, LedgerEntry, LedgerKind, Money, OrderStatus, PaymentFact, Timestamp};

/// Where a stored order is not what its receipts make of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A receipt says what the order does not know.
    FactMissing(PaymentFact),
    /// The order knows what no receipt says.
    ReceiptMissing(PaymentFact),
    /// Another status.
    Status(Mismatch<OrderStatus>),
    /// Another amount received, in minor units.
    Captured(Mismatch<i64>),
    /// Another amount given back.
    Refunded(Mismatch<i64>),
    /// Another amount lost.
    Lost(Mismatch<i64>),
    /// The goods are elsewhere.
    Reservation(Mismatch<Reservation>),
    /// It was announced as paid and should not have been, or the reverse.
    PaidAt(Mismatch<Option<Timestamp>>),
    /// The receipts tell of a movement that the ledger lacks.
    EntryMissing(Movement),
    /// The ledger has a movement that no receipt tells of.
    EntryUnproven(Movement),
    /// A decision stands in the order and no event tells of it, or the reverse.
    EventsDisagree(EventType),
    /// At an event's version it was not as the event says.
    Event {
        /// Which version.
        order_version: u64,
        /// Which event of that version.
        index: usize,
        /// What the event says of it.
        told: EventMismatch,
    },
}

/// What is stored, and what should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mismatch<T> {
    /// As stored.
    pub stored: T,
    /// As rebuilt.
    pub rebuilt: T,
}

/// What an event says of its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventMismatch {
    /// Where it stood.
    Status(Mismatch<OrderStatus>),
    /// Received until then.
    Captured(Mismatch<i64>),
    /// Given back until then.
    Refunded(Mismatch<i64>),
    /// The order has not come so far.
    TooFar,
}

/// A movement of the ledger, without what two writers of it may differ in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Movement {
    /// The order's version that it came with.
    pub order_version: u64,
    /// Place among the movements of that version.
    pub index: usize,
    /// What it was.
    pub kind: LedgerKind,
    /// Whose doing.
    pub object: String,
    /// How much.
    pub amount: Money,
}

impl From<&LedgerEntry> for Movement {
    fn from(entry: &LedgerEntry) -> Self {
        let LedgerEntry { order_version, index, kind, amount, .. } = *entry;
        Self { order_version, index, kind, object: entry.object.clone(), amount }
    }
}

impl fmt::Display for Movement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {} at version {} ({:?})", self.amount, self.object, self.order_version, self.kind)
    }
}

impl<T: fmt::Display> fmt::Display for Mismatch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is stored, {} follows", self.stored, self.rebuilt)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FactMissing(fact) => write!(f, "a receipt says what the order does not know: {}", words(fact)),
            Self::ReceiptMissing(fact) => write!(f, "the order knows what no receipt says: {}", words(fact)),
            Self::Status(differs) => write!(f, "status: {differs}"),
            Self::Captured(differs) => write!(f, "captured: {differs}"),
            Self::Refunded(differs) => write!(f, "refunded: {differs}"),
            Self::Lost(differs) => write!(f, "lost: {differs}"),
            Self::Reservation(Mismatch { stored, rebuilt }) => {
                write!(f, "goods: {stored:?} is stored, {rebuilt:?} follows")
            }
            Self::PaidAt(Mismatch { stored, rebuilt }) => {
                write!(f, "announced as paid: {} is stored, {} follows", yes(stored.is_some()), yes(rebuilt.is_some()))
            }
            Self::EntryMissing(movement) => write!(f, "the ledger lacks {movement}"),
            Self::EntryUnproven(movement) => write!(f, "the ledger has, and no receipt tells of, {movement}"),
            Self::EventsDisagree(event_type) => write!(f, "order and events disagree about {event_type}"),
            Self::Event { order_version, index, told } => {
                write!(f, "event {order_version}#{index}: ")?;
                match told {
                    EventMismatch::Status(differs) => write!(f, "status: {differs}"),
                    EventMismatch::Captured(differs) => write!(f, "captured: {differs}"),
                    EventMismatch::Refunded(differs) => write!(f, "refunded: {differs}"),
                    EventMismatch::TooFar => f.write_str("the order has not come so far"),
                }
            }
        }
    }
}

/// Object, id, how far it is, how much.
fn words(fact: &PaymentFact) -> String {
    match fact {
        PaymentFact::PaymentIntent(fact) => format!("{} {:?}, {} received", fact.id, fact.status, fact.received),
        PaymentFact::Charge(fact) => format!("{}, {} given back", fact.id, fact.refunded),
        PaymentFact::Refund(fact) => format!("{} {:?}, {}", fact.id, fact.status, fact.amount),
        PaymentFact::Dispute(fact) => format!("{} {:?}, {}", fact.id, fact.status, fact.amount),
        PaymentFact::Transfer(fact) => format!("{} {:?}, {}", fact.id, fact.direction, fact.amount),
    }
}

const fn yes(holds: bool) -> &'static str {
    if holds { "yes" } else { "no" }
}
