//! What is checked at every step that an order makes.

use std::cell::RefCell;

use domain::Order;

use super::Violation;

/// The steps that were seen, as far as they broke a rule.
#[derive(Debug, Default)]
pub struct Steps(RefCell<Vec<Violation>>);

impl Steps {
    /// Takes in a step: the order before, if it was there, and after.
    pub fn take(&self, before: Option<&Order>, after: &Order) {
        let facts = &after.payment.facts;
        let open = reserved(after);
        // What goes back behind our back comes on top of what was reserved before, and nobody can help that.
        let reserves = open > before.map_or(0, reserved);
        if reserves && facts.refunded() + open > facts.captured() {
            let text = format!("{} given back and {open} reserved of {}", facts.refunded(), facts.captured());
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

    /// The steps that broke a rule.
    pub fn violations(&self) -> Vec<Violation> {
        self.0.borrow().clone()
    }

    fn record(&self, invariant: &'static str, order: &Order, text: String) {
        self.0.borrow_mut().push(Violation::of(invariant, order.id, text));
    }
}

/// What is reserved to go back, in minor units.
fn reserved(order: &Order) -> i64 {
    order.open_refund_actions().map(|(_, action)| action.amount.amount).sum()
}
