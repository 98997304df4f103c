//! Differences between a stored order and what its receipts imply.

use std::fmt;

use super::Reservation;
use crate::{EventType, LedgerEntry, LedgerKind, Money, OrderStatus, PaymentFact, Timestamp};

/// A difference between a stored order and what its receipts imply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A receipt has a fact that the order lacks.
    FactMissing(PaymentFact),
    /// The order has a fact without a receipt.
    ReceiptMissing(PaymentFact),
    /// The status.
    Status(Mismatch<OrderStatus>),
    /// The amount received, in minor units.
    Captured(Mismatch<i64>),
    /// The amount refunded.
    Refunded(Mismatch<i64>),
    /// The amount lost.
    Lost(Mismatch<i64>),
    /// The reservation.
    Reservation(Mismatch<Reservation>),
    /// The order was announced as paid and should not have been, or the reverse.
    PaidAt(Mismatch<Option<Timestamp>>),
    /// The ledger lacks a movement that the receipts imply.
    EntryMissing(Movement),
    /// The ledger has a movement that the receipts do not imply.
    EntryUnproven(Movement),
    /// The order has a decision without its event, or the reverse.
    EventsDisagree(EventType),
    /// An event does not match the order at its version.
    Event {
        /// The version.
        order_version: u64,
        /// The index of the event in that version.
        index: usize,
        /// What does not match.
        told: EventMismatch,
    },
}

/// The stored value and the rebuilt one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mismatch<T> {
    /// As stored.
    pub stored: T,
    /// As rebuilt.
    pub rebuilt: T,
}

/// What an event says of its order, and is not so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventMismatch {
    /// The status.
    Status(Mismatch<OrderStatus>),
    /// The amount received until then.
    Captured(Mismatch<i64>),
    /// The amount refunded until then.
    Refunded(Mismatch<i64>),
    /// The order has not reached the event's version.
    TooFar,
}

/// A movement of the ledger, without the fields in which two writers of it may differ.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Movement {
    /// The order's version that it belongs to.
    pub order_version: u64,
    /// The index among the movements of that version.
    pub index: usize,
    /// The kind of movement.
    pub kind: LedgerKind,
    /// The object that moved the money.
    pub object: String,
    /// The amount.
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
            Self::FactMissing(fact) => write!(f, "a receipt has a fact that the order lacks: {}", words(fact)),
            Self::ReceiptMissing(fact) => write!(f, "the order has a fact without a receipt: {}", words(fact)),
            Self::Status(differs) => write!(f, "status: {differs}"),
            Self::Captured(differs) => write!(f, "captured: {differs}"),
            Self::Refunded(differs) => write!(f, "refunded: {differs}"),
            Self::Lost(differs) => write!(f, "lost: {differs}"),
            Self::Reservation(Mismatch { stored, rebuilt }) => {
                write!(f, "reservation: {stored:?} is stored, {rebuilt:?} follows")
            }
            Self::PaidAt(Mismatch { stored, rebuilt }) => {
                write!(f, "announced as paid: {} is stored, {} follows", yes(stored.is_some()), yes(rebuilt.is_some()))
            }
            Self::EntryMissing(movement) => write!(f, "the ledger lacks {movement}"),
            Self::EntryUnproven(movement) => write!(f, "the ledger has, without a receipt, {movement}"),
            Self::EventsDisagree(event_type) => write!(f, "order and events disagree about {event_type}"),
            Self::Event { order_version, index, told } => {
                write!(f, "event {order_version}#{index}: ")?;
                match told {
                    EventMismatch::Status(differs) => write!(f, "status: {differs}"),
                    EventMismatch::Captured(differs) => write!(f, "captured: {differs}"),
                    EventMismatch::Refunded(differs) => write!(f, "refunded: {differs}"),
                    EventMismatch::TooFar => f.write_str("the order has not reached this version"),
                }
            }
        }
    }
}

/// The object's id, its state and its amount.
fn words(fact: &PaymentFact) -> String {
    match fact {
        PaymentFact::PaymentIntent(fact) => format!("{} {:?}, {} received", fact.id, fact.status, fact.received),
        PaymentFact::Charge(fact) => format!("{}, {} refunded", fact.id, fact.refunded),
        PaymentFact::Refund(fact) => format!("{} {:?}, {}", fact.id, fact.status, fact.amount),
        PaymentFact::Dispute(fact) => format!("{} {:?}, {}", fact.id, fact.status, fact.amount),
        PaymentFact::Transfer(fact) => format!("{} {:?}, {}", fact.id, fact.direction, fact.amount),
    }
}

const fn yes(holds: bool) -> &'static str {
    if holds { "yes" } else { "no" }
}
