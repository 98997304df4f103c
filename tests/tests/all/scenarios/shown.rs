//! What whoever may see an order sees of the money that went back.

use std::time::Duration;

use http::Method;
use sandbox::{Fault, FaultKind};
use serde_json::{Value, json};

use super::shop::{PlacedOrder, Shop, json_of};

/// A shop without limits, and an order that was paid in it.
fn paid() -> (Shop, PlacedOrder) {
    let shop = Shop::with_limits(0);
    let placed = shop.order("key-1");
    shop.pay(&placed, "pm_card_visa");
    shop.settle();
    (shop, placed)
}

/// Asks for a refund, and answers it.
fn refund(shop: &Shop, placed: &PlacedOrder, key: &str, amount: i64, reason: &str) -> Value {
    shop.clock.advance(Duration::from_secs(1));
    let body = json!({"amount": amount, "reason": reason});
    json_of(&shop.clock.run(shop.staff(&format!("/v1/orders/{}/refunds", placed.order_id), Some(key), &body)))
}

fn shown(shop: &Shop, placed: &PlacedOrder) -> Value {
    shop.get(&format!("/v1/orders/{}", placed.order_id))
}

#[test]
fn whoever_sees_an_order_sees_its_refunds_as_they_were_answered() {
    let (shop, placed) = paid();
    assert_eq!(shown(&shop, &placed)["refunds"], json!([]));
    let first = refund(&shop, &placed, "one", 500, "requested_by_customer");
    shop.settle();
    let dashboard = shop.control("refunds", format!("payment_intent={}&amount=300", placed.intent));
    shop.settle();
    shop.suffers(Fault::new(FaultKind::Unreachable).on("POST", "/v1/refunds"));
    let second = refund(&shop, &placed, "two", 200, "duplicate");
    assert_eq!((&first["status"], &second["status"]), (&"succeeded".into(), &"pending".into()));

    let order = shown(&shop, &placed);
    let of_answer = |answer: &Value| {
        let mut refund = answer.clone();
        refund.as_object_mut().unwrap().retain(|name, _| name != "order_id" && name != "refundable");
        refund
    };
    let id = &dashboard["id"];
    let of_dashboard =
        json!({"refund_id": id, "amount": 300, "currency": "eur", "status": "succeeded", "stripe_refund_id": id});
    let known = json!([of_answer(&second), of_answer(&first), of_dashboard]);
    assert_eq!((&order["refunds"], &order["refunded"]), (&known, &800.into()), "nor a word more: not who wanted it");
    let listed = shop.get("/v1/orders");
    assert_eq!(listed["items"][0]["refunds"], known, "lists say the same");
    let token = shop.token(auth::Role::Customer, "cus_00000000000000000000000000000099");
    let path = format!("/v1/orders/{}", placed.order_id);
    let stranger = shop.clock.run(shop.call_with(&token, Method::GET, &path, None, None));
    assert_eq!(stranger.status(), 404);

    shop.recovers();
    shop.settle();
    let refunds = shown(&shop, &placed)["refunds"].clone();
    let (status, stripes) = (&refunds[0]["status"], &refunds[0]["stripe_refund_id"]);
    assert!(status == "succeeded" && stripes.is_string(), "carried out later: {refunds}");
}

#[test]
fn what_follows_from_a_cancelled_order_is_shown_and_what_came_to_nothing_as_well() {
    let (shop, placed) = paid();
    shop.post(&format!("/v1/orders/{}/cancel", placed.order_id), None);
    shop.settle();
    let order = shown(&shop, &placed);
    let refunds = order["refunds"].as_array().unwrap();
    let [refund] = &refunds[..] else { panic!("{order}") };
    let told = (&refund["amount"], &refund["status"], &refund["reason"]);
    assert_eq!(told, (&2900.into(), &"succeeded".into(), &"requested_by_customer".into()));
    shop.control(&format!("refunds/{}/fail", refund["stripe_refund_id"].as_str().unwrap()), String::new());
    shop.settle();
    let order = shown(&shop, &placed);
    assert_eq!((&order["refunds"][0]["status"], &order["refunded"]), (&"failed".into(), &0.into()), "{order}");
}

#[test]
fn the_newest_twenty_are_shown_and_all_are_counted() {
    let (shop, placed) = paid();
    let asked: Vec<Value> = (0..25)
        .map(|number| refund(&shop, &placed, &format!("refund-{number}"), 100, "duplicate")["refund_id"].clone())
        .collect();
    shop.settle();
    let order = shown(&shop, &placed);
    let shown: Vec<Value> =
        order["refunds"].as_array().unwrap().iter().map(|refund| refund["refund_id"].clone()).collect();
    let newest: Vec<Value> = asked.into_iter().rev().take(20).collect();
    assert_eq!((shown, &order["refunded"]), (newest, &2500.into()));
}
