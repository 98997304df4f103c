//! The cursor of a pass, from which the next run continues.

use domain::{OrderStatus, Timestamp};
use resilience::Clock;
use serde::{Deserialize, Serialize};

use crate::reconcile_payments::Rules;

/// The list that a pass reads: first Stripe's, then ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    /// Stripe's payment intents of the window.
    Intents,
    /// Its refunds of the window.
    Refunds,
    /// Its disputes of the window.
    Disputes,
    /// Its events of the window about objects that are older.
    Events,
    /// Our orders of the window with one status.
    Orders(OrderStatus),
    /// Our orders with something to refund or void, of whatever age.
    Settlement,
}

/// Whether Stripe may know of orders with this status.
const fn involves_stripe(status: OrderStatus) -> bool {
    match status {
        OrderStatus::Invoiced => false,
        OrderStatus::PendingPayment
        | OrderStatus::PaymentProcessing
        | OrderStatus::Paid
        | OrderStatus::Fulfilled
        | OrderStatus::PartiallyRefunded
        | OrderStatus::Refunded
        | OrderStatus::Disputed
        | OrderStatus::ChargedBack
        | OrderStatus::Cancelled
        | OrderStatus::NeedsReview => true,
    }
}

/// The first list of orders that is compared after this one.
fn orders_after(status: Option<OrderStatus>) -> Option<Phase> {
    let mut statuses = OrderStatus::ALL.into_iter().filter(|status| involves_stripe(*status));
    if status.is_some() {
        statuses.find(|known| Some(*known) == status);
    }
    statuses.next().map(Phase::Orders)
}

impl Phase {
    fn next(self) -> Option<Self> {
        match self {
            Self::Intents => Some(Self::Refunds),
            Self::Refunds => Some(Self::Disputes),
            Self::Disputes => Some(Self::Events),
            Self::Events => orders_after(None),
            Self::Orders(status) => orders_after(Some(status)).or(Some(Self::Settlement)),
            Self::Settlement => None,
        }
    }
}

/// The cursor of a pass. It is stored as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassCursor {
    /// Older objects are not compared.
    pub(crate) since: Timestamp,
    /// Younger objects are left alone: their webhooks and consumers are still at work.
    pub(crate) until: Timestamp,
    pub(crate) phase: Phase,
    /// The id or key of the last compared object; `None` at the beginning of the list.
    pub(crate) after: Option<String>,
}

impl PassCursor {
    /// The beginning of a pass that starts now.
    pub fn start(rules: &Rules, clock: &impl Clock) -> Self {
        let now = clock.now();
        Self { since: now.minus(rules.window), until: now.minus(rules.grace), phase: Phase::Intents, after: None }
    }

    /// The beginning of the next list; `None` when this was the last.
    pub(crate) fn next_phase(self) -> Option<Self> {
        Some(Self { phase: self.phase.next()?, after: None, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_goes_through_every_list_once_and_its_place_survives_being_kept() {
        let (since, until) = (Timestamp::from_seconds(0), Timestamp::from_seconds(1));
        let mut cursor = PassCursor { since, until, phase: Phase::Intents, after: Some("pi_1".to_owned()) };
        let mut phases = Vec::new();
        loop {
            phases.push(cursor.phase);
            let kept = serde_json::to_string(&cursor).unwrap();
            assert_eq!(serde_json::from_str::<PassCursor>(&kept).unwrap(), cursor);
            let Some(next) = cursor.next_phase() else { break };
            assert_eq!(next.after, None);
            cursor = next;
        }
        assert_eq!(phases.len(), 5 + OrderStatus::ALL.len() - 1);
        let left_out: Vec<_> =
            OrderStatus::ALL.into_iter().filter(|status| !phases.contains(&Phase::Orders(*status))).collect();
        assert_eq!(left_out, [OrderStatus::Invoiced], "which has nothing to do with Stripe");
    }
}
