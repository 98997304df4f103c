//! Steps that nobody must make are noticed where they are made.

use super::*;

fn paid() -> Order {
    after(&placed(), intent("pi_1", IntentStatus::Succeeded, 1, TOTAL))
}

/// The rules that this step breaks.
fn broken(before: &Order, change: &Change) -> Vec<&'static str> {
    change.broken_rules(before)
}

#[test]
fn each_rule_is_broken_by_what_it_forbids() {
    let refunded = paid().request_refund(&wanted("a", Some(100)), "c", paid().updated_at).unwrap().unwrap();
    assert_eq!(broken(&paid(), &refunded), [""; 0]);

    let mut change = refunded.clone();
    change.order.status = OrderStatus::PendingPayment;
    assert_eq!(broken(&paid(), &change), ["its status may follow the one before"]);

    let mut change = refunded.clone();
    change.order.payment.facts = KnownFacts::default();
    assert!(broken(&paid(), &change).contains(&"money received is never forgotten"));

    let mut change = refunded.clone();
    change.order.payment.refund_actions.get_mut("a").unwrap().amount.amount = TOTAL + 1;
    assert_eq!(broken(&paid(), &change), ["no more is reserved than is left"]);

    let mut change = placed().apply_facts(vec![intent("pi_1", IntentStatus::Succeeded, 1, TOTAL)], "c", now()).unwrap();
    change.ledger[0].amount.amount -= 1;
    assert_eq!(broken(&placed(), &change), ["the ledger tells what moved"]);
}

/// Money that goes back behind our back may leave less than what was reserved before; only new reservations are held to
/// what is left.
#[test]
fn what_is_reserved_already_may_be_overtaken() {
    let order = paid().request_refund(&wanted("a", None), "c", now()).unwrap().unwrap().order;
    let overtaken = order.apply_facts(vec![refund("re_1", RefundStatus::Succeeded, 500)], "c", now()).unwrap();
    assert_eq!(broken(&order, &overtaken), [""; 0]);
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "money received is never forgotten")]
fn a_step_that_forgets_money_is_not_made() {
    _ = paid().change("c", now(), |order| order.payment.facts = KnownFacts::default());
}

fn now() -> Timestamp {
    Timestamp::from_millis(1)
}
