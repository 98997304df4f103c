//! Invariants of every step of an order.

use std::cell::RefCell;

use domain::Order;

use super::Violation;

/// The violations among the steps that were seen.
#[derive(Debug, Default)]
pub struct Steps(RefCell<Vec<Violation>>);

impl Steps {
    /// Checks a step: the order before, if there was one, and after.
    pub fn take(&self, before: Option<&Order>, after: &Order) {
        let facts = &after.payment.facts;
        let open = reserved(after);
        // Refunds made in the dashboard come on top of what was reserved before; the shop cannot prevent that.
        let reserves = open > before.map_or(0, reserved);
        if reserves && facts.refunded() + open > facts.captured() {
            let text = format!("{} refunded and {open} reserved of {}", facts.refunded(), facts.captured());
            self.record("no more is reserved than was received", after, text);
        }
        let Some(before) = before else { return };
        if after.version != before.version && after.version != before.version + 1 {
            let text = format!("version {} follows {}", after.version, before.version);
            self.record("versions are counted", after, text);
        }
        if before.status != after.status && !before.status.may_become(after.status) {
            let text = format!("{} follows {}", after.status, before.status);
            self.record("the status machine", after, text);
        }
        if facts.captured() < before.payment.facts.captured() {
            let text = format!("{} received, and {} before", facts.captured(), before.payment.facts.captured());
            self.record("money received is never forgotten", after, text);
        }
    }

    /// The violations so far.
    pub fn violations(&self) -> Vec<Violation> {
        self.0.borrow().clone()
    }

    fn record(&self, invariant: &'static str, order: &Order, text: String) {
        self.0.borrow_mut().push(Violation::of(invariant, order.id, text));
    }
}

/// The amount reserved for refunds, in minor units.
fn reserved(order: &Order) -> i64 {
    order.open_refund_actions().map(|(_, action)| action.amount.amount).sum()
}
