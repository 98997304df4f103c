//! Decisions hold: an order has the cart that its customer chose, and staff's reviews and what they sent stand. Late
//! invoices are recorded once.

use domain::{EventType, Order};

use super::Violation;
use crate::promises::Pieces;
use crate::snapshot::Snapshot;

/// An order's cart is one that was confirmed, late invoices are recorded once, and reviews stand.
pub fn check(snapshot: &Snapshot) -> Vec<Violation> {
    let of_order =
        |order| [edit(snapshot, order), lateness(snapshot, order), review(snapshot, order), sending(snapshot, order)];
    snapshot.orders.values().flat_map(of_order).flatten().collect()
}

fn edit(snapshot: &Snapshot, order: &Order) -> Option<Violation> {
    let told = snapshot.promised.edits.get(&order.id)?;
    let perhaps = snapshot.promised.perhaps_edits.get(&order.id);
    let cart: Pieces = order.lines.iter().map(|line| (line.sku.to_string(), line.quantity)).collect();
    if told.contains(&cart) || perhaps.is_some_and(|perhaps| perhaps.contains(&cart)) {
        return None;
    }
    let text = format!("the customer was promised one of {told:?}, and it is {cart:?}");
    Some(Violation::of("no edit is lost", order.id, text))
}

fn lateness(snapshot: &Snapshot, order: &Order) -> Option<Violation> {
    let events = snapshot.events.get(&order.id).into_iter().flatten();
    let noted = events.filter(|event| event.event_type == EventType::InvoiceOverdue).count();
    let is_late = order.status.awaits_transfer() && snapshot.promised.unpaid.contains(&order.id);
    let is_wrong = noted > 1 || is_late && noted == 0;
    let text = format!("{noted} events say that its invoice is late");
    is_wrong.then(|| Violation::of("a late invoice is noted once", order.id, text))
}

fn review(snapshot: &Snapshot, order: &Order) -> Option<Violation> {
    let is_lost = snapshot.promised.reviewed.contains(&order.id) && order.review.is_none();
    let text = "staff were promised that their decision stands, and there is none".to_owned();
    is_lost.then(|| Violation::of("no decision is lost", order.id, text))
}

fn sending(snapshot: &Snapshot, order: &Order) -> Option<Violation> {
    let is_lost = snapshot.promised.fulfilled.contains(&order.id) && order.fulfilled_at.is_none();
    let text = "staff were promised that it is noted as sent, and it is not".to_owned();
    is_lost.then(|| Violation::of("no decision is lost", order.id, text))
}
