//! `Idempotency-Key`, rule by rule.

use super::*;

const CREATE: &str = "amount=2000&currency=usd&metadata[order_id]=ord_1";
const INTENTS: &str = "/v1/payment_intents";

#[test]
fn a_key_gives_its_first_result_again() {
    let mut shop = Shop::new();
    let first = shop.post_once("k", INTENTS, CREATE);
    let again = shop.post_once("k", INTENTS, "metadata[order_id]=ord_1&currency=usd&amount=2000");
    assert_eq!(first.id(), again.id(), "whatever the order of the parameters");
    assert!(!first.headers.contains_key("idempotent-replayed"));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.headers["original-request"], first.headers["request-id"]);
    assert_ne!(again.headers["request-id"], first.headers["request-id"]);
    assert_eq!(shop.stripe.payment_intent_count(), 1);
    assert_eq!(shop.told(), ["payment_intent.created"]);
    assert_ne!(shop.post_once("other", INTENTS, CREATE).id(), first.id());
}

#[test]
fn the_saved_result_is_the_old_one_even_when_the_object_has_changed() {
    let mut shop = Shop::new();
    let id = shop.post_once("k", INTENTS, CREATE).id();
    shop.post(&format!("/v1/payment_intents/{id}/cancel"), "");
    assert_eq!(shop.post_once("k", INTENTS, CREATE).text("status"), "requires_payment_method");
}

#[test]
fn a_key_is_good_for_one_request_only() {
    let mut shop = Shop::new();
    let id = shop.post_once("k", INTENTS, CREATE).id();
    let other = shop.post_once("k", INTENTS, "amount=2001&currency=usd");
    assert_eq!((other.status, other.body["error"]["type"].as_str()), (400, Some("idempotency_error")));
    let elsewhere = shop.post_once("k", &format!("/v1/payment_intents/{id}/cancel"), "");
    assert_eq!((elsewhere.status, elsewhere.code()), (400, "idempotency_error"));
    assert_eq!(shop.stripe.payment_intent_count(), 1);
}

#[test]
fn nothing_is_saved_after_a_validation_failure() {
    let mut shop = Shop::new();
    assert_eq!(shop.post_once("k", INTENTS, "amount=1&currency=usd").code(), "amount_too_small");
    assert_eq!(shop.post_once("k", INTENTS, "amount=1&currency=usd").code(), "amount_too_small");
    shop.post_once("k", INTENTS, CREATE).id();
}

#[test]
fn a_decline_is_saved() {
    let mut shop = Shop::new();
    let body =
        "amount=2000&currency=usd&confirm=true&return_url=http://x.test&payment_method=pm_card_visa_chargeDeclined";
    let first = shop.post_once("k", INTENTS, body);
    let again = shop.post_once("k", INTENTS, body);
    assert_eq!((first.status, again.status), (402, 402));
    assert_eq!(first.body, again.body);
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(shop.stripe.payment_intent_count(), 1);
}

#[test]
fn a_500_is_saved_and_a_503_and_a_429_are_not() {
    let mut shop = Shop::new();
    let request = post(INTENTS, CREATE, Some("k"));
    assert_eq!(shop.stripe.refuse(shop.now, &request, Refusal::Unavailable).status(), 503);
    let limited = shop.stripe.refuse(shop.now, &request, Refusal::TooManyRequests { retry_after: Some(3) });
    assert_eq!((limited.status().as_u16(), &limited.headers()["retry-after"]), (429, &HeaderValue::from_static("3")));
    assert_eq!(shop.stripe.refuse(shop.now, &request, Refusal::InternalError).status(), 500);
    let again = shop.send(&request);
    assert_eq!((again.status, &again.headers["idempotent-replayed"]), (500, &HeaderValue::from_static("true")));
    assert_eq!(shop.stripe.payment_intent_count(), 0);
    shop.post_once("fresh", INTENTS, CREATE).id();
}

#[test]
fn a_500_after_the_effect_is_saved_too() {
    let mut shop = Shop::new();
    let request = post(INTENTS, CREATE, Some("k"));
    let failed = seen(&shop.stripe.fail_after(shop.now, &request));
    assert_eq!((failed.status, failed.code()), (500, "api_error"));
    assert_eq!((shop.stripe.payment_intent_count(), shop.told()), (1, vec!["payment_intent.created".to_owned()]));
    let again = shop.send(&request);
    assert_eq!((again.status, &again.headers["idempotent-replayed"]), (500, &HeaderValue::from_static("true")));
    assert_eq!(again.headers["original-request"], failed.headers["request-id"]);
    assert_eq!(shop.stripe.payment_intent_count(), 1);
}

#[test]
fn a_concurrent_request_conflicts_and_leaves_no_trace() {
    let mut shop = Shop::new();
    let request = post(INTENTS, CREATE, Some("k"));
    let first = shop.send(&request).id();
    shop.stripe.still_running(&request, shop.now.plus(std::time::Duration::from_secs(2)));
    let concurrent = shop.send(&request);
    assert_eq!((concurrent.status, concurrent.code()), (409, "idempotency_key_in_use"));
    shop.pass(2);
    assert_eq!(shop.send(&request).id(), first);
}

#[test]
fn keys_are_pruned_after_a_day_and_then_mean_a_new_request() {
    let mut shop = Shop::new();
    let first = shop.post_once("k", INTENTS, CREATE).id();
    shop.pass(24 * 3600);
    assert_eq!(shop.post_once("k", INTENTS, CREATE).id(), first);
    shop.pass(1);
    assert_ne!(shop.post_once("k", INTENTS, CREATE).id(), first);
}

#[test]
fn a_get_takes_no_notice_of_a_key() {
    let mut shop = Shop::new();
    let id = shop.post(INTENTS, CREATE).id();
    let request = Request::get(format!("http://stripe.test/v1/payment_intents/{id}"))
        .header("authorization", "Bearer sk_test_sandbox")
        .header("idempotency-key", "k")
        .body(Bytes::new())
        .unwrap();
    shop.send(&request).id();
    assert!(!shop.send(&request).headers.contains_key("idempotent-replayed"));
    shop.post_once("k", INTENTS, CREATE).id();
}

#[test]
fn overlong_keys_are_refused() {
    let mut shop = Shop::new();
    assert_eq!(shop.post_once(&"k".repeat(256), INTENTS, CREATE).status, 400);
    shop.post_once(&"k".repeat(255), INTENTS, CREATE).id();
}
