//! Bank transfers are booked as they arrived: each once, and what staff were promised about them holds.

use std::collections::BTreeMap;

use domain::{Order, TransferDirection};

use super::Violation;
use crate::snapshot::Snapshot;

/// At most one transfer pays an order; it arrived, and it is the one that staff were told pays it.
pub fn check(snapshot: &Snapshot) -> Vec<Violation> {
    snapshot.orders.values().flat_map(|order| of_order(snapshot, order)).collect()
}

fn of_order(snapshot: &Snapshot, order: &Order) -> Vec<Violation> {
    let received = order.payment.facts.transfers().filter(|known| known.direction == TransferDirection::Received);
    let received: BTreeMap<&str, i64> = received.map(|known| (known.id.as_str(), known.amount.amount)).collect();
    let mut violations = Vec::new();
    if received.len() > 1 {
        let text = format!("{} transfers pay it, not 1", received.len());
        violations.push(Violation::of("one transfer an order", order.id, text));
    }
    if let Some(came) = snapshot.promised.transfers.get(&order.id) {
        for (id, amount) in received.iter().filter(|(id, amount)| came.get(**id) != Some(amount)) {
            let text = format!("transfer {id} is booked with {amount}, and {:?} came", came.get(*id));
            violations.push(Violation::of("what is booked has come", order.id, text));
        }
    }
    let booked = snapshot.promised.booked.get(&order.id).into_iter().flatten();
    for id in booked.filter(|id| !received.contains_key(id.as_str())) {
        let text = format!("staff were promised that transfer {id} pays it, and it is not booked");
        violations.push(Violation::of("no transfer is lost", order.id, text));
    }
    let refused = snapshot.promised.not_booked.get(&order.id).into_iter().flatten();
    let is_known = |id: &&String| !snapshot.promised.unanswered.contains(&(order.id, (*id).clone()));
    for id in refused.filter(is_known).filter(|id| received.contains_key(id.as_str())) {
        let text = format!("transfer {id} was refused, and it is booked");
        violations.push(Violation::of("a refusal is kept", order.id, text));
    }
    violations
}
