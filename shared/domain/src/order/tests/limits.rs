//! What a customer's unpaid orders may hold together.

use std::time::Duration;

use super::*;

const LIMITS: ReservationLimits = ReservationLimits { orders: 3, pieces: 10, reservation: Duration::from_hours(1) };

fn line(sku: &str, quantity: u32) -> OrderLine {
    OrderLine { sku: sku.parse().unwrap(), name: sku.into(), quantity, unit_price: Money::new(100, eur()) }
}

fn id(n: u128) -> OrderId {
    OrderId::from_uuid(Uuid::from_u128(n))
}

fn unpaid(n: u128, lines: &[OrderLine]) -> Order {
    Order { id: id(n), lines: lines.to_vec(), ..placed() }
}

fn wanted(lines: &[(&str, u32)]) -> Vec<CartLine> {
    lines.iter().map(|(sku, quantity)| CartLine { sku: sku.parse().unwrap(), quantity: *quantity }).collect()
}

fn attempt(n: u128, lines: &[(&str, u32)]) -> ReservationAttempt {
    ReservationAttempt::to_place(id(n), &wanted(lines))
}

/// Whether an order may be placed beside these, and these attempts.
fn check(lines: &[OrderLine], stored: &[Order], attempts: &[ReservationAttempt]) -> Result<(), ReservationRefused> {
    LIMITS.check_new(lines, &UnpaidOrders::of(stored, attempts))
}

fn too_many(sku: &str, line: usize) -> Result<(), ReservationRefused> {
    Err(ReservationRefused::TooManyPieces { sku: sku.parse().unwrap(), line, most: 10 })
}

#[test]
fn a_customers_unpaid_orders_are_so_many_and_hold_so_much() {
    let two = [unpaid(1, &[line("MUG", 4), line("CUP", 1)]), unpaid(2, &[line("MUG", 4)])];
    assert_eq!(check(&[line("MUG", 2), line("CUP", 9)], &two, &[]), Ok(()));
    assert_eq!(check(&[line("CUP", 9), line("MUG", 3)], &two, &[]), too_many("MUG", 1));
    assert_eq!(check(&[line("CUP", 11)], &[], &[]), too_many("CUP", 0), "one order alone");
    let three = [two[0].clone(), two[1].clone(), unpaid(3, &[line("JAR", 1)])];
    assert_eq!(check(&[line("TEA", 1)], &three, &[]), Err(ReservationRefused::TooManyOrders(3)));
}

#[test]
fn only_what_is_neither_paid_nor_given_up_counts() {
    let order = unpaid(1, &[line("MUG", 10)]);
    let paid = after(&order, intent("pi_1", IntentStatus::Succeeded, 1, TOTAL));
    let processing = after(&order, intent("pi_1", IntentStatus::Processing, 1, 0));
    let cancelled = order.cancel("c", order.updated_at).unwrap().unwrap().order;
    let others = [paid, processing, cancelled];
    for other in &others {
        let stored = std::slice::from_ref(other);
        assert_eq!(check(&[line("MUG", 10)], stored, &[attempt(1, &[("MUG", 10)])]), Ok(()), "{}", other.status);
    }
    assert_eq!(check(&[line("MUG", 10)], &[order], &[]), too_many("MUG", 0));
}

#[test]
fn an_attempt_counts_as_if_it_had_succeeded_and_together_with_its_order_once() {
    let attempts = [attempt(1, &[("MUG", 5)]), attempt(2, &[("MUG", 2), ("CUP", 8)])];
    assert_eq!(check(&[line("MUG", 3), line("CUP", 2)], &[], &attempts), Ok(()));
    assert_eq!(check(&[line("MUG", 4)], &[], &attempts), too_many("MUG", 0));
    let three = [unpaid(3, &[line("JAR", 1)])];
    assert_eq!(check(&[line("TEA", 1)], &three, &attempts), Err(ReservationRefused::TooManyOrders(3)));
    for (stored, tried) in [(4, 7), (7, 4), (7, 7)] {
        let order = [unpaid(1, &[line("MUG", stored), line("CUP", 9)])];
        let tried = [("MUG", tried), ("MUG", 1)].map(|line| ReservationAttempt::to_edit(id(1), &wanted(&[line])));
        assert_eq!(check(&[line("MUG", 3), line("CUP", 1)], &order, &tried), Ok(()), "{stored} stored");
        assert_eq!(check(&[line("MUG", 4)], &order, &tried), too_many("MUG", 0), "{stored} stored");
        assert_eq!(check(&[line("CUP", 2)], &order, &tried), too_many("CUP", 0), "what only the order holds");
    }
    let edited_since = [unpaid(1, &[line("MUG", 1)])];
    assert_eq!(check(&[line("MUG", 7)], &edited_since, &attempts), Ok(()), "one is placed");
    assert_eq!(check(&[line("MUG", 8)], &edited_since, &attempts), too_many("MUG", 0));
}

#[test]
fn an_edit_may_keep_what_the_order_holds_and_take_no_more_than_is_allowed() {
    let (order, other) = (unpaid(1, &[line("MUG", 8), line("CUP", 1)]), unpaid(2, &[line("MUG", 8)]));
    let others = UnpaidOrders::of(&[other], &[attempt(3, &[("JAR", 6)])]);
    let edit = |lines: &[OrderLine]| LIMITS.check_edit(&order, lines, &others);
    assert_eq!(edit(&[line("MUG", 8), line("CUP", 10)]), Ok(()), "however the limits were when it was placed");
    assert_eq!(edit(&[line("MUG", 7)]), Ok(()));
    assert_eq!(edit(&[line("CUP", 1), line("MUG", 9)]), too_many("MUG", 1));
    assert_eq!(edit(&[line("CUP", 11)]), too_many("CUP", 0));
    assert_eq!((edit(&[line("JAR", 4)]), edit(&[line("JAR", 5)])), (Ok(()), too_many("JAR", 0)));
    let holds = |lines: &[(&str, u32)]| order.holds(&wanted(lines));
    assert!(holds(&[("MUG", 8)]) && holds(&[("CUP", 1), ("MUG", 1)]));
    assert!(!holds(&[("MUG", 9)]) && !holds(&[("MUG", 1), ("TEA", 1)]));
}

#[test]
fn orders_are_looked_at_as_long_as_they_may_be_unpaid() {
    let now = Timestamp::from_seconds(10_000);
    assert_eq!(LIMITS.since(now), Timestamp::from_seconds(10_000 - 75 * 60));
}
