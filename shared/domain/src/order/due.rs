//! What has to be done about an order by itself, and when: the clock's work, which no event asks for.

use super::{Order, PaymentMethod};
use crate::Timestamp;

string_enum! {
    /// What has to be done about an order by itself.
    pub enum Due {
        /// Cancel it, unless it was paid: its goods are held no longer.
        Expiry = "expiry",
        /// Note that its invoice is late.
        Overdue = "overdue",
        /// Refund or void what is still to be refunded or voided. Its event was heard long ago, or lost.
        Settlement = "settlement",
    }
}

impl Order {
    /// What has to be done next about the order by itself, and since when; `None` if nothing has.
    pub fn due(&self) -> Option<(Due, Timestamp)> {
        let held_until = self.reservation.held_until().filter(|_| self.is_waiting_to_expire());
        let invoice = match self.payment.method {
            PaymentMethod::Invoice { due_at, overdue_since: None } if self.status.awaits_transfer() => Some(due_at),
            _ => None,
        };
        let settlement = self.has_open_work().then_some(self.updated_at);
        let due = |what, at: Option<Timestamp>| at.map(|at| (what, at));
        due(Due::Expiry, held_until).or_else(|| due(Due::Overdue, invoice)).or_else(|| due(Due::Settlement, settlement))
    }

    /// Whether money is to go back, or an intent to be voided.
    pub fn has_open_work(&self) -> bool {
        self.intents_to_void().next().is_some()
            || self.refund_due() > 0
            || self.open_refund_actions().next().is_some()
            || self.can_be_reinstated()
    }
}
