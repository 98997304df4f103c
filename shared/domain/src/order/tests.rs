mod bounds;
mod disputes;
mod history;
mod limits;
mod living;
mod person;
mod recipient;
mod refund_view;
mod refunding;
mod reviewing;
mod steps;

use std::collections::BTreeSet;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    Address, ChargeFact, Currency, DisputeFact, DisputeStatus, EventType, IntentFact, RefundFact, RefundStatus,
    TransferDirection, TransferFact,
};

const TOTAL: i64 = 2500;
/// Milliseconds.
const HELD_FOR: i64 = 60_000;
const REFUSED: RefundActionState = RefundActionState::Refused;

fn eur() -> Currency {
    "eur".parse().unwrap()
}

fn placed() -> Order {
    let until = Some(Timestamp::from_millis(HELD_FOR));
    placed_by(PaymentMethod::Stripe, until)
}

/// Due a day after it was placed.
fn invoiced() -> Order {
    placed_by(PaymentMethod::Invoice { due_at: Timestamp::from_seconds(24 * 60 * 60), overdue_since: None }, None)
}

fn placed_by(method: PaymentMethod, held_until: Option<Timestamp>) -> Order {
    placing(method, held_until).order
}

fn placing(method: PaymentMethod, held_until: Option<Timestamp>) -> Change {
    let cart = Cart {
        lines: vec![],
        currency: eur(),
        shipping_address: Address {
            name: "Anna".into(),
            line1: "Weg 1".into(),
            line2: None,
            city: "Ulm".into(),
            state: None,
            postal_code: None,
            country: "DE".into(),
        },
        email: "anna@example.com".parse().unwrap(),
        payment_method: method.choice(),
    };
    let line = OrderLine {
        sku: "MUG".parse().unwrap(),
        name: "Mug".into(),
        quantity: 2,
        unit_price: Money::new(TOTAL / 2, eur()),
    };
    let priced = PricedCart { cart, lines: vec![line], total: Money::new(TOTAL, eur()) };
    let (id, customer) = (OrderId::from_uuid(Uuid::from_u128(7)), CustomerId::from_uuid(Uuid::from_u128(8)));
    Order::place(id, customer, priced, method, held_until, "corr", Timestamp::from_millis(0))
}

fn intent(id: &str, status: IntentStatus, seen_at: i64, received: i64) -> PaymentFact {
    let order_id = Some(placed().id);
    let (amount, received) = (Money::new(TOTAL, eur()), Money::new(received, eur()));
    PaymentFact::PaymentIntent(IntentFact { id: id.into(), status, seen_at, created: 0, amount, received, order_id })
}

/// A payment of the whole total, without an order id.
fn of_no_order() -> PaymentFact {
    let mut paid = intent("pi_1", IntentStatus::Succeeded, 1, TOTAL);
    if let PaymentFact::PaymentIntent(fact) = &mut paid {
        fact.order_id = None;
    }
    paid
}

fn refund(id: &str, status: RefundStatus, amount: i64) -> PaymentFact {
    let amount = Money::new(amount, eur());
    PaymentFact::Refund(RefundFact { status, amount, intent: Some("pi_1".into()), action: None, id: id.into() })
}

fn dispute(status: DisputeStatus) -> PaymentFact {
    dispute_over("du_1", 0, status, TOTAL)
}

/// What Stripe says of a dispute over `amount` at a second.
fn dispute_over(id: &str, seen_at: i64, status: DisputeStatus, amount: i64) -> PaymentFact {
    let (amount, intent) = (Money::new(amount, eur()), Some("pi_1".into()));
    let (withdrawn, due_by) = (None, None);
    PaymentFact::Dispute(DisputeFact { seen_at, status, withdrawn, amount, due_by, intent, id: id.into() })
}

fn transfer(id: &str) -> PaymentFact {
    let (direction, amount) = (TransferDirection::Received, Money::new(TOTAL, eur()));
    let (action, reason, requested_at) = (None, None, None);
    PaymentFact::Transfer(TransferFact { direction, amount, action, reason, requested_at, id: id.into() })
}

/// Every fact that Stripe may state about an order of whose first intent it receives `received`: double payments,
/// refunds in parts, disputes.
fn alphabet(received: i64) -> Vec<PaymentFact> {
    use DisputeStatus as D;
    use IntentStatus as I;
    use RefundStatus as R;
    let mut facts = vec![];
    for status in [
        I::RequiresPaymentMethod,
        I::RequiresConfirmation,
        I::RequiresAction,
        I::Processing,
        I::PaymentFailed,
        I::Canceled,
    ] {
        facts.extend((1..=2).map(|seen_at| intent("pi_1", status, seen_at, 0)));
    }
    facts.extend((1..=2).map(|seen_at| intent("pi_1", I::Succeeded, seen_at, received)));
    facts.push(intent("pi_2", I::Succeeded, 2, TOTAL));
    facts.push(intent("pi_2", I::Processing, 2, 0));
    for status in [R::Pending, R::RequiresAction, R::Succeeded, R::Canceled, R::Failed] {
        facts.extend([refund("re_1", status, TOTAL), refund("re_2", status, 500), refund("re_3", status, 2000)]);
    }
    for status in D::ALL {
        facts.extend((0..=1).map(|seen_at| dispute_over("du_1", seen_at, status, TOTAL)));
    }
    facts.extend([D::NeedsResponse, D::Lost, D::Won].map(|status| dispute_over("du_2", 1, status, 500)));
    facts
}

fn fact() -> impl Strategy<Value = PaymentFact> {
    prop::sample::select(alphabet(TOTAL))
}

fn knowing(facts: &[PaymentFact]) -> KnownFacts {
    let mut known = KnownFacts::default();
    known.extend(facts.iter().cloned());
    known
}

fn joined(a: &KnownFacts, b: &KnownFacts) -> KnownFacts {
    let mut known = a.clone();
    known.join(b.clone());
    known
}

proptest! {
    #[test]
    fn joining_is_commutative_associative_and_idempotent(
        a in prop::collection::vec(fact(), 0..8),
        b in prop::collection::vec(fact(), 0..8),
        c in prop::collection::vec(fact(), 0..8),
    ) {
        let (a, b, c) = (knowing(&a), knowing(&b), knowing(&c));
        prop_assert_eq!(joined(&a, &b), joined(&b, &a));
        prop_assert_eq!(joined(&joined(&a, &b), &c), joined(&a, &joined(&b, &c)));
        prop_assert_eq!(joined(&a, &a), a);
    }

    #[test]
    fn duplicates_and_batching_change_nothing(facts in prop::collection::vec(fact(), 1..8), again in prop::collection::vec(any::<prop::sample::Index>(), 0..8)) {
        let once = placed().apply_facts(facts.clone(), "c", Timestamp::from_millis(1)).map_or_else(placed, |change| change.order);
        let mut repeated = facts.clone();
        repeated.extend(again.iter().map(|index| facts[index.index(facts.len())].clone()));
        let mut one_by_one = placed();
        for fact in repeated {
            one_by_one = one_by_one.apply_facts(vec![fact], "c", Timestamp::from_millis(1)).map_or(one_by_one, |change| change.order);
        }
        prop_assert_eq!((&one_by_one.payment, one_by_one.status), (&once.payment, once.status));
    }
}

/// All arrival orders of up to seven facts, each delivered twice, give one state.
#[test]
fn every_permutation_of_seven_webhooks_gives_one_state() {
    use DisputeStatus as D;
    use IntentStatus as I;
    use RefundStatus as R;
    for mut facts in [
        vec![
            intent("pi_1", I::RequiresPaymentMethod, 1, 0),
            intent("pi_1", I::RequiresAction, 1, 0),
            intent("pi_1", I::PaymentFailed, 1, 0),
            intent("pi_1", I::Processing, 2, 0),
            intent("pi_1", I::Succeeded, 2, TOTAL),
            refund("re_1", R::Succeeded, 500),
            refund("re_1", R::Failed, 500),
        ],
        vec![
            intent("pi_1", I::Succeeded, 1, TOTAL),
            intent("pi_1", I::Canceled, 1, 0),
            refund("re_1", R::Pending, 500),
            refund("re_2", R::Succeeded, 500),
            dispute(D::NeedsResponse),
            dispute(D::UnderReview),
            dispute(D::Won),
        ],
    ] {
        let expected = knowing(&facts);
        let mut seen = 0;
        permute(&mut facts, 0, &mut |order| {
            let mut twice = knowing(order);
            twice.extend(order.iter().rev().cloned());
            assert_eq!(twice, expected);
            seen += 1;
        });
        assert_eq!(seen, 5040);
    }
}

fn permute(facts: &mut Vec<PaymentFact>, from: usize, check: &mut impl FnMut(&[PaymentFact])) {
    if from == facts.len() {
        check(facts);
    }
    for place in from..facts.len() {
        facts.swap(from, place);
        permute(facts, from + 1, check);
        facts.swap(from, place);
    }
}

/// Walks random histories of facts and decisions. The steps seen are exactly those of the table: none is outside of it,
/// and none of its steps is impossible.
#[test]
fn histories_take_exactly_the_tables_steps() {
    let alphabets = [alphabet(TOTAL), alphabet(TOTAL - 1)];
    let mut seen = BTreeSet::new();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut draw = |bound: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % bound as u64).unwrap()
    };
    for round in 0..80_000 {
        let alphabet = &alphabets[round % 2];
        let mut order = if matches!(round % 10, 0 | 5) { invoiced() } else { placed() };
        let (mut balance, mut stock) = (0, -2);
        for _ in 0..9 {
            let now = order.updated_at;
            let late = Timestamp::from_millis(HELD_FOR + 1);
            let next = match draw(18) {
                0 => order.cancel("c", now).ok().flatten(),
                1 => order.reserve_due_refunds("c", now),
                2 => order.open_refund_actions().next().and_then(|(id, _)| order.close_refund(id, REFUSED, "c", now)),
                3 => order.fulfil("c", now).ok().flatten(),
                4 => order.expire("c", late.max(now)),
                5 => order.reinstate("c", now),
                6 => order.resolve_review(DECISIONS[draw(3)], "usr_1", "c", now).ok().flatten(),
                7 => order.request_refund(&wanted(&format!("rfd_{}", draw(3)), Some(500)), "c", now).ok().flatten(),
                8 => order.mark_paid("transfer-1", None, "c", now).ok().flatten(),
                _ => order.apply_facts(vec![alphabet[draw(alphabet.len())].clone()], "c", now),
            };
            let Some(change) = next else { continue };
            assert_eq!(change.order.version, order.version + 1);
            if change.order.status != order.status {
                seen.insert((order.status, change.order.status));
            }
            balance += change.ledger.iter().map(|entry| entry.amount.amount).sum::<i64>();
            let facts = &change.order.payment.facts;
            assert_eq!(balance, facts.captured() - facts.refunded() - facts.lost(), "{change:?}");
            stock += change.stock.values().sum::<i64>();
            let held = if change.order.reservation == Reservation::Released { 0 } else { 2 };
            assert_eq!(stock, -held, "{change:?}");
            order = change.order;
        }
    }
    let table: BTreeSet<_> = OrderStatus::ALL
        .into_iter()
        .flat_map(|from| OrderStatus::ALL.into_iter().filter(move |to| from.may_become(*to)).map(move |to| (from, to)))
        .collect();
    assert_eq!(seen.difference(&table).collect::<Vec<_>>(), Vec::<&(OrderStatus, OrderStatus)>::new());
    assert_eq!(table.difference(&seen).collect::<Vec<_>>(), Vec::<&(OrderStatus, OrderStatus)>::new());
}

const DECISIONS: [ReviewDecision; 3] =
    [ReviewDecision::Accept, ReviewDecision::RefundExcess, ReviewDecision::RefundAll];

fn wanted(action: &str, amount: Option<i64>) -> RefundRequest {
    let (action, by) = (action.to_owned(), "usr_1".to_owned());
    RefundRequest { action, amount, reason: RefundReason::RequestedByCustomer, by, transfer: None }
}

fn types(change: &Change) -> Vec<EventType> {
    change.events.iter().map(|event| event.event_type).collect()
}

fn after(order: &Order, fact: PaymentFact) -> Order {
    order.apply_facts(vec![fact], "c", order.updated_at).unwrap().order
}

#[test]
fn what_is_final_is_no_news_when_it_is_heard_again_later() {
    for status in [IntentStatus::Succeeded, IntentStatus::Canceled] {
        let known = after(&placed(), intent("pi_1", status, 5, 0));
        assert_eq!(known.apply_facts(vec![intent("pi_1", status, 9, 0)], "c", known.updated_at), None, "{status:?}");
    }
    let waiting = after(&placed(), intent("pi_1", IntentStatus::Processing, 5, 0));
    assert!(
        waiting.apply_facts(vec![intent("pi_1", IntentStatus::Processing, 9, 0)], "c", waiting.updated_at).is_some()
    );
}

#[test]
fn an_old_failure_never_flips_a_paid_order() {
    let paid = after(&placed(), intent("pi_1", IntentStatus::Succeeded, 5, TOTAL));
    assert_eq!(paid.status, OrderStatus::Paid);
    assert_eq!(paid.apply_facts(vec![intent("pi_1", IntentStatus::PaymentFailed, 9, 0)], "c", paid.updated_at), None);
}

#[test]
fn money_that_does_not_fit_the_order_needs_review() {
    let mut dollars = intent("pi_1", IntentStatus::Succeeded, 1, TOTAL);
    if let PaymentFact::PaymentIntent(fact) = &mut dollars {
        fact.received = Money::new(TOTAL, "usd".parse().unwrap());
    }
    let short = intent("pi_1", IntentStatus::Succeeded, 1, TOTAL - 1);
    for fact in [of_no_order(), dollars, short] {
        let change = placed().apply_facts(vec![fact], "c", Timestamp::from_millis(1)).unwrap();
        assert_eq!(change.order.status, OrderStatus::NeedsReview);
        assert_eq!(change.events[0].event_type, EventType::NeedsReview);
    }
    let paid = after(&placed(), intent("pi_1", IntentStatus::Succeeded, 1, TOTAL));
    assert_eq!(after(&paid, intent("pi_2", IntentStatus::Succeeded, 1, TOTAL)).status, OrderStatus::NeedsReview);
    let transferred = after(&invoiced(), transfer("RE 7"));
    assert_eq!(after(&transferred, intent("pi_1", IntentStatus::Succeeded, 1, TOTAL)).status, OrderStatus::NeedsReview);
}

#[test]
fn cancelling_gives_the_stock_back_once() {
    let cancelled = placed().cancel("c", Timestamp::from_millis(1)).unwrap().unwrap();
    assert_eq!(cancelled.stock, [("MUG".parse().unwrap(), 2)].into());
    assert_eq!(cancelled.order.reservation, Reservation::Released);
    assert_eq!(cancelled.order.cancel("c", Timestamp::from_millis(2)), Ok(None));
    let late = cancelled.order.apply_facts(
        vec![intent("pi_1", IntentStatus::Succeeded, 1, TOTAL)],
        "c",
        Timestamp::from_millis(3),
    );
    assert!(late.unwrap().stock.is_empty());
}

#[test]
fn money_after_a_cancel_is_due_back_reserved_once_and_refunded() {
    let cancelled = placed().cancel("c", Timestamp::from_millis(1)).unwrap().unwrap().order;
    let paid = intent("pi_1", IntentStatus::Succeeded, 1, TOTAL);
    let late = cancelled.apply_facts(vec![paid], "c", Timestamp::from_millis(2)).unwrap();
    assert_eq!(late.order.status, OrderStatus::Cancelled);
    assert!(late.events.iter().any(|event| event.event_type == EventType::RefundDue));
    assert_eq!(late.order.refund_due(), TOTAL);

    let reserved = late.order.reserve_due_refunds("c", Timestamp::from_millis(3)).unwrap().order;
    assert_eq!((reserved.refund_due(), reserved.open_refund_actions().count()), (0, 1));
    assert_eq!(reserved.reserve_due_refunds("c", Timestamp::from_millis(4)), None);

    let action = reserved.open_refund_actions().next().unwrap().0.clone();
    let done = PaymentFact::Refund(RefundFact {
        status: RefundStatus::Succeeded,
        amount: Money::new(TOTAL, eur()),
        intent: Some("pi_1".into()),
        action: Some(action),
        id: "re_9".into(),
    });
    let refunded = after(&reserved, done);
    assert_eq!((refunded.status, refunded.open_refund_actions().count()), (OrderStatus::Refunded, 0));
}

#[test]
fn a_refused_refund_is_left_to_people_and_not_tried_for_ever() {
    let paid = after(&placed(), intent("pi_1", IntentStatus::Succeeded, 1, TOTAL));
    let cancelled = paid.cancel("c", Timestamp::from_millis(1)).unwrap().unwrap().order;
    let reserved = cancelled.reserve_due_refunds("c", Timestamp::from_millis(2)).unwrap().order;
    let action = reserved.open_refund_actions().next().unwrap().0.clone();
    let refused = reserved.close_refund(&action, REFUSED, "c", Timestamp::from_millis(3)).unwrap().order;
    assert_eq!((refused.status, refused.refund_due()), (OrderStatus::NeedsReview, 0));
}

#[test]
fn a_refund_that_the_bank_sends_back_is_left_to_people_and_not_made_again() {
    let paid = after(&placed(), intent("pi_1", IntentStatus::Succeeded, 1, TOTAL));
    let cancelled = paid.cancel("c", Timestamp::from_millis(1)).unwrap().unwrap().order;
    let reserved = cancelled.reserve_due_refunds("c", Timestamp::from_millis(2)).unwrap().order;
    let action = reserved.open_refund_actions().next().map(|(action, _)| action.clone());
    let refund = |status| {
        let (amount, intent) = (Money::new(TOTAL, eur()), Some("pi_1".into()));
        PaymentFact::Refund(RefundFact { status, amount, intent, action: action.clone(), id: "re_9".into() })
    };
    let refunded = after(&reserved, refund(RefundStatus::Succeeded));
    let back = refunded.apply_facts(vec![refund(RefundStatus::Failed)], "c", Timestamp::from_millis(3)).unwrap();
    assert_eq!((back.order.status, back.order.refund_due()), (OrderStatus::NeedsReview, 0));
    assert_eq!(back.events.iter().map(|event| event.event_type).collect::<Vec<_>>(), [EventType::NeedsReview]);
    let by_hand = after(&back.order, self::refund("re_10", RefundStatus::Succeeded, TOTAL));
    assert_eq!(by_hand.status, OrderStatus::Refunded);
}

/// However money moves afterwards, the event for the cancellation's mail is written once.
#[test]
fn an_order_is_announced_as_cancelled_once() {
    let paid = after(&placed(), intent("pi_1", IntentStatus::Succeeded, 1, TOTAL));
    let cancel = paid.cancel("c", paid.updated_at).unwrap().unwrap();
    let mut announced = cancel.events;
    let mut order = cancel.order;
    for fact in [
        refund("re_1", RefundStatus::Succeeded, TOTAL),
        refund("re_1", RefundStatus::Failed, TOTAL),
        dispute(DisputeStatus::NeedsResponse),
        dispute(DisputeStatus::Won),
    ] {
        let change = order.apply_facts(vec![fact], "c", order.updated_at).unwrap();
        announced.extend(change.events);
        order = change.order;
    }
    assert_eq!(order.status, OrderStatus::Cancelled);
    assert_eq!(announced.iter().filter(|event| event.event_type == EventType::Cancelled).count(), 1);
}

#[test]
fn an_abandoned_refund_is_replaced_by_another_action() {
    let paid = after(&placed(), intent("pi_1", IntentStatus::Succeeded, 1, TOTAL));
    let cancelled = paid.cancel("c", Timestamp::from_millis(1)).unwrap().unwrap().order;
    let reserved = cancelled.reserve_due_refunds("c", Timestamp::from_millis(2)).unwrap().order;
    let first = reserved.open_refund_actions().next().unwrap().0.clone();
    let abandoned =
        reserved.close_refund(&first, RefundActionState::Abandoned, "c", Timestamp::from_millis(3)).unwrap();
    assert!(abandoned.events.iter().any(|event| event.event_type == EventType::RefundDue));
    let again = abandoned.order.reserve_due_refunds("c", Timestamp::from_millis(4)).unwrap().order;
    let second = again.open_refund_actions().next().unwrap();
    assert_ne!(*second.0, first);
    assert_eq!((second.1.amount.amount, again.open_refund_actions().count()), (TOTAL, 1));
}

#[test]
fn another_attempt_begins_only_when_the_intent_was_given_up() {
    let attached = placed().attach_intent(
        "pi_1".into(),
        vec![intent("pi_1", IntentStatus::RequiresPaymentMethod, 1, 0)],
        "c",
        Timestamp::from_millis(1),
    );
    let order = attached.unwrap().order;
    assert_eq!(order.next_attempt("c", order.updated_at), None);
    let given_up = after(&order, intent("pi_1", IntentStatus::Canceled, 2, 0));
    let second = given_up.next_attempt("c", given_up.updated_at).unwrap().order;
    assert_eq!((second.payment.attempt, second.payment.intent.clone()), (2, None));
    assert_eq!(second.next_attempt("c", second.updated_at), None);
}

#[test]
fn an_attempt_is_skipped_once_and_only_without_an_intent() {
    let order = placed();
    let second = order.skip_attempt(1, "c", order.updated_at).unwrap().order;
    assert_eq!((second.payment.attempt, second.status), (2, OrderStatus::PendingPayment));
    assert_eq!(second.skip_attempt(1, "c", second.updated_at), None);
    let facts = vec![intent("pi_1", IntentStatus::RequiresPaymentMethod, 1, 0)];
    let attached = second.attach_intent("pi_1".into(), facts, "c", second.updated_at).unwrap().order;
    assert_eq!(attached.skip_attempt(2, "c", attached.updated_at), None);
    let cancelled = order.cancel("c", order.updated_at).unwrap().unwrap().order;
    assert_eq!(cancelled.skip_attempt(1, "c", cancelled.updated_at), None);
}

/// Whatever comes first, the event for the confirmation is written exactly once, and never for a cancelled order.
#[test]
fn an_order_is_announced_as_paid_once() {
    let count = |facts: &[PaymentFact]| {
        let mut order = placed();
        let mut paid = 0;
        for fact in facts {
            let Some(change) = order.apply_facts(vec![fact.clone()], "c", order.updated_at) else { continue };
            paid += change.events.iter().filter(|event| event.event_type == EventType::Paid).count();
            order = change.order;
        }
        paid
    };
    let succeeded = intent("pi_1", IntentStatus::Succeeded, 1, TOTAL);
    let back = refund("re_1", RefundStatus::Pending, TOTAL);
    let failed = refund("re_1", RefundStatus::Failed, TOTAL);
    assert_eq!(count(&[succeeded.clone(), succeeded.clone(), back.clone(), failed.clone()]), 1);
    assert_eq!(count(&[back, succeeded.clone(), failed]), 1);
    assert_eq!(count(&[dispute(DisputeStatus::NeedsResponse), succeeded.clone(), dispute(DisputeStatus::Won)]), 1);
    let cancelled = placed().cancel("c", Timestamp::from_millis(1)).unwrap().unwrap().order;
    let late = cancelled.apply_facts(vec![succeeded], "c", Timestamp::from_millis(2)).unwrap();
    assert!(late.events.iter().all(|event| event.event_type != EventType::Paid));
}
