//! Requested refunds: reserved before Stripe is asked, never more than there is.

use super::*;
use crate::LedgerKind;

fn paid() -> Order {
    after(&placed(), intent("pi_1", IntentStatus::Succeeded, 1, TOTAL))
}

fn request(order: &Order, action: &str, amount: Option<i64>) -> Result<Option<Change>, RefundRefused> {
    order.request_refund(&wanted(action, amount), "c", Timestamp::from_millis(5))
}

fn requested(order: &Order, action: &str, amount: Option<i64>) -> Order {
    request(order, action, amount).unwrap().unwrap().order
}

fn carried_out(action: &str, id: &str, status: RefundStatus, amount: i64) -> PaymentFact {
    let (amount, intent, action) = (Money::new(amount, eur()), Some("pi_1".into()), Some(action.to_owned()));
    PaymentFact::Refund(RefundFact { status, amount, intent, action, id: id.into() })
}

#[test]
fn all_refunds_together_never_exceed_what_came() {
    let order = requested(&requested(&paid(), "rfd_1", Some(1000)), "rfd_2", Some(1000));
    assert_eq!(order.payment.kept(), 500);
    assert_eq!(request(&order, "rfd_3", Some(501)), Err(RefundRefused::TooMuch { left: 500 }));
    assert_eq!(request(&order, "rfd_3", Some(0)), Err(RefundRefused::TooMuch { left: 500 }));
    assert_eq!(request(&order, "rfd_3", Some(-1)), Err(RefundRefused::TooMuch { left: 500 }));
    let order = requested(&order, "rfd_3", None);
    assert_eq!(order.payment.refund_actions["rfd_3"].amount.amount, 500);
    assert_eq!(request(&order, "rfd_4", None), Err(RefundRefused::TooMuch { left: 0 }));
    assert_eq!(order.status, OrderStatus::Paid, "until Stripe says otherwise");
}

#[test]
fn two_refunds_of_one_amount_are_two_and_one_that_is_repeated_is_one() {
    let first = request(&paid(), "rfd_1", Some(500)).unwrap().unwrap();
    assert_eq!(types(&first), [EventType::RefundRequested]);
    assert_eq!(request(&first.order, "rfd_1", Some(500)), Ok(None));
    let second = requested(&first.order, "rfd_2", Some(500));
    assert_eq!(second.open_refund_actions().count(), 2);

    assert_eq!(request(&second, "rfd_1", Some(501)), Err(RefundRefused::AnotherRefund));
    assert_eq!(request(&second, "rfd_1", None), Err(RefundRefused::AnotherRefund));
    let duplicate = RefundRequest { reason: RefundReason::Duplicate, ..wanted("rfd_1", Some(500)) };
    let refused = second.request_refund(&duplicate, "c", Timestamp::from_millis(6));
    assert_eq!(refused, Err(RefundRefused::AnotherRefund));
    let done = after(&second, carried_out("rfd_1", "re_1", RefundStatus::Succeeded, 500));
    assert_eq!(request(&done, "rfd_1", Some(500)), Ok(None), "carried out or not");
}

#[test]
fn a_refund_is_told_of_when_it_is_made_and_its_amount_counts_once() {
    let order = requested(&paid(), "rfd_1", Some(500));
    let done = order
        .apply_facts(vec![carried_out("rfd_1", "re_1", RefundStatus::Pending, 500)], "c", order.updated_at)
        .unwrap();
    assert_eq!((done.order.status, types(&done)), (OrderStatus::PartiallyRefunded, vec![EventType::PartiallyRefunded]));
    assert_eq!((done.order.payment.kept(), done.order.open_refund_actions().count()), (2000, 0));
    let all = requested(&done.order, "rfd_2", None);
    let all = all
        .apply_facts(vec![carried_out("rfd_2", "re_2", RefundStatus::Succeeded, 2000)], "c", all.updated_at)
        .unwrap();
    assert_eq!((all.order.status, types(&all)), (OrderStatus::Refunded, vec![EventType::Refunded]));
    assert_eq!(request(&all.order, "rfd_3", None), Err(RefundRefused::TooMuch { left: 0 }));
}

#[test]
fn what_is_refused_given_up_or_sent_back_can_be_given_back_again() {
    for state in [RefundActionState::Refused, RefundActionState::Abandoned] {
        let order = requested(&paid(), "rfd_1", None);
        let closed = order.close_refund("rfd_1", state, "c", order.updated_at).unwrap();
        assert_eq!((closed.order.status, types(&closed)), (OrderStatus::Paid, vec![EventType::RefundFailed]));
        assert_eq!(closed.order.close_refund("rfd_1", REFUSED, "c", closed.order.updated_at), None);
        assert_eq!(closed.order.payment.kept(), TOTAL);
        assert_eq!(requested(&closed.order, "rfd_2", None).payment.kept(), 0);
    }
    for status in [RefundStatus::Failed, RefundStatus::Canceled] {
        let order = requested(&paid(), "rfd_1", None);
        let done = after(&order, carried_out("rfd_1", "re_1", RefundStatus::Succeeded, TOTAL));
        let back = done.apply_facts(vec![carried_out("rfd_1", "re_1", status, TOTAL)], "c", done.updated_at).unwrap();
        assert_eq!((back.order.status, types(&back)), (OrderStatus::Paid, vec![EventType::RefundFailed]));
        assert_eq!(back.ledger[0].kind, LedgerKind::RefundFailed);
        assert_eq!((back.ledger[0].amount.amount, back.ledger[0].object.as_str()), (TOTAL, "re_1"));
        assert_eq!(requested(&back.order, "rfd_2", None).payment.kept(), 0);
    }
}

#[test]
fn a_failure_of_one_of_two_refunds_is_no_word_to_the_customer() {
    let order = after(&paid(), refund("re_1", RefundStatus::Succeeded, 500));
    let order = after(&order, refund("re_2", RefundStatus::Succeeded, 2000));
    let back = order.apply_facts(vec![refund("re_2", RefundStatus::Failed, 2000)], "c", order.updated_at).unwrap();
    assert_eq!((back.order.status, types(&back)), (OrderStatus::PartiallyRefunded, vec![EventType::RefundFailed]));
}

#[test]
fn a_refund_of_a_cancelled_order_that_comes_back_is_seen() {
    let cancelled = paid().cancel("c", Timestamp::from_millis(2)).unwrap().unwrap().order;
    let partly = after(&cancelled, refund("re_1", RefundStatus::Succeeded, 500));
    let reserved = partly.reserve_due_refunds("c", partly.updated_at).unwrap().order;
    let back = reserved.apply_facts(vec![refund("re_1", RefundStatus::Failed, 500)], "c", reserved.updated_at).unwrap();
    assert!(!back.events.is_empty(), "{:?}", back.order.status);
}

#[test]
fn a_key_is_asked_with_for_less_than_a_day() {
    let order = requested(&paid(), "rfd_1", None);
    let action = &order.payment.refund_actions["rfd_1"];
    let hours = |hours: i64| Timestamp::from_millis(5 + hours * 60 * 60 * 1000);
    assert!(action.may_be_asked_for(Timestamp::from_millis(5)));
    assert!(action.may_be_asked_for(Timestamp::from_millis(4 + 23 * 60 * 60 * 1000)));
    assert!(!action.may_be_asked_for(hours(23)) && !action.may_be_asked_for(hours(24)));
}

#[test]
fn money_is_given_back_on_request_only_while_nothing_else_is_done_about_it() {
    let cancelled = paid().cancel("c", Timestamp::from_millis(2)).unwrap().unwrap().order;
    let disputed = after(&paid(), dispute(DisputeStatus::NeedsResponse));
    let lost = after(&paid(), dispute(DisputeStatus::Lost));
    let twice = after(&paid(), intent("pi_2", IntentStatus::Succeeded, 2, TOTAL));
    for order in [placed(), cancelled, disputed, lost, twice, invoiced()] {
        let refused = request(&order, "rfd_1", None);
        let expected =
            if order.status.awaits_transfer() { RefundRefused::Transfer } else { RefundRefused::NotNow(order.status) };
        assert_eq!(refused, Err(expected), "{}", order.status);
    }
    let sent = paid().fulfil("c", Timestamp::from_millis(3)).unwrap().unwrap().order;
    assert_eq!(requested(&sent, "rfd_1", None).payment.kept(), 0);
}

#[test]
fn more_goes_back_by_the_dashboard_than_by_us_is_no_surprise() {
    let order = requested(&paid(), "rfd_1", Some(2000));
    let order = after(&order, refund("re_1", RefundStatus::Succeeded, 1000));
    assert_eq!(order.payment.kept(), -500, "Stripe will refuse ours");
    assert_eq!(request(&order, "rfd_2", Some(1)), Err(RefundRefused::TooMuch { left: 0 }));
    let refused = order.close_refund("rfd_1", REFUSED, "c", order.updated_at).unwrap().order;
    assert_eq!(refused.payment.kept(), 1500);
}

#[test]
fn a_refund_takes_the_money_of_one_intent() {
    let twice = after(&paid(), intent("pi_2", IntentStatus::Succeeded, 2, TOTAL));
    let kept = twice.resolve_review(ReviewDecision::Accept, "usr_1", "c", twice.updated_at).unwrap().unwrap().order;
    assert_eq!(kept.status, OrderStatus::Paid);
    assert_eq!(request(&kept, "rfd_1", Some(TOTAL + 1)), Err(RefundRefused::TooMuch { left: TOTAL }));
    let one = requested(&kept, "rfd_1", Some(TOTAL));
    let other = requested(&one, "rfd_2", None);
    let intents: BTreeSet<_> = other.open_refund_actions().map(|(_, action)| action.intent.as_str()).collect();
    assert_eq!(intents, BTreeSet::from(["pi_1", "pi_2"]));
}

#[test]
fn a_refund_that_is_wanted_is_told_of() {
    let change = request(&paid(), "rfd_1", Some(500)).unwrap().unwrap();
    assert_eq!(types(&change), [EventType::RefundRequested]);
}

#[test]
fn each_part_that_goes_back_is_told_of() {
    let first = after(&paid(), refund("re_1", RefundStatus::Succeeded, 500));
    let second = first.apply_facts(vec![refund("re_2", RefundStatus::Succeeded, 300)], "c", first.updated_at).unwrap();
    assert_eq!(types(&second), [EventType::PartiallyRefunded]);
}

#[test]
fn a_reason_has_one_word_everywhere() {
    for reason in [RefundReason::Duplicate, RefundReason::Fraudulent, RefundReason::RequestedByCustomer] {
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
    }
}
