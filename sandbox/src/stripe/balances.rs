//! The balance of each payment, for comparing Stripe's records with the shop's. Stripe itself has no such call.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Stripe, charges::Charge, disputes::DisputeStatus, payment_intents::PaymentIntent};

/// What one PaymentIntent came to, in minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Balance {
    /// The PaymentIntent's id.
    pub payment_intent: String,
    /// Its status in Stripe's words.
    pub status: &'static str,
    /// What the shop wrote to it.
    pub metadata: BTreeMap<String, String>,
    /// In lower case.
    pub currency: String,
    /// What was taken.
    pub received: i64,
    /// The refunded amount, pending refunds included; failed refunds don't count.
    pub refunded: i64,
    /// What disputes took for good, of what was left of the charge.
    pub lost: i64,
    /// What open disputes hold, of what was left of the charge; those under appeal too.
    pub held: i64,
}

impl Stripe {
    /// Every PaymentIntent's balance, newest first.
    pub fn balances(&self) -> impl Iterator<Item = Balance> {
        self.intents.newest_first().map(|intent| self.balance(intent))
    }

    fn balance(&self, intent: &PaymentIntent) -> Balance {
        let disputed = |counts: fn(DisputeStatus) -> bool| {
            let disputes = self.disputes.of(&intent.id).filter(|dispute| counts(dispute.status));
            disputes.map(|dispute| dispute.withdrawn).sum()
        };
        Balance {
            payment_intent: intent.id.clone(),
            status: intent.status.name(),
            metadata: intent.metadata.clone(),
            currency: intent.currency.clone(),
            received: intent.amount_received,
            refunded: self.charges.of(&intent.id).filter(|charge| charge.is_captured()).map(Charge::refunded).sum(),
            lost: disputed(DisputeStatus::is_closed),
            held: disputed(DisputeStatus::is_open_chargeback),
        }
    }
}
