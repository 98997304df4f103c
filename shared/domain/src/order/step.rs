//! What holds of every step that an order makes, whoever makes it. Checked where steps are made, in tests and simulations:
//! nothing of it is there in a release build.

use super::{Change, Order, Payment};
use crate::{IntentId, KnownFacts};

impl Change {
    /// The rules that the step from `before` breaks.
    pub(super) fn broken_rules(&self, before: &Order) -> Vec<&'static str> {
        let (payment, known) = (&self.order.payment, &before.payment);
        let is_status_allowed = self.order.status == before.status || before.status.may_become(self.order.status);
        let ledger = self.ledger.iter().map(|entry| entry.amount.amount).fold(0, i64::saturating_add);
        // What goes back behind our back comes on top of what was reserved before, and nobody can help that.
        let overdrawn = |intent: &IntentId| {
            payment.reserved(intent) > known.reserved(intent) && payment.unreserved(intent).is_negative()
        };
        let rules = [
            ("its status may follow the one before", is_status_allowed),
            ("money received is never forgotten", payment.facts.captured() >= known.facts.captured()),
            (
                "no more is reserved than is left",
                !payment.refund_actions.values().any(|action| overdrawn(&action.intent)),
            ),
            ("the ledger tells what moved", ledger == balance(&payment.facts).saturating_sub(balance(&known.facts))),
        ];
        rules.into_iter().filter(|(_, holds)| !holds).map(|(rule, _)| rule).collect()
    }
}

impl Payment {
    /// What is reserved to go back of this intent's money, in minor units.
    fn reserved(&self, intent: &IntentId) -> i64 {
        let open = self.open_refund_actions().filter(|(_, action)| action.intent == *intent);
        open.map(|(_, action)| action.amount.amount).fold(0, i64::saturating_add)
    }
}

/// Money that is ours, in minor units.
fn balance(facts: &KnownFacts) -> i64 {
    facts.captured().saturating_sub(facts.refunded()).saturating_sub(facts.lost())
}
