//! A customer who paid through the shop gets what was paid for.

use domain::{CancelReason, EventType, Order};

use super::Violation;
use crate::snapshot::{Intent, Snapshot};

/// Customers were charged the total of the current cart, and no paid order expired.
pub fn check(snapshot: &Snapshot) -> Vec<Violation> {
    let paid = snapshot.promised.paid.iter().filter_map(|id| snapshot.orders.get(id));
    paid.flat_map(|order| [another_total(snapshot, order), expired(snapshot, order)]).flatten().collect()
}

fn another_total(snapshot: &Snapshot, order: &Order) -> Option<Violation> {
    let total = order.total.amount;
    let through_us = |intent: &&Intent| !snapshot.promised.elsewhere.contains(&intent.id);
    let mut charged =
        snapshot.stripe.intents_of(order.id).filter(|intent| intent.status == "succeeded").filter(through_us);
    let other = charged.find(|intent| intent.received != total)?;
    let text = format!("{} was charged, and the order comes to {total}", other.received);
    Some(Violation::of("what is charged is what is delivered", order.id, text))
}

fn expired(snapshot: &Snapshot, order: &Order) -> Option<Violation> {
    let was_called_off = || {
        let events = snapshot.events.get(&order.id).into_iter().flatten();
        events.into_iter().any(|event| event.event_type == EventType::Cancelled)
    };
    let is_expired = match order.cancellation {
        Some(cancellation) => cancellation.reason == CancelReason::Expired,
        // Only late money undoes a cancellation, and only that of an expired order.
        None => was_called_off(),
    };
    let text = "it was paid through the shop, and cancelled as not paid in time".to_owned();
    is_expired.then(|| Violation::of("paid orders do not expire", order.id, text))
}
