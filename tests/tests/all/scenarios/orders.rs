//! An order that changes before it is paid, and one that is paid later: edits, tabs, debits, and the function that edits
//! killed at every one of its effects.

use std::time::Duration;

use bytes::Bytes;
use domain::OrderStatus;
use futures::future::join_all;
use http::{Method, Response, StatusCode};
use sandbox::{Fault, FaultKind};
use serde_json::{Value, json};

use super::shop::{PlacedOrder, STOCK, Shop, json_of, placed};

fn mugs(quantity: u32) -> Value {
    json!({"lines": [{"sku": "mug", "quantity": quantity}]})
}

fn edit(shop: &Shop, order: &str, body: &Value) -> (u16, Value) {
    let path = format!("/v1/orders/{order}");
    let answer = shop.clock.run(shop.call(Method::PATCH, &path, None, Some(body)));
    (answer.status().as_u16(), json_of(&answer))
}

/// The order with what pays it now.
fn reopened(shop: &Shop, order: &str) -> PlacedOrder {
    let answer = shop.post(&format!("/v1/orders/{order}/payment-intent"), None);
    assert_eq!(answer.status(), StatusCode::OK, "{}", String::from_utf8_lossy(answer.body()));
    placed(&answer)
}

/// Amount and status of every intent at Stripe that was not given up.
fn live(shop: &Shop) -> Vec<(i64, String)> {
    let intents = shop.at_stripe()["payment_intents"].as_array().unwrap().clone();
    let of = |intent: &Value| (intent["amount"].as_i64().unwrap(), intent["status"].as_str().unwrap().to_owned());
    intents.iter().map(of).filter(|(_, status)| status != "canceled").collect()
}

fn charges(shop: &Shop) -> usize {
    let charges = shop.at_stripe()["charges"].as_array().unwrap().clone();
    charges.iter().filter(|charge| charge["status"] == "succeeded").count()
}

#[test]
fn an_edited_order_is_paid_at_its_new_total() {
    let shop = Shop::open();
    let first = shop.order("key-1");
    let (status, edited) = edit(&shop, &first.order_id, &mugs(5));
    assert_eq!((status, &edited["total"]), (200, &7250.into()), "{edited}");
    assert!(shop.pay(&first, "pm_card_visa")["error"].is_object(), "the secret of the former cart is worth nothing");
    let second = reopened(&shop, &first.order_id);
    assert_eq!(shop.pay(&second, "pm_card_visa")["status"], "succeeded");
    shop.settle();
    shop.assert_paid_once(&second);
    assert_eq!((live(&shop), shop.stock()), (vec![(7250, "succeeded".to_owned())], STOCK - 5));
}

#[test]
fn update_order_that_dies_anywhere_leaves_an_order_that_can_be_edited_and_paid() {
    let mut died = 0;
    for n in 1..=20 {
        let shop = Shop::open();
        let first = shop.order("key-1");
        shop.suite.kill_next("update-order", n);
        let (status, _) = edit(&shop, &first.order_id, &mugs(5));
        died += u32::from(status != 200);
        shop.settle();
        let quantity = shop.orders()[0].lines[0].quantity;
        assert_eq!(shop.stock(), STOCK - quantity, "died at {n}: goods and lines are one");
        assert_eq!(edit(&shop, &first.order_id, &mugs(5)).0, 200, "died at {n}");
        let second = reopened(&shop, &first.order_id);
        assert_eq!(shop.pay(&second, "pm_card_visa")["status"], "succeeded", "died at {n}");
        shop.settle();
        shop.assert_paid_once(&second);
        assert_eq!((live(&shop), shop.stock()), (vec![(7250, "succeeded".to_owned())], STOCK - 5), "died at {n}");
    }
    assert!((8..20).contains(&died), "every effect was met, and the last rounds met none: {died}");
}

#[test]
fn an_order_whose_edit_died_can_be_paid_as_it_is() {
    for n in 1..=14 {
        let shop = Shop::open();
        let first = shop.order("key-1");
        shop.suite.kill_next("update-order", n);
        edit(&shop, &first.order_id, &mugs(5));
        let second = reopened(&shop, &first.order_id);
        shop.pay(&second, "pm_card_visa");
        shop.settle();
        shop.assert_paid_once(&second);
        let order = &shop.orders()[0];
        assert_eq!(order.payment.facts.captured(), order.total.amount, "died at {n}");
        assert_eq!((charges(&shop), shop.stock()), (1, STOCK - order.lines[0].quantity), "died at {n}");
    }
}

#[test]
fn two_tabs_and_double_clicks_are_one_charge() {
    let shop = Shop::with_limits(0);
    let first = shop.order("key-1");
    let path = format!("/v1/orders/{}/payment-intent", first.order_id);
    let tabs = shop.clock.run(join_all((0..4).map(|_| shop.call(Method::POST, &path, None, None))));
    for tab in tabs {
        assert_eq!(placed(&tab).client_secret, first.client_secret, "every tab pays the same");
    }
    let again = shop.order("key-1");
    assert_eq!(again.client_secret, first.client_secret, "and so does the back button");
    assert_eq!(shop.pay(&first, "pm_card_visa")["status"], "succeeded");
    for _ in 0..3 {
        assert!(shop.pay(&first, "pm_card_visa")["error"].is_object(), "nobody pays twice");
    }
    shop.settle();
    shop.assert_paid_once(&first);
    assert_eq!(charges(&shop), 1);
}

#[test]
fn a_reload_in_the_middle_of_3d_secure_goes_on_with_the_same_payment() {
    let shop = Shop::open();
    let first = shop.order("key-1");
    assert_eq!(shop.pay(&first, "pm_card_threeDSecure2Required")["status"], "requires_action");
    shop.settle();
    let reloaded = reopened(&shop, &first.order_id);
    assert_eq!((&reloaded.intent, &reloaded.client_secret), (&first.intent, &first.client_secret));
    shop.authenticate(&first);
    shop.settle();
    shop.assert_paid_once(&first);
    assert_eq!(charges(&shop), 1);
}

#[test]
fn an_edit_in_the_middle_of_3d_secure_ends_that_payment() {
    let shop = Shop::open();
    let first = shop.order("key-1");
    assert_eq!(shop.pay(&first, "pm_card_threeDSecure2Required")["status"], "requires_action");
    shop.settle();
    assert_eq!(edit(&shop, &first.order_id, &mugs(3)).0, 200);
    shop.authenticate(&first);
    shop.settle();
    assert_eq!((shop.status(&first), charges(&shop)), (OrderStatus::PendingPayment, 0), "the bank's page is too late");
    let second = reopened(&shop, &first.order_id);
    shop.pay(&second, "pm_card_visa");
    shop.settle();
    shop.assert_paid_once(&second);
    assert_eq!((charges(&shop), live(&shop)), (1, vec![(4350, "succeeded".to_owned())]));
}

#[test]
fn a_debit_under_way_is_not_edited_and_one_that_failed_in_time_may_be() {
    for (outcome, days) in [("success", 3), ("fail", 0), ("fail", 3)] {
        let shop = Shop::open();
        let first = shop.order("key-1");
        assert_eq!(shop.pay(&first, "pm_sepaDebit_success")["status"], "processing");
        shop.settle();
        assert_eq!(shop.status(&first), OrderStatus::PaymentProcessing);
        let (status, refused) = edit(&shop, &first.order_id, &mugs(3));
        assert_eq!((status, &refused["order_status"]), (409, &"payment_processing".into()), "{refused}");
        assert_eq!(reopened(&shop, &first.order_id).intent, first.intent, "nor is there another to pay");
        shop.clock.advance(Duration::from_hours(24 * days));
        shop.control(&format!("payment_intents/{}/settle", first.intent), format!("outcome={outcome}"));
        shop.settle();
        if outcome == "success" {
            shop.assert_paid_once(&first);
            continue;
        }
        if days > 0 {
            shop.clock.advance(Duration::from_mins(5));
            shop.settle();
            assert_eq!((shop.status(&first), shop.stock()), (OrderStatus::Cancelled, STOCK), "its time was over");
            let (status, refused) = edit(&shop, &first.order_id, &mugs(3));
            assert_eq!((status, &refused["order_status"]), (409, &"cancelled".into()));
            continue;
        }
        assert_eq!(edit(&shop, &first.order_id, &mugs(3)).0, 200, "the money did not come: it may change again");
        let second = reopened(&shop, &first.order_id);
        shop.pay(&second, "pm_card_visa");
        shop.settle();
        assert_eq!((shop.status(&second), shop.stock()), (OrderStatus::Paid, STOCK - 3));
        assert_eq!(live(&shop), [(4350, "succeeded".to_owned())]);
    }
}

/// Stripe says no for good, to whoever asks for this order's payment.
fn check_refused(shop: &Shop, answer: &Response<Bytes>) {
    let problem = json_of(answer);
    assert_eq!((answer.status(), &problem["type"]), (StatusCode::CONFLICT, &"/problems/payment-refused".into()));
    assert_eq!(problem["provider_code"], "amount_too_small", "{problem}");
    assert_eq!(shop.orders()[0].status, OrderStatus::Cancelled);
    assert_eq!(shop.stock(), STOCK, "its goods are back");
}

#[test]
fn what_stripe_refuses_for_good_cancels_the_order_and_is_said_to_each_repetition() {
    let shop = Shop::open();
    shop.suffers(Fault::new(FaultKind::Invalid).on("POST", "/v1/payment_intents"));
    for _ in 0..2 {
        check_refused(&shop, &shop.clock.run(shop.place("key-1")));
    }
    shop.settle();
    assert_eq!((shop.orders().len(), shop.dead_letters()), (1, 0));
    assert_eq!(shop.mails(), ["order_cancelled"]);
}

#[test]
fn a_refusal_that_comes_with_a_later_attempt_cancels_the_order_as_well() {
    let shop = Shop::open();
    shop.suffers(Fault::new(FaultKind::Unavailable).on("POST", "/v1/payment_intents"));
    let answer = shop.clock.run(shop.place("key-1"));
    assert_eq!((answer.status(), shop.stock()), (StatusCode::CREATED, STOCK - 2), "payment is pending");
    shop.recovers();
    shop.suffers(Fault::new(FaultKind::Invalid).on("POST", "/v1/payment_intents"));
    let path = format!("/v1/orders/{}/payment-intent", shop.orders()[0].id);
    for _ in 0..2 {
        check_refused(&shop, &shop.post(&path, None));
    }
}
