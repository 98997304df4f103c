//! Disputes: what they cost, what is left, and who is told.

use super::*;
use crate::{DisputeStage, LedgerKind};
use DisputeStatus as D;

fn paid() -> Order {
    after(&placed(), intent("pi_1", IntentStatus::Succeeded, 1, TOTAL))
}

/// The order after facts that came one after the other, and all that was booked after the payment.
fn after_all(order: &Order, facts: &[PaymentFact]) -> (Order, Vec<(LedgerKind, i64)>) {
    let (mut order, mut booked) = (order.clone(), vec![]);
    for fact in facts {
        if let Some(change) = order.apply_facts(vec![fact.clone()], "c", order.updated_at) {
            booked.extend(change.ledger.iter().map(|entry| (entry.kind, entry.amount.amount)));
            order = change.order;
        }
    }
    (order, booked)
}

#[test]
fn a_loss_that_is_appealed_and_won_brings_the_order_back() {
    let story = [
        (1, D::NeedsResponse, OrderStatus::Disputed),
        (2, D::Lost, OrderStatus::ChargedBack),
        (3, D::AppealNeedsResponse, OrderStatus::ChargedBack),
        (4, D::AppealUnderReview, OrderStatus::ChargedBack),
        (5, D::Won, OrderStatus::Paid),
    ];
    let mut order = paid();
    for (seen_at, status, expected) in story {
        order = after(&order, dispute_over("du_1", seen_at, status, TOTAL));
        assert_eq!(order.status, expected, "{status}");
    }
    let facts = story.map(|(seen_at, status, _)| dispute_over("du_1", seen_at, status, TOTAL));
    let (_, booked) = after_all(&paid(), &facts);
    assert_eq!(booked, [(LedgerKind::DisputeLost, -TOTAL), (LedgerKind::DisputeReversed, TOTAL)]);
    let (lost_again, _) = after_all(&order, &[dispute_over("du_1", 6, D::Lost, TOTAL)]);
    assert_eq!(lost_again.status, OrderStatus::ChargedBack);
}

#[test]
fn a_dispute_costs_at_most_what_was_left_of_its_payment() {
    let (order, booked) =
        after_all(&paid(), &[refund("re_1", RefundStatus::Succeeded, 900), dispute_over("du_1", 2, D::Lost, TOTAL)]);
    assert_eq!(booked, [(LedgerKind::Refund, -900), (LedgerKind::DisputeLost, 900 - TOTAL)]);
    assert_eq!((order.status, order.payment.kept()), (OrderStatus::ChargedBack, 0));
    // Stripe may take more than the charge, at another rate; the books have no more of it.
    let (above, _) = after_all(&paid(), &[dispute_over("du_1", 2, D::Lost, TOTAL + 100)]);
    assert_eq!(above.payment.facts.lost(), TOTAL);
    let (twice, _) =
        after_all(&paid(), &[dispute_over("du_1", 2, D::Lost, 2000), dispute_over("du_2", 2, D::Lost, 2000)]);
    assert_eq!(twice.payment.facts.lost(), TOTAL);
    let (refunded, _) =
        after_all(&paid(), &[refund("re_1", RefundStatus::Succeeded, TOTAL), dispute_over("du_1", 2, D::Lost, TOTAL)]);
    assert_eq!((refunded.status, refunded.payment.facts.lost()), (OrderStatus::Refunded, 0));
}

#[test]
fn what_a_dispute_leaves_over_can_be_refunded_sent_and_cancelled() {
    let (order, booked) = after_all(&paid(), &[dispute(D::NeedsResponse), dispute_over("du_1", 2, D::Lost, 500)]);
    assert_eq!((order.status, booked), (OrderStatus::Paid, vec![(LedgerKind::DisputeLost, -500)]));
    assert_eq!(order.payment.kept(), TOTAL - 500);
    let now = order.updated_at;
    assert!(order.fulfil("c", now).unwrap().is_some());
    let refund = order.request_refund(&wanted("rfd_1", None), "c", now).unwrap().unwrap();
    assert_eq!(refund.order.payment.refund_actions["rfd_1"].amount.amount, TOTAL - 500);
    let too_much = order.request_refund(&wanted("rfd_1", Some(TOTAL - 499)), "c", now);
    assert_eq!(too_much, Err(RefundRefused::TooMuch { left: TOTAL - 500 }));
    let cancelled = order.cancel("c", now).unwrap().unwrap().order;
    assert_eq!((cancelled.status, cancelled.refund_due()), (OrderStatus::Cancelled, TOTAL - 500));
}

#[test]
fn a_dispute_that_was_prevented_or_closed_is_over() {
    for end in [D::Prevented, D::Won, D::WarningClosed] {
        let (order, booked) = after_all(
            &paid(),
            &[dispute_over("du_1", 1, D::NeedsResponse, TOTAL), dispute_over("du_1", 2, end, TOTAL)],
        );
        assert_eq!((order.status, booked), (OrderStatus::Paid, vec![]), "{end}");
    }
}

#[test]
fn a_status_that_is_not_known_freezes_the_money_until_people_looked() {
    let (order, _) = after_all(&paid(), &[dispute(D::Unknown)]);
    assert_eq!(order.status, OrderStatus::Disputed);
}

#[test]
fn the_balance_says_whether_a_lost_dispute_cost_money() {
    let told = |withdrawn| {
        let PaymentFact::Dispute(fact) = dispute(D::Lost) else { unreachable!() };
        after(&paid(), PaymentFact::Dispute(DisputeFact { withdrawn, ..fact })).payment.facts.lost()
    };
    assert_eq!((told(None), told(Some(true)), told(Some(false))), (TOTAL, TOTAL, 0));
}

#[test]
fn a_dispute_in_another_currency_costs_what_is_left() {
    let PaymentFact::Dispute(fact) = dispute(D::Lost) else { unreachable!() };
    let amount = Money::new(3100, "usd".parse().unwrap());
    let (order, booked) = after_all(&paid(), &[PaymentFact::Dispute(DisputeFact { amount, ..fact })]);
    assert_eq!((order.status, booked), (OrderStatus::ChargedBack, vec![(LedgerKind::DisputeLost, -TOTAL)]));
}

#[test]
fn each_dispute_is_told_of_once_for_each_stage() {
    let mut order = paid();
    let mut told = vec![];
    for (id, seen_at, status) in [
        ("du_1", 1, D::WarningNeedsResponse),
        ("du_1", 2, D::WarningUnderReview),
        ("du_1", 3, D::NeedsResponse),
        ("du_2", 3, D::NeedsResponse),
        ("du_1", 3, D::NeedsResponse),
        ("du_1", 4, D::UnderReview),
        ("du_2", 5, D::Lost),
        ("du_1", 6, D::Won),
        ("du_1", 1, D::WarningNeedsResponse),
    ] {
        if let Some(change) = order.apply_facts(vec![dispute_over(id, seen_at, status, 500)], "c", order.updated_at) {
            let updates = change.events.iter().filter_map(|event| event.dispute.clone());
            told.extend(updates.map(|update| (update.id.to_string(), update.stage)));
            order = change.order;
        }
    }
    let expected = [
        ("du_1", DisputeStage::Inquiry),
        ("du_1", DisputeStage::Chargeback),
        ("du_2", DisputeStage::Chargeback),
        ("du_2", DisputeStage::Lost),
        ("du_1", DisputeStage::Won),
    ];
    assert_eq!(told, expected.map(|(id, stage)| (id.to_owned(), stage)));
}

#[test]
fn a_later_look_that_shows_the_same_is_no_news() {
    let fact = |seen_at, status| match dispute_over("du_1", seen_at, status, TOTAL) {
        PaymentFact::Dispute(fact) => fact,
        _ => unreachable!(),
    };
    let known = fact(5, D::Lost);
    assert!(!fact(9, D::Lost).is_news_to(&known));
    assert!(!fact(4, D::NeedsResponse).is_news_to(&known));
    assert!(fact(6, D::AppealNeedsResponse).is_news_to(&known));
}
