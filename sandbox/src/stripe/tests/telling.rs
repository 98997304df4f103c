//! Events, endpoints and signatures.

use super::*;

fn sign(shop: &Shop, webhook: &Webhook) -> String {
    shop.stripe.sign(shop.now, webhook)["stripe-signature"].to_str().unwrap().to_owned()
}

#[test]
fn an_event_is_a_snapshot_with_its_cause() {
    let mut shop = Shop::new();
    let intent = shop.post_once("k1", "/v1/payment_intents", "amount=2000&currency=usd&metadata[order_id]=ord_1");
    let id = intent.id();
    shop.post(&format!("/v1/payment_intents/{id}/cancel"), "").id();
    let webhooks = shop.stripe.take_webhooks();
    let body: Value = serde_json::from_slice(&webhooks[0].body).unwrap();
    assert_eq!(body["type"], "payment_intent.created");
    assert_eq!(body["data"]["object"]["status"], "requires_payment_method", "as it was then");
    assert_eq!(body["data"]["object"]["metadata"]["order_id"], "ord_1");
    assert_eq!(body["request"]["idempotency_key"], "k1");
    assert_eq!(body["request"]["id"], intent.headers["request-id"].to_str().unwrap());
    assert_eq!(body["created"], shop.now.seconds());
    assert_eq!(body["api_version"], "2026-10-28.endive");
    assert!(webhooks[0].body.contains(&b'\n'), "pretty-printed, as Stripe sends it");
    let read = shop.get(&format!("/v1/events/{}", body["id"].as_str().unwrap()));
    assert_eq!(read.body, body);
}

#[test]
fn events_are_listed_by_type_for_thirty_days() {
    let mut shop = Shop::new();
    shop.pay("pm_card_visa").id();
    let list = |shop: &mut Shop, query: &str| -> Vec<String> {
        let list = shop.get(&format!("/v1/events?{query}"));
        let data = list.body["data"].as_array().unwrap_or_else(|| panic!("{}", list.body)).clone();
        data.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(list(&mut shop, ""), ["payment_intent.succeeded", "charge.succeeded", "payment_intent.created"]);
    assert_eq!(list(&mut shop, "type=charge.*"), ["charge.succeeded"]);
    assert_eq!(list(&mut shop, "types[]=charge.succeeded&types[]=payment_intent.created").len(), 2);
    shop.pass(29 * 24 * 3600);
    assert_eq!(list(&mut shop, "limit=2").len(), 2);
    shop.pass(2 * 24 * 3600);
    assert!(list(&mut shop, "").is_empty());
}

#[test]
fn delivery_success_tells_what_was_taken() {
    let mut shop = Shop::new();
    shop.pay("pm_card_visa").id();
    let webhooks = shop.stripe.take_webhooks();
    shop.stripe.settled(&webhooks[0], true);
    shop.stripe.settled(&webhooks[1], false);
    let count =
        |shop: &mut Shop, query: &str| shop.get(&format!("/v1/events?{query}")).body["data"].as_array().unwrap().len();
    assert_eq!(count(&mut shop, "delivery_success=true"), 1);
    assert_eq!(count(&mut shop, "delivery_success=false"), 2);
    let pending = |shop: &mut Shop, n: usize| {
        shop.get(&format!("/v1/events/{}", webhooks[n].event_id)).body["pending_webhooks"].clone()
    };
    assert_eq!([0, 1, 2].map(|n| pending(&mut shop, n)), [0, 1, 1], "what was given up was not delivered");
    // A second copy of what was taken comes to nothing, another copy of what was given up arrives.
    shop.stripe.settled(&webhooks[0], false);
    shop.stripe.settled(&webhooks[1], true);
    assert_eq!([0, 1, 2].map(|n| pending(&mut shop, n)), [0, 0, 1]);
}

#[test]
fn endpoints_get_what_they_asked_for() {
    let mut shop = Shop::new();
    let body = "url=http://other.test/hook&enabled_events[]=charge.refunded&enabled_events[]=refund.created";
    let made = shop.post("/v1/webhook_endpoints", body);
    let (id, secret) = (made.id(), made.text("secret").to_owned());
    assert!(secret.starts_with("whsec_"));
    assert!(shop.get(&format!("/v1/webhook_endpoints/{id}")).body.get("secret").is_none());
    let intent = shop.pay("pm_card_visa").id();
    shop.post("/v1/refunds", &format!("payment_intent={intent}")).id();
    let sent = |shop: &mut Shop| -> Vec<String> {
        let webhooks = shop.stripe.take_webhooks().into_iter();
        webhooks.filter(|webhook| webhook.url == "http://other.test/hook").map(|webhook| webhook.event_type).collect()
    };
    assert_eq!(sent(&mut shop), ["refund.created", "charge.refunded"]);
    shop.post(&format!("/v1/webhook_endpoints/{id}"), "disabled=true").id();
    shop.pay("pm_card_visa").id();
    assert!(sent(&mut shop).is_empty());
    let deleted = shop.send(
        &Request::delete(format!("http://stripe.test/v1/webhook_endpoints/{id}"))
            .header("authorization", "Bearer sk_test_sandbox")
            .body(Bytes::new())
            .unwrap(),
    );
    assert_eq!(deleted.body["deleted"], true);
    assert_eq!(shop.get("/v1/webhook_endpoints").body["data"].as_array().unwrap().len(), 1);
    let bad = shop.post("/v1/webhook_endpoints", "url=shop.test&enabled_events[]=*");
    assert_eq!(bad.code(), "url_invalid");
}

#[test]
fn a_rolled_secret_signs_beside_the_old_one_for_a_while() {
    let mut shop = Shop::new();
    let id = shop.get("/v1/webhook_endpoints").body["data"][0]["id"].as_str().unwrap().to_owned();
    shop.pay("pm_card_visa").id();
    let webhook = shop.stripe.take_webhooks().remove(0);
    assert_eq!(sign(&shop, &webhook).matches("v1=").count(), 1);
    let rolled = shop.control(&format!("webhook_endpoints/{id}/roll_secret"), &json!({ "expires_in": 3600 }));
    let both = sign(&shop, &webhook);
    let secrets = [rolled.text("secret").to_owned(), Endpoint::DEFAULT_SECRET.to_owned()];
    assert_eq!(both, webhooks::signature(shop.now, &webhook.body, secrets.iter().map(String::as_str)));
    shop.pass(3600);
    assert_eq!(sign(&shop, &webhook), webhooks::signature(shop.now, &webhook.body, [secrets[0].as_str()].into_iter()));
}

#[test]
fn each_try_is_signed_afresh() {
    let mut shop = Shop::new();
    shop.pay("pm_card_visa").id();
    let webhook = shop.stripe.take_webhooks().remove(0);
    let first = sign(&shop, &webhook);
    shop.pass(600);
    let second = sign(&shop, &webhook);
    assert!(second.starts_with(&format!("t={},", shop.now.seconds())));
    assert_ne!(first, second);
}

#[test]
fn an_event_can_be_sent_again_by_hand() {
    let mut shop = Shop::new();
    shop.pay("pm_card_visa").id();
    let sent = shop.stripe.take_webhooks();
    shop.control(&format!("events/{}/resend", sent[0].event_id), &json!({})).id();
    let again = shop.stripe.take_webhooks();
    assert_eq!((again.len(), &again[0].event_id, &again[0].event_type), (1, &sent[0].event_id, &sent[0].event_type));
}

#[test]
fn a_seed_fixes_every_id() {
    let ids = |seed| {
        let mut stripe = Stripe::new(seed, &Settings::default());
        (0..3).map(|_| stripe.new_id("pi_3")).collect::<Vec<_>>()
    };
    assert_eq!(ids(5), ids(5));
    assert_ne!(ids(5), ids(6));
}
