//! What one customer's unpaid orders may hold: goods that nobody else can buy meanwhile.

use std::time::Duration;

use super::{Order, OrderLine};
use crate::{OrderStatus, Sku, Timestamp};

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
    pub fn check_new(self, lines: &[OrderLine], others: &[Order]) -> Result<(), ReservationRefused> {
        if others.iter().filter(|order| order.is_unpaid()).count() >= self.orders {
            return Err(ReservationRefused::TooManyOrders(self.orders));
        }
        self.check_pieces(lines, others, |_| 0)
    }

    /// Whether a customer with these other orders may edit this one to these lines. What it holds already stays allowed.
    ///
    /// # Errors
    ///
    /// [`ReservationRefused::TooManyPieces`].
    pub fn check_edit(self, order: &Order, lines: &[OrderLine], others: &[Order]) -> Result<(), ReservationRefused> {
        self.check_pieces(lines, others, |sku| order.pieces_of(sku))
    }

    fn check_pieces(
        self,
        lines: &[OrderLine],
        others: &[Order],
        held: impl Fn(&Sku) -> u32,
    ) -> Result<(), ReservationRefused> {
        let unpaid = || others.iter().filter(|order| order.is_unpaid());
        let elsewhere = |sku: &Sku| unpaid().map(|order| order.pieces_of(sku)).fold(0, u32::saturating_add);
        let is_too_much = |line: &OrderLine| {
            line.quantity > held(&line.sku) && line.quantity.saturating_add(elsewhere(&line.sku)) > self.pieces
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

    fn pieces_of(&self, sku: &Sku) -> u32 {
        let lines = self.lines.iter().filter(|line| line.sku == *sku);
        lines.map(|line| line.quantity).fold(0, u32::saturating_add)
    }
}
