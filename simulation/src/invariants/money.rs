//! Our records and Stripe's agree to the cent.

use domain::{Order, OrderId, RefundActionState, TransferDirection};

use super::Violation;
use crate::snapshot::{Intent, Refund, Snapshot};

/// At most one charge an order, no more refunded than received, each decided refund made once, and the same figures on
/// both sides.
pub fn check(snapshot: &Snapshot) -> Vec<Violation> {
    let orders = snapshot.orders.values().flat_map(|order| of_order(snapshot, order));
    orders.chain(strangers(snapshot)).collect()
}

fn of_order(snapshot: &Snapshot, order: &Order) -> Vec<Violation> {
    let (stripe, id, facts) = (&snapshot.stripe, order.id, &order.payment.facts);
    let mut violations = Vec::new();
    let mut same = |what: &'static str, ours: i64, theirs: i64| {
        if ours != theirs {
            violations.push(Violation::of(what, id, format!("we say {ours}, Stripe says {theirs}")));
        }
    };
    let captured = received(stripe.intents_of(id));
    let refunded = given_back(stripe.refunds_of(id));
    let lost = stripe.intents_of(id).map(|intent| lost(snapshot, intent)).sum();
    let (came, went) =
        (transferred(order, TransferDirection::Received), transferred(order, TransferDirection::Returned));
    same("money received is what Stripe received", facts.captured() - came, captured);
    same("refunds match Stripe's", facts.refunded() - went, refunded);
    same("money lost is what Stripe took back", facts.lost(), lost);
    let kept = facts.captured() - facts.refunded() - facts.lost();
    let booked = snapshot.ledger.get(&id).into_iter().flatten().map(|entry| entry.amount.amount).sum::<i64>();
    if kept != booked {
        let text = format!("the order keeps {kept}, its ledger says {booked}");
        violations.push(Violation::of("the ledger is what the order says", id, text));
    }
    let through_us = |intent: &&Intent| !snapshot.promised.elsewhere.contains(&intent.id);
    let charges = stripe.intents_of(id).filter(|intent| intent.status == "succeeded").filter(through_us).count();
    if charges > 1 {
        violations.push(Violation::of("one charge an order", id, format!("{charges} charges, not 1")));
    }
    if refunded > captured {
        let text = format!("{refunded} refunded of {captured} received");
        violations.push(Violation::of("no more is refunded than received", id, text));
    }
    for action in order.payment.refund_actions.keys() {
        let made = |refund: &&Refund| refund.action.as_ref() == Some(action);
        let times = stripe.refunds_of(id).filter(made).count();
        if times > 1 {
            violations.push(Violation::of("a refund is made once", id, format!("{action} {times} times, not 1")));
        }
    }
    violations.extend(given_up(snapshot, order));
    violations.extend(promised_refunds(snapshot, order));
    violations.extend(refused_refunds(snapshot, order));
    let live = |intent: &&Intent| intent.status.starts_with("requires_");
    let payable = stripe.intents_of(id).filter(live).count();
    if !order.status.awaits_payment() && payable > 0 {
        let text = format!("it is {}, and {payable} intents can be paid at Stripe, not 0", order.status);
        violations.push(Violation::of("what is over cannot be paid", id, text));
    }
    violations
}

/// No refund was made whose amount was set free since it would not be.
fn given_up(snapshot: &Snapshot, order: &Order) -> Vec<Violation> {
    let actions = order.payment.refund_actions.iter().filter(|(_, action)| action.state != RefundActionState::Reserved);
    let made = |id: &String| {
        let mut refunds = snapshot.stripe.refunds_of(order.id);
        refunds.any(|refund| refund.action.as_ref() == Some(id) && refund.counts())
    };
    let broken =
        actions.filter(|(id, _)| made(id)).map(|(id, action)| format!("{id} is {}, and Stripe made it", action.state));
    broken.map(|text| Violation::of("what is given up is not made", order.id, text)).collect()
}

/// Each refund that staff were promised exists at Stripe, once and with its amount, unless Stripe refused it or never
/// received it.
fn promised_refunds(snapshot: &Snapshot, order: &Order) -> Vec<Violation> {
    let promised = snapshot.promised.refunds.get(&order.id).into_iter().flatten();
    let broken = promised.filter_map(|(id, amount)| {
        let action = order.payment.refund_actions.get(id);
        let mut transfers = order.payment.facts.transfers();
        let is_noted =
            transfers.any(|transfer| transfer.action.as_ref() == Some(id) && transfer.amount.amount == *amount);
        if is_noted || action.is_some_and(|action| action.state != RefundActionState::Reserved) {
            return None;
        }
        let made = |refund: &&Refund| refund.action.as_ref() == Some(id);
        let made: Vec<i64> = snapshot.stripe.refunds_of(order.id).filter(made).map(|refund| refund.amount).collect();
        let text = format!("staff were promised {id} over {amount}, and Stripe has {made:?}");
        (made != [*amount]).then(|| Violation::of("no refund is lost", order.id, text))
    });
    broken.collect()
}

/// No refund that was denied to staff was made all the same.
fn refused_refunds(snapshot: &Snapshot, order: &Order) -> Vec<Violation> {
    let promised = snapshot.promised.refunds.get(&order.id);
    let refused = snapshot.promised.refused_refunds.get(&order.id).into_iter().flatten();
    let is_known = |id: &&String| !snapshot.promised.unanswered.contains(&(order.id, (*id).clone()));
    let refused = refused.filter(|id| promised.is_none_or(|promised| !promised.contains_key(*id))).filter(is_known);
    let made = |id: &&String| snapshot.stripe.refunds_of(order.id).any(|refund| refund.action.as_ref() == Some(*id));
    let broken = refused.filter(made).map(|id| format!("staff were refused, and {id} was made"));
    broken.map(|text| Violation::of("a refused refund is not made", order.id, text)).collect()
}

/// What arrived or was returned by bank transfer, in minor units.
fn transferred(order: &Order, direction: TransferDirection) -> i64 {
    let transfers = order.payment.facts.transfers().filter(|transfer| transfer.direction == direction);
    transfers.map(|transfer| transfer.amount.amount).sum()
}

/// Money that Stripe received for unknown orders and that was not refunded.
fn strangers(snapshot: &Snapshot) -> Vec<Violation> {
    let stripe = &snapshot.stripe;
    let named = stripe.intents.iter().filter_map(|intent| intent.order);
    let unknown: std::collections::BTreeSet<OrderId> = named.filter(|id| !snapshot.orders.contains_key(id)).collect();
    let kept = |id| received(stripe.intents_of(id)) - given_back(stripe.refunds_of(id));
    let paid = unknown.into_iter().map(|id| (id, kept(id))).filter(|(_, sum)| *sum > 0);
    let lost = paid.map(|(id, sum)| Violation::of("no payment is lost", id, format!("{sum} received, and no order")));
    lost.collect()
}

/// What the disputes of one payment took: of what was not refunded of it.
fn lost(snapshot: &Snapshot, intent: &Intent) -> i64 {
    let refunds = snapshot.stripe.refunds.iter().filter(|refund| refund.intent == intent.id);
    let disputes = snapshot.stripe.disputes.iter().filter(|dispute| dispute.intent == intent.id);
    let paid = received(std::iter::once(intent)) - given_back(refunds);
    disputes.fold(0, |lost, dispute| lost + dispute.lost((paid - lost).max(0)))
}

fn given_back<'a>(refunds: impl Iterator<Item = &'a Refund>) -> i64 {
    refunds.filter(|refund| refund.counts()).map(|refund| refund.amount).sum()
}

fn received<'a>(intents: impl Iterator<Item = &'a Intent>) -> i64 {
    intents.filter(|intent| intent.status == "succeeded").map(|intent| intent.received).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_of_no_order_is_settled_once_all_of_it_went_back() {
        let order = "ord_00000000000000000000000000000001".parse().ok();
        let mut snapshot = Snapshot::default();
        let (id, status) = ("pi_1".to_owned(), "succeeded".to_owned());
        snapshot.stripe.intents = vec![Intent { id: id.clone(), order, status: status.clone(), received: 1000 }];
        assert_eq!(check(&snapshot).len(), 1);
        let refund =
            |amount| Refund { id: "re_1".to_owned(), intent: id.clone(), status: status.clone(), amount, action: None };
        snapshot.stripe.refunds = vec![refund(400)];
        assert_eq!(check(&snapshot).len(), 1);
        snapshot.stripe.refunds.push(refund(600));
        assert_eq!(check(&snapshot), []);
    }
}
