//! Stock and reservations add up to the stock at the start.

use std::collections::BTreeMap;

use domain::{Order, Reservation, Sku};

use super::Violation;
use crate::snapshot::Snapshot;

/// Stock is never negative, and stock plus reserved pieces equals the stock at the start.
pub fn check(snapshot: &Snapshot) -> Vec<Violation> {
    let mut held: BTreeMap<&Sku, i64> = BTreeMap::new();
    for line in snapshot.orders.values().filter(|order| holds(order)).flat_map(|order| &order.lines) {
        *held.entry(&line.sku).or_default() += i64::from(line.quantity);
    }
    let mut violations = Vec::new();
    for (sku, at_start) in &snapshot.stock_at_start {
        let left = snapshot.stock.get(sku).copied().unwrap_or_default();
        let held = held.get(sku).copied().unwrap_or_default();
        if left < 0 || left + held != *at_start {
            let text = format!("{sku}: {left} left and {held} held by orders, of {at_start}");
            violations.push(Violation { invariant: "stock is what was there less what is sold", order: None, text });
        }
    }
    violations
}

fn holds(order: &Order) -> bool {
    order.reservation != Reservation::Released
}
