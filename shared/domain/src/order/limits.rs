//! What one customer's unpaid orders may hold: goods that nobody else can buy meanwhile.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Order, OrderLine};
use crate::{CartLine, OrderId, OrderStatus, Sku, Timestamp};

/// How long an order may stay unpaid beyond its reservation, until `expire-orders` finds it.
const GRACE: Duration = Duration::from_mins(15);

/// How much one customer may reserve without paying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReservationLimits {
    /// The most orders that wait to be paid.
    pub orders: usize,
    /// The most pieces of one product in all of them together.
    pub pieces: u32,
    /// How long an unpaid order holds its goods.
    pub reservation: Duration,
}

/// Why a customer cannot reserve more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReservationRefused {
    /// As many orders wait to be paid as may.
    #[error("at most {0} orders can wait for payment at once: pay or cancel one of them")]
    TooManyOrders(usize),
    /// Together with the other unpaid orders, that would be too many pieces.
    #[error("at most {most} pieces of {sku} can wait in unpaid orders")]
    TooManyPieces {
        /// The product.
        sku: Sku,
        /// The index of its line.
        line: usize,
        /// The most pieces.
        most: u32,
    },
}

/// An attempt to place an order, or to edit one so that it holds more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservationAttempt {
    /// The order.
    pub order: OrderId,
    /// The pieces that it would hold.
    pub pieces: BTreeMap<Sku, u32>,
    /// Whether the order exists and is edited.
    pub is_edit: bool,
}

impl ReservationAttempt {
    /// To place an order with these lines.
    pub fn to_place(order: OrderId, lines: &[CartLine]) -> Self {
        let pieces = lines.iter().map(|line| (line.sku.clone(), line.quantity)).collect();
        Self { order, pieces, is_edit: false }
    }

    /// To edit an order to these lines.
    pub fn to_edit(order: OrderId, lines: &[CartLine]) -> Self {
        Self { is_edit: true, ..Self::to_place(order, lines) }
    }
}

/// The pieces that each of a customer's unpaid orders holds, or is about to hold.
#[derive(Clone, Debug, Default)]
pub struct UnpaidOrders(BTreeMap<OrderId, BTreeMap<Sku, u32>>);

impl UnpaidOrders {
    /// Those among stored orders and recent attempts. An attempt to place an order ends where that is stored. An
    /// attempt to edit one may have come before what is stored or come after it, so the larger number of pieces counts,
    /// unless the order is stored as paid or cancelled.
    pub fn of(stored: &[Order], attempts: &[ReservationAttempt]) -> Self {
        let (unpaid, settled): (Vec<_>, Vec<_>) = stored.iter().partition(|order| order.is_unpaid());
        let mut held: BTreeMap<_, _> = unpaid.iter().map(|order| (order.id, order.pieces_by_product())).collect();
        let is = |order: &Order, attempt: &ReservationAttempt| order.id == attempt.order;
        let is_open = |attempt: &&ReservationAttempt| {
            settled.iter().all(|order| !is(order, attempt))
                && (attempt.is_edit || unpaid.iter().all(|order| !is(order, attempt)))
        };
        for attempt in attempts.iter().filter(is_open) {
            let held = held.entry(attempt.order).or_default();
            for (sku, pieces) in &attempt.pieces {
                let most = held.entry(sku.clone()).or_default();
                *most = (*most).max(*pieces);
            }
        }
        Self(held)
    }

    fn pieces_of(&self, sku: &Sku) -> u32 {
        self.0.values().filter_map(|held| held.get(sku)).fold(0, |sum, pieces| sum.saturating_add(*pieces))
    }
}

impl Default for ReservationLimits {
    fn default() -> Self {
        Self { orders: 10, pieces: 100, reservation: Duration::from_hours(1) }
    }
}

impl ReservationLimits {
    /// Since when orders have to be looked at: those that were placed before are paid, cancelled or expired.
    pub fn since(self, now: Timestamp) -> Timestamp {
        now.minus(self.reservation.saturating_add(GRACE))
    }

    /// Whether a customer with these other orders may place one with these lines.
    ///
    /// # Errors
    ///
    /// [`ReservationRefused`].
    pub fn check_new(self, lines: &[OrderLine], others: &UnpaidOrders) -> Result<(), ReservationRefused> {
        if others.0.len() >= self.orders {
            return Err(ReservationRefused::TooManyOrders(self.orders));
        }
        self.check_pieces(lines, others, |_| 0)
    }

    /// Whether a customer with these other orders may edit this one to these lines. What it holds already stays allowed.
    ///
    /// # Errors
    ///
    /// [`ReservationRefused::TooManyPieces`].
    pub fn check_edit(
        self,
        order: &Order,
        lines: &[OrderLine],
        others: &UnpaidOrders,
    ) -> Result<(), ReservationRefused> {
        self.check_pieces(lines, others, |sku| order.pieces_of(sku))
    }

    fn check_pieces(
        self,
        lines: &[OrderLine],
        others: &UnpaidOrders,
        held: impl Fn(&Sku) -> u32,
    ) -> Result<(), ReservationRefused> {
        let is_too_much = |line: &OrderLine| {
            line.quantity > held(&line.sku) && line.quantity.saturating_add(others.pieces_of(&line.sku)) > self.pieces
        };
        match lines.iter().enumerate().find(|(_, line)| is_too_much(line)) {
            Some((index, line)) => {
                Err(ReservationRefused::TooManyPieces { sku: line.sku.clone(), line: index, most: self.pieces })
            }
            None => Ok(()),
        }
    }
}

impl Order {
    /// Whether it holds goods and nobody has begun to pay for them.
    fn is_unpaid(&self) -> bool {
        self.status == OrderStatus::PendingPayment
    }

    /// Whether it holds these lines already, or more of them.
    pub fn holds(&self, lines: &[CartLine]) -> bool {
        lines.iter().all(|line| line.quantity <= self.pieces_of(&line.sku))
    }

    fn pieces_of(&self, sku: &Sku) -> u32 {
        self.pieces_by_product().get(sku).copied().unwrap_or_default()
    }

    fn pieces_by_product(&self) -> BTreeMap<Sku, u32> {
        let mut pieces = BTreeMap::<Sku, u32>::new();
        for line in &self.lines {
            let held = pieces.entry(line.sku.clone()).or_default();
            *held = held.saturating_add(line.quantity);
        }
        pieces
    }
}
