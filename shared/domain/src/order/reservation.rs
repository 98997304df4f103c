//! The goods that an order holds. Each of its changes is stored once, by its version, so that goods move once too.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Order;
use crate::{Sku, Timestamp};

/// How an order stands to its goods; they left the stock when it was placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Reservation {
    /// They wait for the money.
    Held {
        /// Until then; none: until somebody decides.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// They are sold.
    Confirmed,
    /// They went back to stock.
    Released,
}

impl Reservation {
    /// Until when the goods wait for their money.
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

    /// Where the goods are after a change: sold once there is money for them or they were sent, back in stock once the
    /// order is called off. What was sent does not come back by a decision.
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

    /// Pieces that go back to stock, or are taken from it, when this order becomes `after`.
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
