//! In what a stored order is not what its receipts make of it.

use std::fmt;

use super::Reservation;
use crate::{EventType, LedgerEntry, LedgerKind, Money, OrderStatus, PaymentFact, Timestamp};

/// Where a stored order is not what its receipts make of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A receipt says what the order does not know.
    NotLearned(PaymentFact),
    /// The order knows what no receipt says.
    NoReceipt(PaymentFact),
    /// Another status.
    Status(Differs<OrderStatus>),
    /// Another amount received, in minor units.
    Captured(Differs<i64>),
    /// Another amount given back.
    Refunded(Differs<i64>),
    /// Another amount lost.
    Lost(Differs<i64>),
    /// The goods are elsewhere.
    Reservation(Differs<Reservation>),
    /// It was announced as paid and should not have been, or the reverse.
    PaidAt(Differs<Option<Timestamp>>),
    /// The receipts tell of a movement that the ledger lacks.
    NotBooked(Movement),
    /// The ledger has a movement that no receipt tells of.
    Booked(Movement),
    /// A decision stands in the order and no event tells of it, or the reverse.
    Untold(EventType),
    /// At an event's version it was not as the event says.
    Event {
        /// Which version.
        order_version: u64,
        /// Which event of that version.
        index: usize,
        /// What the event says of it.
        told: Told,
    },
}

/// What is stored, and what should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Differs<T> {
    /// As stored.
    pub stored: T,
    /// As rebuilt.
    pub rebuilt: T,
}

/// What an event says of its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Where it stood.
    Status(Differs<OrderStatus>),
    /// Received until then.
    Captured(Differs<i64>),
    /// Given back until then.
    Refunded(Differs<i64>),
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

impl<T: fmt::Display> fmt::Display for Differs<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is stored, {} follows", self.stored, self.rebuilt)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotLearned(fact) => write!(f, "a receipt says what the order does not know: {}", words(fact)),
            Self::NoReceipt(fact) => write!(f, "the order knows what no receipt says: {}", words(fact)),
            Self::Status(differs) => write!(f, "status: {differs}"),
            Self::Captured(differs) => write!(f, "captured: {differs}"),
            Self::Refunded(differs) => write!(f, "refunded: {differs}"),
            Self::Lost(differs) => write!(f, "lost: {differs}"),
            Self::Reservation(Differs { stored, rebuilt }) => {
                write!(f, "goods: {stored:?} is stored, {rebuilt:?} follows")
            }
            Self::PaidAt(Differs { stored, rebuilt }) => {
                write!(f, "announced as paid: {} is stored, {} follows", yes(stored.is_some()), yes(rebuilt.is_some()))
            }
            Self::NotBooked(movement) => write!(f, "the ledger lacks {movement}"),
            Self::Booked(movement) => write!(f, "the ledger has, and no receipt tells of, {movement}"),
            Self::Untold(event_type) => write!(f, "order and events disagree about {event_type}"),
            Self::Event { order_version, index, told } => {
                write!(f, "event {order_version}#{index}: ")?;
                match told {
                    Told::Status(differs) => write!(f, "status: {differs}"),
                    Told::Captured(differs) => write!(f, "captured: {differs}"),
                    Told::Refunded(differs) => write!(f, "refunded: {differs}"),
                    Told::TooFar => f.write_str("the order has not come so far"),
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
