//! What people do elsewhere: in Stripe's dashboard, at their bank, days later.

use super::*;

const INTENTS: &str = "/v1/payment_intents";
const THREE_DAYS: u64 = 3 * 24 * 3600;

fn paid(shop: &mut Shop) -> String {
    let id = shop.pay("pm_card_visa").id();
    shop.told();
    id
}

#[test]
fn a_refund_from_the_dashboard_says_nothing_of_us() {
    let mut shop = Shop::new();
    let id = paid(&mut shop);
    let refund = shop.control("refunds", &json!({ "payment_intent": id, "amount": 700 }));
    assert_eq!((refund.text("status"), &refund.body["metadata"]), ("succeeded", &json!({})));
    let webhooks = shop.stripe.take_webhooks();
    let told: Value = serde_json::from_slice(&webhooks[0].body).unwrap();
    assert_eq!((told["type"].as_str(), &told["request"]["id"]), (Some("refund.created"), &Value::Null));
    let found = shop.get(&format!("/v1/refunds?payment_intent={id}"));
    assert_eq!(found.body["data"][0]["id"], refund.id());
}

#[test]
fn a_refund_fails_days_later() {
    let mut shop = Shop::new();
    let id = paid(&mut shop);
    let refund = shop.control("refunds", &json!({ "payment_intent": id })).id();
    let fails = shop.control(&format!("refunds/{refund}/fail"), &json!({ "in_seconds": THREE_DAYS }));
    assert_eq!(fails.text("status"), "succeeded", "until then");
    shop.told();
    shop.pass(THREE_DAYS - 1);
    assert!(shop.told().is_empty());
    shop.pass(1);
    assert_eq!(shop.told(), ["refund.failed", "refund.updated", "charge.refund.updated"]);
    assert_eq!(shop.get(&format!("/v1/refunds/{refund}")).text("status"), "failed");
}

#[test]
fn a_debit_ends_days_later_as_told() {
    for (outcome, status, told) in [
        ("success", "succeeded", ["charge.succeeded", "payment_intent.succeeded"]),
        ("fail", "requires_payment_method", ["charge.failed", "payment_intent.payment_failed"]),
    ] {
        let mut shop = Shop::new();
        let id = shop.pay("pm_usBankAccount").id();
        let settle = json!({ "outcome": outcome, "in_seconds": THREE_DAYS });
        assert_eq!(shop.control(&format!("payment_intents/{id}/settle"), &settle).text("status"), "processing");
        shop.told();
        shop.pass(THREE_DAYS - 1);
        assert_eq!(shop.get(&format!("{INTENTS}/{id}")).text("status"), "processing");
        shop.pass(1);
        assert_eq!(shop.get(&format!("{INTENTS}/{id}")).text("status"), status);
        assert_eq!(shop.told(), told);
    }
}

#[test]
fn money_comes_that_nobody_asked_for() {
    let mut shop = Shop::new();
    let order = "ord_00000000000000000000000000000009";
    let body = json!({ "amount": 1234, "currency": "sek", "metadata": { "order_id": order } });
    let paid = shop.control("payment_intents", &body);
    assert_eq!((paid.text("status"), &paid.body["amount_received"]), ("succeeded", &json!(1234)));
    assert_eq!((paid.text("currency"), paid.body["metadata"]["order_id"].as_str()), ("sek", Some(order)));
    assert_eq!(shop.told(), ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]);

    let body = json!({ "amount": 1234, "currency": "usd", "payment_method": "pm_card_chargeDeclined" });
    assert_eq!(shop.control("payment_intents", &body).text("status"), "requires_payment_method");
    assert_eq!(shop.control("payment_intents", &json!({ "amount": 1234 })).code(), "parameter_missing");
}

#[test]
fn an_intent_is_changed_in_the_dashboard_and_paid_with_another_amount() {
    let mut shop = Shop::new();
    let id = shop.post(INTENTS, "amount=2000&currency=usd&metadata[order_id]=ord_1").id();
    let change = json!({ "amount": 1999, "currency": "eur", "metadata": { "order_id": "ord_2" } });
    assert_eq!(shop.control(&format!("payment_intents/{id}"), &change).body["amount"], 1999);
    shop.control(&format!("payment_intents/{id}/pay"), &json!({})).id();
    let paid = shop.get(&format!("{INTENTS}/{id}"));
    assert_eq!((&paid.body["amount_received"], paid.text("currency")), (&json!(1999), "eur"));
    assert_eq!(paid.body["metadata"]["order_id"], "ord_2");
    assert_eq!(shop.control(&format!("payment_intents/{id}"), &json!({ "amount": 1 })).status, 400, "it is paid");
}

fn dispute(shop: &mut Shop, intent: &str, rest: &Value) -> Reply {
    let mut body = json!({ "payment_intent": intent });
    body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    shop.control("disputes", &body)
}

#[test]
fn balances_say_what_each_payment_came_to() {
    let mut shop = Shop::new();
    let open = shop.post(INTENTS, "amount=2000&currency=usd").id();
    let kept = paid(&mut shop);
    let failed = shop.control("refunds", &json!({ "payment_intent": kept, "amount": 900 })).id();
    shop.control(&format!("refunds/{failed}/fail"), &json!({})).id();
    shop.control("refunds", &json!({ "payment_intent": kept, "amount": 300 })).id();
    let held = dispute(&mut shop, &kept, &json!({ "amount": 500 })).id();
    let (lost, won) = (paid(&mut shop), paid(&mut shop));
    for (intent, outcome) in [(&lost, "lost"), (&won, "won")] {
        let dispute = dispute(&mut shop, intent, &json!({ "amount": 800 })).id();
        shop.control(&format!("disputes/{dispute}/close"), &json!({ "outcome": outcome })).id();
    }
    let balances: Vec<_> = shop.stripe.balances().map(|b| (b.received, b.refunded, b.lost, b.held)).collect();
    assert_eq!(balances, [(2000, 0, 0, 0), (2000, 0, 800, 0), (2000, 300, 0, 500), (0, 0, 0, 0)]);
    shop.control(&format!("disputes/{held}/close"), &json!({ "outcome": "won" })).id();
    let newest: Vec<_> = shop.stripe.balances().map(|balance| balance.payment_intent).collect();
    assert_eq!(newest, [won, lost, kept, open]);
    assert!(shop.stripe.balances().all(|balance| balance.held == 0));
}

#[test]
fn an_inquiry_takes_no_money_and_is_closed() {
    let mut shop = Shop::new();
    let id = paid(&mut shop);
    let opened = dispute(&mut shop, &id, &json!({ "inquiry": true }));
    assert_eq!((opened.text("status"), &opened.body["is_charge_refundable"]), ("warning_needs_response", &json!(true)));
    assert_eq!(shop.told(), ["charge.dispute.created"]);
    assert_eq!(dispute(&mut shop, &id, &json!({})).status, 400, "one at a time");
    let inquiry = opened.id();
    let looked_at = shop.control(&format!("disputes/{inquiry}/review"), &json!({}));
    assert_eq!(looked_at.text("status"), "warning_under_review");
    let refund = shop.control("refunds", &json!({ "payment_intent": id, "amount": 500 }));
    assert_eq!(refund.text("status"), "succeeded");
    shop.told();
    assert_eq!(shop.control(&format!("disputes/{inquiry}/close"), &json!({})).text("status"), "warning_closed");
    assert_eq!(shop.told(), ["charge.dispute.closed"]);
    assert_eq!(dispute(&mut shop, &id, &json!({})).body["amount"], 1500, "what was not refunded");
}

#[test]
fn an_inquiry_can_become_a_dispute() {
    let mut shop = Shop::new();
    let id = paid(&mut shop);
    let inquiry = dispute(&mut shop, &id, &json!({ "inquiry": true })).id();
    shop.told();
    let taken = shop.control(&format!("disputes/{inquiry}/escalate"), &json!({}));
    assert_eq!((taken.text("status"), &taken.body["is_charge_refundable"]), ("needs_response", &json!(false)));
    assert_eq!(shop.told(), ["charge.dispute.updated", "charge.dispute.funds_withdrawn"]);
    assert_eq!(shop.control("refunds", &json!({ "payment_intent": id })).code(), "charge_disputed");
    assert_eq!(shop.control(&format!("disputes/{inquiry}/escalate"), &json!({})).status, 400, "it is one already");
    assert_eq!(
        shop.control(&format!("disputes/{inquiry}/close"), &json!({ "outcome": "lost" })).text("status"),
        "lost"
    );
}

#[test]
fn a_dispute_is_reviewed_and_what_was_won_can_be_refunded() {
    let mut shop = Shop::new();
    let id = paid(&mut shop);
    let opened = dispute(&mut shop, &id, &json!({ "amount": 800, "reason": "product_not_received" }));
    assert_eq!((opened.text("reason"), &opened.body["amount"]), ("product_not_received", &json!(800)));
    let reviewed = shop.control(&format!("disputes/{}/review", opened.id()), &json!({}));
    assert_eq!(reviewed.text("status"), "under_review");
    shop.told();
    shop.control(&format!("disputes/{}/close", opened.id()), &json!({ "outcome": "won" })).id();
    assert_eq!(shop.told(), ["charge.dispute.closed", "charge.dispute.funds_reinstated"]);
    let again = shop.control(&format!("disputes/{}/review", opened.id()), &json!({}));
    assert_eq!(again.code(), "dispute_already_closed");
    assert_eq!(shop.control("refunds", &json!({ "payment_intent": id })).body["amount"], 2000);
    assert_eq!(dispute(&mut shop, &id, &json!({})).status, 400, "nothing is left to dispute");
}
