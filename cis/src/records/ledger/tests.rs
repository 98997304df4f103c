use domain::{IntentFact, IntentStatus, LedgerKind, RefundFact, RefundStatus};
use testkit::Sample;

use super::*;

fn eur(amount: i64) -> Money {
    Money::new(amount, "eur".parse().unwrap())
}

fn order() -> Order {
    let line: &[(&str, &str, u32, i64)] = &[("MUG", "Mug", 1, 2500)];
    Sample { id: id(), lines: line, placed_at: Timestamp::from_millis(0), ..Sample::default() }.place().order
}

fn id() -> OrderId {
    "ord_00000000000000000000000000000007".parse().unwrap()
}

fn paid(intent: &str, order_id: Option<OrderId>) -> PaymentFact {
    let (status, amount) = (IntentStatus::Succeeded, eur(2500));
    PaymentFact::PaymentIntent(IntentFact {
        id: intent.into(),
        status,
        seen_at: 1,
        created: 1,
        amount,
        received: amount,
        order_id,
    })
}

fn refunded(amount: i64) -> PaymentFact {
    let (status, amount, intent) = (RefundStatus::Succeeded, eur(amount), Some("pi_1".into()));
    PaymentFact::Refund(RefundFact { status, amount, intent, action: None, id: "re_1".into() })
}

fn known(facts: &[PaymentFact]) -> KnownFacts {
    let mut known = KnownFacts::default();
    known.extend(facts.iter().cloned());
    known
}

/// The order that knows these facts, with its ledger.
fn after(facts: &[PaymentFact]) -> (Order, Vec<LedgerEntry>) {
    let change = order().apply_facts(facts.to_vec(), "c", Timestamp::from_millis(1)).unwrap();
    (change.order, change.ledger)
}

#[test]
fn order_ledger_and_stripe_agree_or_it_shows_who_does_not() {
    let facts = [paid("pi_1", Some(id())), refunded(1000)];
    let (order, ledger) = after(&facts);
    let same = Balance::of(&order, &ledger, known(&facts));
    assert!(same.agrees(), "{same}");
    let text = "order 15.00 EUR (25.00 EUR received, 10.00 EUR refunded, 0.00 EUR lost) = ledger 15.00 EUR = Stripe 15.00 EUR (25.00 EUR received, 10.00 EUR refunded, 0.00 EUR lost)";
    assert_eq!(same.to_string(), text);

    let missed = Balance::of(&order, &ledger, known(&facts[..1]));
    assert!(!missed.agrees() && missed.to_string().contains("≠ Stripe 25.00 EUR"), "{missed}");
    let unbooked = Balance::of(&order, &ledger[..1], known(&facts));
    assert!(!unbooked.agrees() && unbooked.to_string().contains("≠ ledger 25.00 EUR"), "{unbooked}");
}

/// The same balance by other money is not the same.
#[test]
fn what_came_and_went_counts_and_not_the_balance_alone() {
    let (order, ledger) = after(&[paid("pi_1", Some(id())), refunded(2500)]);
    assert_eq!(Balance::of(&order, &ledger, known(&[])).ledger, 0);
    assert!(!Balance::of(&order, &ledger, known(&[])).agrees());
}

#[test]
fn the_table_has_each_movement_with_the_balance_after_it() {
    let (_, ledger) = after(&[paid("pi_1", Some(id())), refunded(1000)]);
    assert_eq!(ledger.iter().map(|entry| entry.kind).collect::<Vec<_>>(), [LedgerKind::Payment, LedgerKind::Refund]);
    let lines = table(&ledger);
    assert_eq!(lines.len(), 3);
    assert!(lines[1].contains("payment") && lines[1].contains("pi_1") && lines[1].ends_with("25.00 EUR"), "{lines:?}");
    assert!(lines[2].contains("-10.00 EUR") && lines[2].ends_with("15.00 EUR"), "{lines:?}");
}

#[test]
fn stripes_objects_are_of_the_order_that_they_name_or_that_knows_them_and_else_of_nobody() {
    let (knows, _) = after(&[paid("pi_1", None)]);
    let other = "ord_00000000000000000000000000000009".parse().ok();
    let facts = known(&[paid("pi_1", None), paid("pi_2", Some(id())), paid("pi_3", other), refunded(1000)]);
    let sorted = StripeFacts::sorted(&facts, [&knows]);
    let mine = &sorted.of_orders[&id()];
    assert_eq!(mine.intents().map(|intent| intent.id.as_str()).collect::<Vec<_>>(), ["pi_1", "pi_2"]);
    assert_eq!(mine.refunded(), 1000);
    assert_eq!(sorted.of_nobody.intents().map(|intent| intent.id.as_str()).collect::<Vec<_>>(), ["pi_3"]);
}

#[test]
fn money_for_no_order_is_a_stray_until_all_of_it_went_back() {
    let strays = |facts: &[PaymentFact]| StripeFacts::sorted(&known(facts), &[]).strays().count();
    assert_eq!(strays(&[paid("pi_1", None)]), 1);
    assert_eq!(strays(&[paid("pi_1", None), refunded(1000)]), 1);
    assert_eq!(strays(&[paid("pi_1", None), refunded(2500)]), 0);
}
