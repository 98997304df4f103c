//! The goods that an order reserves. Each change is stored once, by its version, so goods move once too.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Order;
use crate::{Sku, Timestamp};

/// The state of an order's goods, which left the stock when it was placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Reservation {
    /// Reserved until the order is paid.
    Held {
        /// When the reservation ends; `None` when only a decision ends it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// Sold.
    Confirmed,
    /// Returned to stock.
    Released,
}

impl Reservation {
    /// When the reservation ends.
    pub const fn held_until(self) -> Option<Timestamp> {
        match self {
            Self::Held { until } => until,
            Self::Confirmed | Self::Released => None,
        }
    }
}

impl Order {
    /// The pieces of each product.
    pub(super) fn pieces(&self) -> impl Iterator<Item = (Sku, i64)> {
        self.lines.iter().map(|line| (line.sku.clone(), i64::from(line.quantity)))
    }

    /// The state of the goods after a change: sold once they are paid or sent, returned to stock once the order is
    /// cancelled. No decision returns goods that were sent.
    pub(super) fn reservation_after_change(&self) -> Reservation {
        let is_sent = self.fulfilled_at.is_some();
        if self.cancellation.is_some() && !is_sent {
            Reservation::Released
        } else if is_sent || self.payment.facts.captured() > 0 {
            Reservation::Confirmed
        } else {
            self.reservation
        }
    }

    /// Pieces that return to stock, or are taken from it, when this order becomes `after`.
    pub(super) fn stock_moved_by(&self, after: &Self) -> BTreeMap<Sku, i64> {
        let mut moved = BTreeMap::new();
        for (order, sign) in [(self, 1), (after, -1)] {
            if order.reservation != Reservation::Released {
                order.pieces().for_each(|(sku, pieces)| *moved.entry(sku).or_insert(0) += sign * pieces);
            }
        }
        moved.retain(|_, pieces| *pieces != 0);
        moved
    }
}
