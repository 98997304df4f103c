//! What people decided about an order holds: the cart that they wanted, their word on money that did not fit. And what the
//! clock decides is noted once.

use domain::{EventType, Order, OrderStatus};

use super::Violation;
use crate::promises::Pieces;
use crate::snapshot::Snapshot;

/// An order's cart is one that it was told to be, late invoices are noted once, and reviews stand.
pub fn check(snapshot: &Snapshot) -> Vec<Violation> {
    let of_order = |order| [edit(snapshot, order), lateness(snapshot, order), review(snapshot, order)];
    snapshot.orders.values().flat_map(of_order).flatten().collect()
}

fn edit(snapshot: &Snapshot, order: &Order) -> Option<Violation> {
    let told = snapshot.promised.edits.get(&order.id)?;
    let perhaps = snapshot.promised.perhaps_edits.get(&order.id);
    let cart: Pieces = order.lines.iter().map(|line| (line.sku.to_string(), line.quantity)).collect();
    if told.contains(&cart) || perhaps.is_some_and(|perhaps| perhaps.contains(&cart)) {
        return None;
    }
    let text = format!("the customer was told that it is one of {told:?}, and it is {cart:?}");
    Some(Violation::of("no edit is lost", order.id, text))
}

fn lateness(snapshot: &Snapshot, order: &Order) -> Option<Violation> {
    let events = snapshot.events.get(&order.id).into_iter().flatten();
    let noted = events.filter(|event| event.event_type == EventType::InvoiceOverdue).count();
    let is_late = order.status == OrderStatus::Invoiced && snapshot.promised.unpaid.contains(&order.id);
    let is_wrong = noted > 1 || is_late && noted == 0;
    let text = format!("{noted} events say that its invoice is late");
    is_wrong.then(|| Violation::of("a late invoice is noted once", order.id, text))
}

fn review(snapshot: &Snapshot, order: &Order) -> Option<Violation> {
    let is_lost = snapshot.promised.reviewed.contains(&order.id) && order.review.is_none();
    let text = "staff were told that their decision stands, and there is none".to_owned();
    is_lost.then(|| Violation::of("no decision is lost", order.id, text))
}
