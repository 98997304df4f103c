//! Requested refunds, and refunds that are made in the dashboard meanwhile.

use super::*;

const REASON: RefundReason = RefundReason::RequestedByCustomer;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn paid() -> Order {
    after(&placed(), intent("pi_1", IntentStatus::Succeeded, 1, TOTAL))
}

fn cancelled() -> Order {
    let cancelled = paid().cancel("c", at(1)).unwrap().unwrap().order;
    cancelled.reserve_due_refunds("c", at(2)).unwrap().order
}

/// Paid by bank transfer.
fn transferred() -> Order {
    invoiced().mark_paid("RF-1", None, "c", at(1)).unwrap().unwrap().order
}

fn by_transfer(action: &str, amount: Option<i64>, reference: &str) -> RefundRequest {
    RefundRequest { transfer: Some(reference.into()), ..wanted(action, amount) }
}

fn requested(order: &Order, request: &RefundRequest) -> Order {
    order.request_refund(request, "c", at(5)).unwrap().unwrap().order
}

fn of_action(action: &str, id: &str, status: RefundStatus, amount: i64) -> PaymentFact {
    let (amount, intent, action) = (Money::new(amount, eur()), Some("pi_1".into()), Some(action.to_owned()));
    PaymentFact::Refund(RefundFact { status, amount, intent, action, id: id.into() })
}

#[test]
fn a_refund_that_is_first_heard_of_as_failed_is_told_of_once() {
    let order = requested(&paid(), &wanted("rfd_1", Some(500)));
    let failed = order.apply_facts(vec![of_action("rfd_1", "re_1", RefundStatus::Failed, 500)], "c", at(6)).unwrap();
    assert_eq!(types(&failed), [EventType::RefundFailed]);
    assert_eq!(failed.order.refund("rfd_1").unwrap().progress, RefundProgress::Failed);
    assert_eq!((failed.order.refundable(), failed.ledger), (TOTAL, vec![]), "the amount is free, no money moved");

    let order = requested(&paid(), &wanted("rfd_1", Some(500)));
    let order = after(&order, of_action("rfd_1", "re_1", RefundStatus::Succeeded, 500));
    let failed = order.apply_facts(vec![of_action("rfd_1", "re_1", RefundStatus::Failed, 500)], "c", at(6)).unwrap();
    assert_eq!(types(&failed), [EventType::RefundFailed]);
}

#[test]
fn a_refund_stands_as_stripe_shows_it() {
    use RefundProgress as P;
    let order = requested(&paid(), &wanted("rfd_1", Some(500)));
    let of = |order: &Order| order.refund("rfd_1").unwrap().progress;
    assert_eq!((of(&order), order.refundable()), (P::Pending, TOTAL - 500));
    for (status, progress) in [
        (RefundStatus::Pending, P::Pending),
        (RefundStatus::RequiresAction, P::Pending),
        (RefundStatus::Succeeded, P::Succeeded),
        (RefundStatus::Canceled, P::Failed),
        (RefundStatus::Failed, P::Failed),
    ] {
        let known = after(&order, of_action("rfd_1", "re_1", status, 500));
        assert_eq!((of(&known), known.refund("rfd_1").unwrap().refund), (progress, Some(&"re_1".into())));
    }
    let refused = order.refuse_refund("rfd_1", Some("charge_disputed"), "c", at(6)).unwrap();
    assert_eq!(types(&refused), [EventType::RefundFailed]);
    let standing = refused.order.refund("rfd_1").unwrap();
    assert_eq!((standing.progress, standing.refusal), (P::Refused, Some("charge_disputed")));
    assert_eq!(refused.order.refundable(), TOTAL);
    // It was made after all: a concurrent attempt was answered first.
    let made = after(&refused.order, of_action("rfd_1", "re_1", RefundStatus::Succeeded, 500));
    assert_eq!((of(&made), made.refundable()), (P::Succeeded, TOTAL - 500));
    assert_eq!(paid().refund("rfd_1"), None);
}

#[test]
fn a_cancelled_orders_refund_that_the_dashboard_overtook_makes_way_for_the_rest() {
    let order = cancelled();
    let action = order.open_refund_actions().next().unwrap().0.clone();
    let overtaken = after(&order, refund("re_1", RefundStatus::Succeeded, 1000));
    let closed = overtaken.refuse_refund(&action, Some("amount_too_large"), "c", at(6)).unwrap();
    assert_eq!((closed.order.status, closed.order.refund_due()), (OrderStatus::Cancelled, TOTAL - 1000));
    assert_eq!(types(&closed), [EventType::RefundDue]);
    let again = closed.order.reserve_due_refunds("c", at(7)).unwrap().order;
    assert_eq!(again.open_refund_actions().next().unwrap().1.amount.amount, TOTAL - 1000);
    // Without a refund in the dashboard, the refusal is final.
    let refused = order.refuse_refund(&action, None, "c", at(6)).unwrap().order;
    assert_eq!((refused.status, refused.refund_due()), (OrderStatus::NeedsReview, 0));
}

#[test]
fn money_that_came_by_transfer_goes_back_by_one_and_is_noted_once() {
    let order = transferred();
    assert_eq!(order.request_refund(&wanted("rfd_1", None), "c", at(5)), Err(RefundRefused::Transfer));
    let request = by_transfer("rfd_1", Some(1000), "OUT-1");
    assert_eq!(paid().request_refund(&request, "c", at(5)), Err(RefundRefused::Transfer));
    let back = requested(&order, &request);
    assert_eq!((back.status, back.refundable()), (OrderStatus::PartiallyRefunded, TOTAL - 1000));
    let standing = back.refund("rfd_1").unwrap();
    assert_eq!((standing.progress, standing.reason, standing.requested_at), (RefundProgress::Succeeded, REASON, at(5)));
    assert_eq!(back.request_refund(&request, "c", at(6)), Ok(None));
    for (other, refusal) in [
        (by_transfer("rfd_1", Some(1001), "OUT-1"), RefundRefused::AnotherRefund),
        (by_transfer("rfd_1", Some(1000), "OUT-2"), RefundRefused::AnotherRefund),
        (RefundRequest { reason: RefundReason::Duplicate, ..request.clone() }, RefundRefused::AnotherRefund),
        (by_transfer("rfd_2", Some(1000), "OUT-1"), RefundRefused::ReferenceUsed),
        (by_transfer("rfd_2", Some(TOTAL), "OUT-2"), RefundRefused::TooMuch { left: TOTAL - 1000 }),
    ] {
        assert_eq!(back.request_refund(&other, "c", at(6)), Err(refusal), "{other:?}");
    }
    assert_eq!(requested(&back, &by_transfer("rfd_2", None, "OUT-2")).status, OrderStatus::Refunded);
}

#[test]
fn all_refunds_are_listed_and_those_of_the_dashboard_apart() {
    use RefundProgress as P;
    let listed = |order: &Order| order.refunds().map(|(id, it)| (id.to_owned(), it.progress)).collect::<Vec<_>>();
    let order = requested(&paid(), &wanted("rfd_1", Some(500)));
    let order = after(&order, of_action("rfd_1", "re_1", RefundStatus::Succeeded, 500));
    let order = requested(&after(&order, refund("re_2", RefundStatus::Succeeded, 300)), &wanted("rfd_2", Some(200)));
    assert_eq!(listed(&order), [("rfd_1".to_owned(), P::Succeeded), ("rfd_2".to_owned(), P::Pending)]);
    assert_eq!(order.dashboard_refunds().map(|refund| refund.id.as_str()).collect::<Vec<_>>(), ["re_2"]);

    let order = requested(&transferred(), &by_transfer("rfd_3", Some(1000), "OUT-1"));
    assert_eq!(listed(&order), [("rfd_3".to_owned(), P::Succeeded)]);
    assert_eq!((order.refund("rfd_4"), order.dashboard_refunds().count()), (None, 0));
}
