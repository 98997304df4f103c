//! Staff's decisions about payments that contradict the order.

use super::*;

fn decide(order: &Order, decision: ReviewDecision) -> Result<Option<Change>, ReviewRefused> {
    order.resolve_review(decision, "usr_1", "c", order.updated_at)
}

fn decided(order: &Order, decision: ReviewDecision) -> Change {
    decide(order, decision).unwrap().unwrap()
}

fn short() -> Order {
    after(&placed(), intent("pi_1", IntentStatus::Succeeded, 1, TOTAL - 1))
}

fn paid_twice() -> Order {
    let paid = after(&placed(), intent("pi_1", IntentStatus::Succeeded, 1, TOTAL));
    after(&paid, intent("pi_2", IntentStatus::Succeeded, 2, TOTAL))
}

fn announced_as_paid(change: &Change) -> bool {
    types(change).contains(&EventType::Paid)
}

#[test]
fn money_that_is_accepted_pays_the_order_and_says_so_once() {
    let accepted = decided(&short(), ReviewDecision::Accept);
    assert_eq!(accepted.order.status, OrderStatus::Paid);
    assert!(announced_as_paid(&accepted));
    assert_eq!(decide(&accepted.order, ReviewDecision::Accept), Ok(None));
    let refused = Err(ReviewRefused::NothingToReview(OrderStatus::Paid));
    assert_eq!(decide(&accepted.order, ReviewDecision::RefundAll), refused);

    let accepted = decided(&paid_twice(), ReviewDecision::Accept);
    assert_eq!(accepted.order.status, OrderStatus::Paid);
    assert!(!announced_as_paid(&accepted), "it was, before the second payment");
}

#[test]
fn a_decision_holds_for_what_was_known_and_not_for_more() {
    let accepted = decided(&short(), ReviewDecision::Accept).order;
    let more = after(&accepted, intent("pi_2", IntentStatus::Succeeded, 2, TOTAL));
    assert_eq!(more.status, OrderStatus::NeedsReview);
    assert_eq!(decided(&more, ReviewDecision::Accept).order.status, OrderStatus::Paid);
}

#[test]
fn an_excess_goes_back_and_the_order_goes_on() {
    let change = decided(&paid_twice(), ReviewDecision::RefundExcess);
    let reserved: Vec<_> =
        change.order.open_refund_actions().map(|(_, action)| (action.intent.as_str(), action.amount.amount)).collect();
    assert_eq!((change.order.status, reserved), (OrderStatus::Paid, vec![("pi_2", TOTAL)]));
    assert!(change.events.iter().any(|event| event.event_type == EventType::RefundRequested));
    assert_eq!(change.order.payment.kept(), TOTAL);

    let more = after(&placed(), intent("pi_1", IntentStatus::Succeeded, 1, TOTAL + 7));
    let change = decided(&more, ReviewDecision::RefundExcess);
    assert_eq!(change.order.open_refund_actions().next().map(|(_, action)| action.amount.amount), Some(7));
    assert!(announced_as_paid(&change));
}

#[test]
fn of_two_payments_that_of_the_newer_intent_goes_back() {
    let paid = |id: &str, created| {
        let PaymentFact::PaymentIntent(fact) = intent(id, IntentStatus::Succeeded, 1, TOTAL) else { unreachable!() };
        PaymentFact::PaymentIntent(IntentFact { created, ..fact })
    };
    for (first, second) in [("pi_1", "pi_2"), ("pi_2", "pi_1")] {
        let twice = after(&after(&placed(), paid(first, 5)), paid(second, 9));
        let change = decided(&twice, ReviewDecision::RefundExcess);
        let intents: Vec<_> = change.order.open_refund_actions().map(|(_, action)| action.intent.as_str()).collect();
        assert_eq!(intents, [second]);
    }
}

#[test]
fn there_is_no_excess_where_too_little_came_or_another_currency() {
    assert_eq!(decide(&short(), ReviewDecision::RefundExcess), Err(ReviewRefused::NoExcess));
    let mut dollars = intent("pi_1", IntentStatus::Succeeded, 1, TOTAL);
    if let PaymentFact::PaymentIntent(fact) = &mut dollars {
        fact.received = Money::new(TOTAL * 2, "usd".parse().unwrap());
    }
    let order = after(&placed(), dollars);
    assert_eq!(decide(&order, ReviewDecision::RefundExcess), Err(ReviewRefused::NoExcess));
    let exact = after(&placed(), of_no_order());
    assert_eq!(decide(&exact, ReviewDecision::RefundExcess), Err(ReviewRefused::NoExcess));
    let all = decided(&order, ReviewDecision::RefundAll).order;
    let due = all.reserve_due_refunds("c", all.updated_at).unwrap().order;
    let amounts: Vec<_> = due.open_refund_actions().map(|(_, action)| action.amount.to_string()).collect();
    assert_eq!(amounts, ["50.00 USD"]);
}

#[test]
fn all_money_goes_back_and_the_goods_too() {
    let change = decided(&paid_twice(), ReviewDecision::RefundAll);
    assert_eq!(change.order.status, OrderStatus::Cancelled);
    assert_eq!(change.order.cancellation.map(|cancellation| cancellation.reason), Some(CancelReason::Review));
    assert_eq!((change.order.refund_due(), change.stock.values().sum::<i64>()), (2 * TOTAL, 2));
    assert!(change.events.iter().any(|event| event.event_type == EventType::Cancelled));
    let due = change.order.reserve_due_refunds("c", change.order.updated_at).unwrap().order;
    assert_eq!((due.refund_due(), due.open_refund_actions().count()), (0, 2));
}

#[test]
fn nothing_is_reserved_of_an_intent_whose_money_went_back_already() {
    let all = decided(&paid_twice(), ReviewDecision::RefundAll).order;
    let partly = after(&all, refund("re_1", RefundStatus::Succeeded, TOTAL));
    let due = partly.reserve_due_refunds("c", partly.updated_at).unwrap().order;
    let reserved: Vec<_> = due.open_refund_actions().map(|(_, action)| action.intent.as_str()).collect();
    assert_eq!(reserved, ["pi_2"]);
}

#[test]
fn goods_that_were_sent_do_not_come_back_by_a_decision() {
    let paid = after(&placed(), intent("pi_1", IntentStatus::Succeeded, 1, TOTAL));
    let sent = paid.fulfil("c", paid.updated_at).unwrap().unwrap().order;
    let twice = after(&sent, intent("pi_2", IntentStatus::Succeeded, 2, TOTAL));
    let change = decided(&twice, ReviewDecision::RefundAll);
    assert_eq!((change.stock.len(), change.order.reservation), (0, Reservation::Confirmed));
}

#[test]
fn money_that_cannot_go_back_is_settled_by_people() {
    let paid = after(&placed(), intent("pi_1", IntentStatus::Succeeded, 1, TOTAL));
    let cancelled = paid.cancel("c", paid.updated_at).unwrap().unwrap().order;
    let reserved = cancelled.reserve_due_refunds("c", cancelled.updated_at).unwrap().order;
    let action = reserved.open_refund_actions().next().unwrap().0.clone();
    let refused = reserved.close_refund(&action, REFUSED, "c", reserved.updated_at).unwrap().order;
    assert_eq!(refused.status, OrderStatus::NeedsReview);

    let otherwise = decided(&refused, ReviewDecision::Accept).order;
    assert_eq!((otherwise.status, otherwise.refund_due()), (OrderStatus::Cancelled, 0));
    let again = decided(&refused, ReviewDecision::RefundAll);
    assert_eq!((again.order.status, again.order.refund_due()), (OrderStatus::Cancelled, TOTAL));
    assert!(again.events.iter().any(|event| event.event_type == EventType::RefundDue));
    assert!(again.events.iter().all(|event| event.event_type != EventType::Cancelled));
}

#[test]
fn more_money_of_an_order_in_doubt_is_seen() {
    let more =
        short().apply_facts(vec![intent("pi_2", IntentStatus::Succeeded, 2, TOTAL)], "c", short().updated_at).unwrap();
    assert_eq!((more.order.status, types(&more)), (OrderStatus::NeedsReview, vec![EventType::Updated]));
}
