//! How large an order becomes. DynamoDB's items have at most 400 KB; JSON is about as long as an item with the same fields.

use super::*;
use crate::cart::{MAX_LINES, MAX_QUANTITY};

/// The most bytes of an order, but for refunds that were made in Stripe's dashboard.
const MAX_BYTES: usize = 100_000;
/// The most bytes of each of those.
const MAX_DASHBOARD_REFUND: usize = 40;
const LONGEST: usize = 200;

fn bytes(order: &Order) -> usize {
    serde_json::to_vec(order).unwrap().len()
}

/// Ids as long as Stripe's.
fn id(prefix: &str, n: usize) -> String {
    format!("{prefix}_3MTUgZ2eZvKYlo2C{n:08}")
}

/// An order of the most lines, with the longest texts that are accepted.
fn largest(method: PaymentMethod) -> Order {
    // Four bytes each in UTF-8.
    let text = || "\u{1F375}".repeat(LONGEST);
    let mut order = placed_by(method, None);
    let line = |n| OrderLine {
        sku: format!("{n:064}").parse().unwrap(),
        name: text(),
        quantity: MAX_QUANTITY,
        unit_price: Money::new(99_999_999, eur()),
    };
    order.lines = (0..MAX_LINES).map(line).collect();
    order.placed_lines = Some(order.first_lines());
    let shipping_address = Address {
        name: text(),
        line1: text(),
        line2: Some(text()),
        city: text(),
        state: Some(text()),
        postal_code: Some(text()),
        country: "DE".into(),
    };
    let email = format!("{}@{}.example", "a".repeat(64), "b".repeat(63)).parse().unwrap();
    order.person = Person::Known(Contact { email, shipping_address });
    order
}

fn canceled(n: usize) -> PaymentFact {
    intent(&id("pi", n), IntentStatus::Canceled, 1, 0)
}

fn dashboard(n: usize, status: RefundStatus) -> PaymentFact {
    refund(&id("re", n), status, 1)
}

fn request(order: &Order, n: usize) -> RefundRequest {
    let by = CustomerId::from_uuid(Uuid::from_u128(n as u128)).to_string();
    let transfer = (order.payment.method != PaymentMethod::Stripe).then(|| format!("{n:0>140}"));
    RefundRequest { by, transfer, ..wanted(&format!("rfd_{n:032}"), Some(1)) }
}

/// Each attempt that the order may have, and each refund that may be requested: carried out, and come back.
fn with_the_most_of_everything(method: PaymentMethod) -> Order {
    let mut order = largest(method);
    order.payment.attempt = MAX_ATTEMPTS;
    for n in 0..MAX_ATTEMPTS as usize {
        order = after(&order, canceled(n));
    }
    order = after(&order, if method == PaymentMethod::Stripe { of_no_order() } else { transfer("RE 1") });
    order = order
        .resolve_review(ReviewDecision::Accept, "usr_1", "c", order.updated_at)
        .map_or_else(|_| order.clone(), |change| change.unwrap().order);
    for n in 0..MAX_REQUESTED_REFUNDS {
        let wanted = request(&order, n);
        order = order.request_refund(&wanted, "c", order.updated_at).unwrap().unwrap().order;
        if method == PaymentMethod::Stripe {
            let (amount, action) = (Money::new(1, eur()), Some(wanted.action));
            let (status, id) = (RefundStatus::Failed, id("re", n).as_str().into());
            let made = RefundFact { status, amount, intent: Some("pi_1".into()), action, id };
            order = after(&order, PaymentFact::Refund(made));
        }
    }
    order
}

#[test]
fn an_order_with_the_most_of_everything_stays_small() {
    for method in [PaymentMethod::Stripe, invoiced().payment.method] {
        let order = with_the_most_of_everything(method);
        assert!((70_000..MAX_BYTES).contains(&bytes(&order)), "{} bytes", bytes(&order));
        let one_more = request(&order, MAX_REQUESTED_REFUNDS);
        assert_eq!(order.request_refund(&one_more, "c", order.updated_at), Err(RefundRefused::TooMany));
        let known = request(&order, 0);
        assert_eq!(order.request_refund(&known, "c", order.updated_at), Ok(None), "a repetition is none more");
        assert_eq!(serde_json::from_value::<Order>(serde_json::to_value(&order).unwrap()).unwrap(), order);
    }
}

#[test]
fn an_order_has_so_many_attempts_to_pay() {
    let mut order = placed();
    let of_many = |quantity| OrderLine { quantity, ..placed().lines[0].clone() };
    let edit = |order: &Order, quantity: u32| {
        let total = Money::new(i64::from(quantity), eur());
        order.edit(OrderEdit { lines: Some((vec![of_many(quantity)], total)), contact: None }, "c", order.updated_at)
    };
    for attempt in 1..MAX_ATTEMPTS {
        let live = intent(&format!("pi_{attempt}"), IntentStatus::RequiresPaymentMethod, 1, 0);
        let asked = order.attach_intent(format!("pi_{attempt}").as_str().into(), vec![live], "c", order.updated_at);
        assert_eq!(edit(&asked.as_ref().unwrap().order, attempt), Err(EditRefused::IntentLive));
        order = after(&asked.unwrap().order, intent(&format!("pi_{attempt}"), IntentStatus::Canceled, 1, 0));
        order = edit(&order, attempt).unwrap().unwrap().order;
    }
    assert_eq!(order.payment.attempt, MAX_ATTEMPTS);
    let live = vec![intent("pi_last", IntentStatus::RequiresPaymentMethod, 1, 0)];
    let last = order.attach_intent("pi_last".into(), live, "c", order.updated_at).unwrap().order;
    assert_eq!(edit(&last, 1000), Err(EditRefused::TooManyAttempts), "before its intent is given up");
    assert!(!last.has_used_up_attempts(), "it can still be paid");
    let same_total = OrderEdit { lines: Some((vec![of_many(1000)], last.total)), contact: None };
    assert!(last.edit(same_total, "c", last.updated_at).is_ok());
    let over = after(&last, intent("pi_last", IntentStatus::Canceled, 1, 0));
    assert!(over.has_used_up_attempts() && over.next_attempt("c", over.updated_at).is_none());
    assert_eq!(order.skip_attempt(MAX_ATTEMPTS, "c", order.updated_at), None);
    let paid = after(&over, intent("pi_late", IntentStatus::Succeeded, 2, over.total.amount));
    assert_eq!(paid.status, OrderStatus::Paid, "money is never refused");
}

#[test]
fn a_thousand_refunds_of_the_dashboard_are_all_known_and_take_little_room() {
    let mut order = after(&placed(), intent("pi_1", IntentStatus::Succeeded, 1, TOTAL));
    let mut booked = 0;
    for n in 0..1000 {
        for status in [RefundStatus::Pending, RefundStatus::Succeeded] {
            let change = order.apply_facts(vec![dashboard(n, status)], "c", order.updated_at).unwrap();
            booked += change.ledger.iter().map(|entry| entry.amount.amount).sum::<i64>();
            order = change.order;
        }
    }
    assert_eq!((order.payment.facts.refunded(), booked), (1000, -1000));
    assert!(bytes(&order) < 2000 + 1000 * MAX_DASHBOARD_REFUND, "{} bytes", bytes(&order));
    for n in 0..1000 {
        assert_eq!(order.apply_facts(vec![dashboard(n, RefundStatus::Succeeded)], "c", order.updated_at), None);
    }
    let back = order.apply_facts(vec![dashboard(500, RefundStatus::Failed)], "c", order.updated_at).unwrap();
    assert_eq!((back.ledger[0].object.as_str(), back.ledger[0].amount.amount), (&*id("re", 500), 1));
    assert_eq!(serde_json::from_value::<Order>(serde_json::to_value(&back.order).unwrap()).unwrap(), back.order);
}

#[test]
fn refunds_that_are_abandoned_for_others_do_not_pile_up() {
    let paid = after(&placed(), intent("pi_1", IntentStatus::Succeeded, 1, TOTAL));
    let mut order = paid.cancel("c", paid.updated_at).unwrap().unwrap().order;
    let (mut ids, mut most) = (BTreeSet::new(), 0);
    for round in 0..500 {
        let now = Timestamp::from_seconds(100 + round);
        order = order.reserve_due_refunds("c", now).unwrap().order;
        let open: Vec<String> = order.open_refund_actions().map(|(id, _)| id.clone()).collect();
        assert_eq!(open.len(), 1);
        assert!(ids.insert(open[0].clone()), "{} has been used: Stripe would give the old answer", open[0]);
        order = order.close_refund(&open[0], RefundActionState::Abandoned, "c", now).unwrap().order;
        assert_eq!((order.refund_due(), order.status), (TOTAL, OrderStatus::Cancelled));
        most = most.max(bytes(&order));
    }
    assert!(most < 6000, "{most} bytes");
    let late = RefundFact {
        status: RefundStatus::Succeeded,
        amount: Money::new(TOTAL, eur()),
        intent: Some("pi_1".into()),
        action: ids.first().cloned(),
        id: "re_1".into(),
    };
    assert_eq!(after(&order, PaymentFact::Refund(late)).status, OrderStatus::Refunded, "forgotten, and carried out");
}

proptest! {
    /// An order comes back from its stored form as it was, and its facts merge afterwards as before.
    #[test]
    fn facts_are_the_same_after_they_were_stored(
        facts in prop::collection::vec(fact(), 0..12),
        more in prop::collection::vec(fact(), 0..4),
    ) {
        let known = knowing(&facts);
        let stored: KnownFacts = serde_json::from_value(serde_json::to_value(&known).unwrap()).unwrap();
        prop_assert_eq!(&stored, &known);
        let more = knowing(&more);
        prop_assert_eq!(joined(&stored, &more), joined(&known, &more));
        for fact in facts {
            prop_assert!(stored.contains(&fact), "{:?}", fact);
        }
    }

}

proptest! {
    // Each case is a long history of a large order.
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Whatever customers, staff, services and Stripe do, in any order.
    #[test]
    fn no_history_makes_an_order_large(steps in prop::collection::vec((0_u8..10, 0_usize..200), 0..400)) {
        let mut order = largest(PaymentMethod::Stripe);
        let mut from_dashboard = BTreeSet::new();
        for (millis, (step, n)) in (1..).zip(steps) {
            let now = Timestamp::from_millis(millis);
            let open = order.open_refund_actions().next().map(|(id, _)| id.clone());
            let change = match (step, open) {
                (0, _) => {
                    let total = Money::new(TOTAL + i64::try_from(n).unwrap(), eur());
                    order.edit(OrderEdit { lines: Some((order.lines.clone(), total)), contact: None }, "c", now).ok().flatten()
                }
                (1, _) => {
                    let name = id("pi", n);
                    let live = vec![intent(&name, IntentStatus::RequiresAction, 1, 0)];
                    order.payment.intent.is_none().then(|| order.attach_intent(name.as_str().into(), live, "c", now)).flatten()
                }
                (2, _) => {
                    let live = order.payment.facts.live().next().map(|live| live.id.clone());
                    let gone = live.map(|live| vec![intent(live.as_str(), IntentStatus::Canceled, 2, 0)]);
                    gone.and_then(|gone| order.apply_facts(gone, "c", now))
                }
                (3, _) => order.next_attempt("c", now),
                (4, _) => order.apply_facts(vec![intent("pi_1", IntentStatus::Succeeded, 1, order.total.amount)], "c", now),
                (5, _) => order.request_refund(&request(&order, n), "c", now).ok().flatten(),
                (6, Some(action)) => order.refuse_refund(&action, Some("charge_disputed"), "c", now),
                (7, Some(action)) => order.close_refund(&action, RefundActionState::Abandoned, "c", now),
                (6 | 7, None) => order.reserve_due_refunds("c", now),
                (8, _) => {
                    from_dashboard.insert(n);
                    order.apply_facts(vec![dashboard(n, RefundStatus::Succeeded)], "c", now)
                }
                _ if n == 0 => order.cancel("c", now).ok().flatten(),
                _ => order.resolve_review(DECISIONS[n % 3], "usr_1", "c", now).ok().flatten(),
            };
            order = change.map_or(order, |change| change.order);
        }
        let most = MAX_BYTES + from_dashboard.len() * MAX_DASHBOARD_REFUND;
        prop_assert!(bytes(&order) < most, "{} bytes, {} refunds of the dashboard", bytes(&order), from_dashboard.len());
    }
}
