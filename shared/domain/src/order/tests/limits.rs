//! What a customer's unpaid orders may hold together.

use std::time::Duration;

use super::*;

const LIMITS: ReservationLimits = ReservationLimits { orders: 3, pieces: 10, reservation: Duration::from_hours(1) };

fn line(sku: &str, quantity: u32) -> OrderLine {
    OrderLine { sku: sku.parse().unwrap(), name: sku.into(), quantity, unit_price: Money::new(100, eur()) }
}

fn unpaid(lines: &[OrderLine]) -> Order {
    Order { lines: lines.to_vec(), ..placed() }
}

fn too_many(sku: &str, line: usize) -> Result<(), ReservationRefused> {
    Err(ReservationRefused::TooManyPieces { sku: sku.parse().unwrap(), line, most: 10 })
}

#[test]
fn a_customers_unpaid_orders_are_so_many_and_hold_so_much() {
    let two = [unpaid(&[line("MUG", 4), line("CUP", 1)]), unpaid(&[line("MUG", 4)])];
    assert_eq!(LIMITS.check_new(&[line("MUG", 2), line("CUP", 9)], &two), Ok(()));
    assert_eq!(LIMITS.check_new(&[line("CUP", 9), line("MUG", 3)], &two), too_many("MUG", 1));
    assert_eq!(LIMITS.check_new(&[line("CUP", 11)], &[]), too_many("CUP", 0), "one order alone");
    let three = [two[0].clone(), two[1].clone(), unpaid(&[line("JAR", 1)])];
    assert_eq!(LIMITS.check_new(&[line("TEA", 1)], &three), Err(ReservationRefused::TooManyOrders(3)));
}

#[test]
fn only_what_is_neither_paid_nor_given_up_counts() {
    let order = unpaid(&[line("MUG", 10)]);
    let paid = after(&order, intent("pi_1", IntentStatus::Succeeded, 1, TOTAL));
    let processing = after(&order, intent("pi_1", IntentStatus::Processing, 1, 0));
    let cancelled = order.cancel("c", order.updated_at).unwrap().unwrap().order;
    let others = [paid, processing, cancelled];
    assert_eq!(LIMITS.check_new(&[line("MUG", 10)], &others), Ok(()));
    assert_eq!(LIMITS.check_new(&[line("MUG", 10)], &[order]), too_many("MUG", 0));
}

#[test]
fn an_edit_may_keep_what_the_order_holds_and_take_no_more_than_is_allowed() {
    let (order, other) = (unpaid(&[line("MUG", 8), line("CUP", 1)]), unpaid(&[line("MUG", 8)]));
    let edit = |lines: &[OrderLine]| LIMITS.check_edit(&order, lines, std::slice::from_ref(&other));
    assert_eq!(edit(&[line("MUG", 8), line("CUP", 10)]), Ok(()), "however the limits were when it was placed");
    assert_eq!(edit(&[line("MUG", 7)]), Ok(()));
    assert_eq!(edit(&[line("CUP", 1), line("MUG", 9)]), too_many("MUG", 1));
    assert_eq!(edit(&[line("CUP", 11)]), too_many("CUP", 0));
}

#[test]
fn orders_are_looked_at_as_long_as_they_may_be_unpaid() {
    let now = Timestamp::from_seconds(10_000);
    assert_eq!(LIMITS.since(now), Timestamp::from_seconds(10_000 - 75 * 60));
}
