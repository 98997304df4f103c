//! Everything comes to rest.

use super::Violation;
use crate::snapshot::Snapshot;

/// No dead letters, not even for a while, nothing in flight, and no order that waits for the system.
pub fn check(snapshot: &Snapshot) -> Vec<Violation> {
    let mut violations = Vec::new();
    if let Some(what) = &snapshot.restless {
        violations.push(Violation { invariant: "everything ends", order: None, text: what.clone() });
    }
    for (queue, count) in snapshot.dead_letters.iter().filter(|(_, count)| **count > 0) {
        let text = format!("{count} dead letters in {queue}, not 0");
        violations.push(Violation { invariant: "no dead letters", order: None, text });
    }
    for (queue, count) in snapshot.given_up.iter().filter(|(_, count)| **count > 0) {
        let text = format!("{count} messages were given up to {queue}, not 0");
        violations.push(Violation { invariant: "nothing is given up", order: None, text });
    }
    for queue in &snapshot.promised.poison {
        let text = format!("a message that nobody can handle is no dead letter of {queue} in time");
        violations.push(Violation { invariant: "poison ends soon", order: None, text });
    }
    for id in &snapshot.promised.held_up {
        let text = "its money was not refunded while another of its intents could not be voided".to_owned();
        violations.push(Violation::of("a stuck void holds up no money", *id, text));
    }
    for order in snapshot.orders.values() {
        let open = order.open_refund_actions().count();
        if open > 0 {
            let text = format!("{open} refunds reserved and not carried out, not 0");
            violations.push(Violation::of("refunds end", order.id, text));
        }
        if order.refund_due() != 0 {
            let text = format!("{} still to be refunded, not 0", order.refund_due());
            violations.push(Violation::of("refunds end", order.id, text));
        }
        let live = order.intents_to_void().count();
        if live > 0 {
            let text = format!("{live} intents that are to be voided can still be paid, not 0");
            violations.push(Violation::of("what is over cannot be paid", order.id, text));
        }
    }
    violations
}
