//! What nobody tells the shop: orders that are never paid, invoices that are late; and, in `differences`, what Stripe has
//! and the shop does not know.

mod differences;

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::mem::replace;
use std::task::Poll;
use std::time::Duration;

use domain::OrderStatus::{self, Cancelled, Paid, PaymentProcessing, PendingPayment};
use domain::{
    Cart, CartRequest, EventType, IntentFact, IntentStatus, Money, Order, OrderId, PaymentFact, PaymentMethod,
    PricedCart, Timestamp,
};
use futures::future::join;
use http::StatusCode;
use resilience::{Clock as _, Deadline, Ids as _};
use sandbox::{Fault, FaultKind, Provider};
use serde_json::{Value, json};
use store::{Orders as _, PageRequest, ReceiptSource};

use super::shop::{PlacedOrder, STOCK, Shop, placed};

/// As long as goods wait for their money, and some.
const TOO_LONG: Duration = Duration::from_mins(61);
/// More effects than a run has for one order.
const EFFECTS: u32 = 24;

/// What a schedule calls its function with.
fn scheduled(function: &str) -> Value {
    let path = format!("{}/../events/{function}/scheduled.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn run(shop: &Shop, function: &str) -> Value {
    shop.clock.run(shop.suite.call(function, scheduled(function))).unwrap()
}

fn expire(shop: &Shop) -> Value {
    run(shop, "expire-orders")
}

fn done(expired: u32, deferred: u32, overdue_invoices: u32) -> Value {
    json!({ "expired": expired, "deferred": deferred, "overdue_invoices": overdue_invoices })
}

/// An order that was not paid in time, with all that is on its way for it delivered.
fn unpaid(shop: &Shop, key: &str) -> PlacedOrder {
    let placed = shop.order(key);
    shop.settle();
    placed
}

fn intent_status(shop: &Shop, placed: &PlacedOrder) -> String {
    let stripe = shop.at_stripe();
    let mut intents = stripe["payment_intents"].as_array().unwrap().iter();
    let intent = intents.find(|intent| intent["id"] == placed.intent.as_str()).unwrap();
    intent["status"].as_str().unwrap().to_owned()
}

fn order(shop: &Shop, placed: &PlacedOrder) -> Order {
    shop.orders().into_iter().find(|order| order.id.to_string() == placed.order_id).unwrap()
}

fn events(shop: &Shop, order: &Order) -> Vec<EventType> {
    let page = PageRequest { limit: 100, after: None };
    let events = shop.clock.run(shop.store().events(order.id, &page)).unwrap();
    events.items.iter().map(|event| event.event_type).collect()
}

fn drop_webhooks(shop: &Shop) {
    shop.suffers(Fault::new(FaultKind::WebhookDrop { acknowledged: true }).at(Provider::Stripe));
}

/// The order was called off once: nothing can pay it, its goods are back, and whoever ordered was told.
fn assert_expired_once(shop: &Shop, placed: &PlacedOrder, what: &str) {
    shop.settle();
    assert_eq!((shop.status(placed), shop.stock()), (Cancelled, STOCK), "{what}");
    assert_eq!(intent_status(shop, placed), "canceled", "{what}");
    let told = events(shop, &order(shop, placed));
    assert_eq!(told.iter().filter(|event| **event == EventType::Cancelled).count(), 1, "{what}: {told:?}");
    assert_eq!(shop.mails(), ["order_cancelled"], "{what}");
    assert_eq!(shop.dead_letters(), 0, "{what}");
}

#[test]
fn an_order_that_is_not_paid_expires_and_its_goods_return_once() {
    let shop = Shop::open();
    let placed = unpaid(&shop, "key-1");
    shop.clock.advance(Duration::from_mins(58));
    assert_eq!(expire(&shop), done(0, 0, 0));
    assert_eq!((shop.status(&placed), shop.stock()), (PendingPayment, STOCK - 2), "it may still be paid");
    shop.clock.advance(Duration::from_mins(3));
    assert_eq!(expire(&shop), done(1, 0, 0));
    assert_expired_once(&shop, &placed, "after an hour");
    assert_eq!(expire(&shop), done(0, 0, 0));
    assert_expired_once(&shop, &placed, "a second run");
    assert!(shop.pay(&placed, "pm_card_visa")["error"].is_object(), "nothing can pay it any more");
    let shown = shop.get(&format!("/v1/orders/{}", placed.order_id));
    assert_eq!(shown["cancel_reason"], "expired");
}

#[test]
fn the_schedule_lets_orders_expire_by_itself() {
    let shop = Shop::open();
    let placed = unpaid(&shop, "key-1");
    shop.clock.advance(Duration::from_hours(24));
    assert_expired_once(&shop, &placed, "a day later");
}

#[test]
fn an_order_paid_while_webhooks_are_lost_does_not_expire_but_is_paid() {
    let shop = Shop::open();
    let placed = unpaid(&shop, "key-1");
    drop_webhooks(&shop);
    shop.pay(&placed, "pm_card_visa");
    shop.clock.advance(TOO_LONG);
    assert_eq!(shop.status(&placed), PendingPayment, "nobody told");
    assert_eq!(expire(&shop), done(0, 0, 0));
    shop.settle();
    shop.assert_paid_once(&placed);
    assert_eq!(shop.stock(), STOCK - 2);
    let receipts = shop.clock.run(shop.store().receipts(order(&shop, &placed).id)).unwrap();
    assert_eq!(receipts.iter().filter(|receipt| receipt.source == ReceiptSource::Expiry).count(), 1);
}

/// Gives others so many turns first.
async fn turns(number: u32) {
    for _ in 0..number {
        let mut is_over = false;
        poll_fn(|context| {
            if replace(&mut is_over, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

#[test]
fn at_expiry_and_payment_in_one_moment_stripe_decides_and_everybody_follows() {
    let mut ends = BTreeSet::new();
    for number in 0..EFFECTS {
        let shop = Shop::open();
        let placed = unpaid(&shop, "key-1");
        shop.clock.advance(TOO_LONG);
        let paying = async {
            turns(number).await;
            shop.pay_now(&placed, "pm_card_visa").await
        };
        let (answer, ended) =
            shop.clock.run(join(paying, shop.suite.call("expire-orders", scheduled("expire-orders"))));
        ended.unwrap();
        shop.settle();
        let status = shop.status(&placed);
        if status == Paid {
            shop.assert_paid_once(&placed);
            assert_eq!((&answer["status"], shop.stock()), (&json!("succeeded"), STOCK - 2), "turn {number}");
        } else {
            assert!(answer["error"].is_object(), "turn {number}: {answer}");
            assert_expired_once(&shop, &placed, "expired");
        }
        ends.insert(status);
    }
    assert_eq!(ends, BTreeSet::from([Paid, Cancelled]), "both were tried");
}

#[test]
fn a_debit_that_the_bank_works_on_for_days_does_not_expire_until_it_fails() {
    for (outcome, end, stock) in [("success", Paid, STOCK - 2), ("fail", Cancelled, STOCK)] {
        let shop = Shop::open();
        let placed = unpaid(&shop, "key-1");
        assert_eq!(shop.pay(&placed, "pm_sepaDebit_success")["status"], "processing");
        // Nobody tells us that the bank is at work: Stripe says so when it is asked to cancel.
        for _ in 0..3 {
            shop.clock.advance(Duration::from_hours(24));
            shop.settle();
            assert_eq!((shop.status(&placed), shop.stock()), (PaymentProcessing, STOCK - 2));
        }
        shop.control(&format!("payment_intents/{}/settle", placed.intent), format!("outcome={outcome}"));
        shop.settle();
        expire(&shop);
        shop.settle();
        assert_eq!((shop.status(&placed), shop.stock()), (end, stock), "{outcome}");
    }
}

#[test]
fn a_debit_that_nobody_told_of_is_seen_when_the_intent_is_to_be_cancelled() {
    let shop = Shop::open();
    let placed = unpaid(&shop, "key-1");
    drop_webhooks(&shop);
    shop.pay(&placed, "pm_sepaDebit_success");
    shop.clock.advance(TOO_LONG);
    assert_eq!(expire(&shop), done(0, 0, 0));
    assert_eq!((shop.status(&placed), shop.stock()), (PaymentProcessing, STOCK - 2));
}

#[test]
fn two_runs_at_once_expire_an_order_once() {
    let shop = Shop::open();
    let placed = unpaid(&shop, "key-1");
    shop.clock.advance(TOO_LONG);
    let call = || shop.suite.call("expire-orders", scheduled("expire-orders"));
    let (one, other) = shop.clock.run(join(call(), call()));
    let expired = |answer: Value| answer["expired"].as_u64().unwrap();
    assert_eq!(expired(one.unwrap()) + expired(other.unwrap()), 1);
    assert_expired_once(&shop, &placed, "two runs");
}

#[test]
fn a_run_that_dies_anywhere_is_finished_by_the_next() {
    let mut deaths = 0;
    for n in 1..=EFFECTS {
        let shop = Shop::open();
        let placed = unpaid(&shop, "key-1");
        shop.clock.advance(TOO_LONG);
        shop.suite.kill_next("expire-orders", n);
        deaths += u32::from(shop.clock.run(shop.suite.call("expire-orders", scheduled("expire-orders"))).is_err());
        expire(&shop);
        assert_expired_once(&shop, &placed, &format!("died at {n}"));
    }
    assert!((12..EFFECTS).contains(&deaths), "before and after every effect, and not beyond: {deaths}");
}

#[test]
fn a_run_that_dies_anywhere_leaves_a_paid_order_paid() {
    for n in 1..=EFFECTS {
        let shop = Shop::open();
        let placed = unpaid(&shop, "key-1");
        drop_webhooks(&shop);
        shop.pay(&placed, "pm_card_visa");
        shop.clock.advance(TOO_LONG);
        shop.suite.kill_next("expire-orders", n);
        let _ = shop.clock.run(shop.suite.call("expire-orders", scheduled("expire-orders")));
        expire(&shop);
        shop.settle();
        shop.assert_paid_once(&placed);
        assert_eq!(shop.stock(), STOCK - 2, "died at {n}");
    }
}

#[test]
fn while_stripe_is_down_orders_with_an_intent_wait_and_the_others_go_on() {
    let shop = Shop::open();
    let with_intent = unpaid(&shop, "key-1");
    shop.suffers(Fault::new(FaultKind::Unavailable).at(Provider::Stripe));
    let answer = shop.clock.run(shop.place("key-2"));
    assert_eq!(answer.status(), StatusCode::CREATED);
    let without = placed(&answer);
    shop.clock.advance(TOO_LONG);
    assert_eq!(expire(&shop), done(1, 1, 0));
    assert_eq!((shop.status(&with_intent), shop.status(&without)), (PendingPayment, Cancelled));
    shop.recovers();
    assert_eq!(expire(&shop), done(1, 0, 0));
    assert_eq!((shop.status(&with_intent), shop.stock()), (Cancelled, STOCK));
}

#[test]
fn one_intent_that_stripe_always_fails_over_keeps_no_other_order_waiting() {
    let shop = Shop::open();
    let bad = unpaid(&shop, "key-1");
    let good = unpaid(&shop, "key-2");
    let path = format!("/v1/payment_intents/{}/cancel", bad.intent);
    shop.suffers(Fault::new(FaultKind::Unavailable).on("POST", &path));
    shop.clock.advance(TOO_LONG);
    assert_eq!(expire(&shop), done(1, 1, 0));
    assert_eq!((shop.status(&bad), shop.status(&good)), (PendingPayment, Cancelled));
}

#[test]
fn runs_that_are_too_short_get_past_orders_that_cannot_expire_now() {
    let shop = Shop::with_limits(0);
    for number in 0..60_u128 {
        with_unknown_intent(&shop, number);
    }
    // Due after all of them.
    shop.clock.advance(Duration::from_hours(1));
    let behind = unpaid(&shop, "key-behind-them");
    shop.clock.advance(TOO_LONG);
    shop.suffers(Fault::new(FaultKind::Latency { millis: 1000 }).at(Provider::Stripe));
    let env = shop.suite.env("expire-orders");
    let runs = async {
        let mut runs = Vec::new();
        while runs.len() < 20 && shop.status(&behind) == PendingPayment {
            // Long enough for one page of 50, four at a time, and not for two.
            let deadline = Deadline::after(&shop.clock, Duration::from_secs(14));
            let run = orders::expire_orders::handle(&env, deadline).await.unwrap();
            runs.push((run.expired, run.deferred > 0));
        }
        runs
    };
    assert_eq!(shop.clock.run(runs), [(0, true), (1, true)]);
    assert_eq!(shop.status(&behind), Cancelled);
}

/// An order whose intent Stripe does not know, so that nobody can say that it cannot be paid.
fn with_unknown_intent(shop: &Shop, number: u128) {
    let id = OrderId::from_uuid(uuid::Uuid::new_v5(&uuid::Uuid::nil(), &number.to_be_bytes()));
    let held_until = shop.clock.now().plus(Duration::from_hours(1));
    let placed = place(shop, id, PaymentMethod::Stripe, Some(held_until));
    let fact = IntentFact {
        id: "pi_gone".into(),
        status: IntentStatus::RequiresPaymentMethod,
        seen_at: 1,
        created: 1,
        amount: placed.total,
        received: Money::new(0, placed.total.currency),
        order_id: Some(id),
    };
    let facts = vec![PaymentFact::PaymentIntent(fact)];
    let attached = placed.attach_intent("pi_gone".into(), facts, "unknown", placed.placed_at);
    shop.clock.run(shop.store().save(&attached.unwrap(), None)).unwrap();
}

/// Places an order for nothing in particular.
fn place(shop: &Shop, id: OrderId, method: PaymentMethod, held_until: Option<Timestamp>) -> Order {
    let cart = serde_json::from_value::<CartRequest>(super::shop::cart()).unwrap();
    let cart = Cart::try_from(cart).unwrap();
    let total = Money::new(1000, cart.currency);
    let priced = PricedCart { cart, lines: vec![], total };
    let customer = super::shop::CUSTOMER.parse().unwrap();
    let placement = Order::place(id, customer, priced, method, held_until, "scenario", shop.clock.now());
    shop.clock.run(shop.store().place(&placement)).unwrap();
    placement.order
}

#[test]
fn money_that_comes_for_an_expired_order_gets_it_its_goods_or_goes_back() {
    for (left, end) in [(STOCK, Paid), (1, OrderStatus::Refunded)] {
        let shop = Shop::open();
        let placed = unpaid(&shop, "key-1");
        shop.clock.advance(TOO_LONG);
        assert_eq!(expire(&shop), done(1, 0, 0));
        shop.settle();
        shop.restock(left);
        shop.control("payment_intents", format!("amount=2900&currency=eur&metadata[order_id]={}", placed.order_id));
        shop.settle();
        assert_eq!(shop.status(&placed), end);
        assert_eq!(shop.stock(), if end == Paid { left - 2 } else { left });
        assert_eq!(shop.at_stripe()["refunds"].as_array().unwrap().len(), usize::from(end != Paid));
    }
}

#[test]
fn an_invoice_that_is_past_due_is_noted_as_late_once() {
    let shop = Shop::open();
    let due_at = shop.clock.now().plus(Duration::from_hours(14 * 24));
    let id = OrderId::from_uuid(shop.suite.ids().fresh());
    let invoice = place(&shop, id, PaymentMethod::Invoice { due_at, overdue_since: None }, None);
    shop.clock.advance(Duration::from_hours(13 * 24));
    assert_eq!(expire(&shop)["overdue_invoices"], 0);
    shop.clock.advance(Duration::from_hours(25));
    let call = || shop.suite.call("expire-orders", scheduled("expire-orders"));
    let (one, other) = shop.clock.run(join(call(), call()));
    let noted = |answer: Value| answer["overdue_invoices"].as_u64().unwrap();
    assert_eq!(noted(one.unwrap()) + noted(other.unwrap()), 1);
    assert_eq!(expire(&shop)["overdue_invoices"], 0);
    let now = shop.orders().into_iter().find(|order| order.id == invoice.id).unwrap();
    assert_eq!(now.status, OrderStatus::Invoiced, "late, and still to be paid");
    let told = events(&shop, &invoice);
    assert_eq!(told.iter().filter(|event| **event == EventType::InvoiceOverdue).count(), 1, "{told:?}");
}
