//! Compares an order's facts with Stripe's.

use domain::{IntentFact, IntentStatus, Order, PaymentFact};

use crate::reconcile_payments::{Difference, Kind, Outcome};

/// How the order differs from a fact of Stripe's; `None` when it has this fact or a greater one.
pub(crate) fn difference(order: &Order, fact: &PaymentFact) -> Option<Difference> {
    let facts = &order.payment.facts;
    match fact {
        PaymentFact::PaymentIntent(fact) => intent(order, fact),
        PaymentFact::Refund(fact) => {
            let known = facts.refunds().find(|known| known.id == fact.id);
            let is_news = known.is_none_or(|known| fact > known);
            let ours = known.map_or_else(unknown, |known| said(known.status, known.amount));
            let (object, stripes) = (fact.id.to_string(), said(fact.status, fact.amount));
            is_news.then(|| found(Kind::MissedRefund, order, object, ours, stripes))
        }
        PaymentFact::Dispute(fact) => {
            let known = facts.disputes().find(|known| known.id == fact.id);
            let is_news = known.is_none_or(|known| fact.is_news_to(known));
            let ours = known.map_or_else(unknown, |known| said(known.status, known.amount));
            let (object, stripes) = (fact.id.to_string(), said(fact.status, fact.amount));
            is_news.then(|| found(Kind::MissedDispute, order, object, ours, stripes))
        }
        // Charges are evidence of refunds, which are compared themselves; transfers have nothing to do with Stripe.
        PaymentFact::Charge(_) | PaymentFact::Transfer(_) => None,
    }
}

/// The time of observation is not a difference: Stripe's lists show every intent as of now.
fn intent(order: &Order, fact: &IntentFact) -> Option<Difference> {
    let known = order.payment.facts.intent(&fact.id);
    let seen = |fact: &IntentFact| (fact.status, fact.amount, fact.received);
    let news = fact.clone().as_known();
    if known.is_some_and(|known| seen(known) == seen(&news) || news < *known) {
        return None;
    }
    let is_paid = fact.status == IntentStatus::Succeeded;
    let amount = if is_paid { fact.received } else { fact.amount };
    let kind = match fact.status {
        IntentStatus::Canceled => Kind::MissedStatus,
        _ if amount != order.total => Kind::DifferingAmount,
        IntentStatus::Succeeded => Kind::MissedPayment,
        _ => Kind::MissedStatus,
    };
    let ours = known.map_or_else(unknown, |known| said(known.status, known.amount));
    Some(found(kind, order, fact.id.to_string(), ours, said(fact.status, amount)))
}

fn found(kind: Kind, order: &Order, object: String, ours: String, stripes: String) -> Difference {
    Difference { kind, order_id: Some(order.id), object, ours, stripes, outcome: Outcome::Left }
}

fn unknown() -> String {
    "unknown".to_owned()
}

/// A status in Stripe's words, and an amount.
pub(crate) fn said(status: impl serde::Serialize, amount: domain::Money) -> String {
    let status = serde_json::to_value(status).unwrap_or_default();
    format!("{} {amount}", status.as_str().unwrap_or_default())
}
