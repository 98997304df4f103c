//! Too many requests in a second.

use super::*;

const INTENTS: &str = "/v1/payment_intents";

fn limited(rate_limit: RateLimit) -> Shop {
    let settings = Settings { rate_limit, ..Settings::default() };
    Shop { stripe: Stripe::new(1, &settings), ..Shop::new() }
}

fn refused(seen: &Reply) -> &str {
    assert_eq!((seen.status, seen.code()), (429, "rate_limit"), "{}", seen.body);
    assert!(!seen.headers.contains_key("retry-after"), "Stripe promises nothing");
    seen.headers["stripe-rate-limited-reason"].to_str().unwrap()
}

#[test]
fn nothing_is_limited_unless_asked_for() {
    let mut shop = Shop::new();
    assert!((0..1000).all(|_| shop.get(INTENTS).status == 200));
}

#[test]
fn no_second_has_more_answers_than_allowed() {
    let mut shop = limited(RateLimit { per_second: Some(3), per_second_and_endpoint: None });
    for path in [INTENTS, "/v1/refunds", "/v1/events"] {
        assert_eq!(shop.get(path).status, 200);
    }
    assert_eq!(refused(&shop.get("/v1/charges")), "global-rate");
    shop.now = shop.now.plus(std::time::Duration::from_millis(999));
    assert_eq!(refused(&shop.get(INTENTS)), "global-rate");
    shop.now = shop.now.plus(std::time::Duration::from_millis(1));
    assert_eq!(shop.get(INTENTS).status, 200, "what was refused counts for nothing");
}

#[test]
fn each_operation_has_its_own_limit() {
    let mut shop = limited(RateLimit { per_second: None, per_second_and_endpoint: Some(2) });
    let ids: Vec<_> = (0..2).map(|_| shop.post(INTENTS, "amount=2000&currency=usd").id()).collect();
    assert_eq!(refused(&shop.post(INTENTS, "amount=2000&currency=usd")), "endpoint-rate");
    for id in &ids {
        assert_eq!(shop.get(&format!("{INTENTS}/{id}")).status, 200);
    }
    assert_eq!(refused(&shop.get(&format!("{INTENTS}/{}", ids[0]))), "endpoint-rate", "whatever the id");
    assert_eq!(shop.get(INTENTS).status, 200);
}

#[test]
fn a_refused_request_leaves_its_key_free() {
    let mut shop = limited(RateLimit { per_second: Some(1), per_second_and_endpoint: None });
    shop.get(INTENTS);
    assert_eq!(refused(&shop.post_once("k", INTENTS, "amount=2000&currency=usd")), "global-rate");
    shop.pass(1);
    let made = shop.post_once("k", INTENTS, "amount=2000&currency=usd");
    assert!(made.id().starts_with("pi_") && !made.headers.contains_key("idempotent-replayed"));
}

#[test]
fn limits_are_set_while_it_runs() {
    let mut shop = Shop::new();
    let set = shop.control("limits", &json!({ "per_second": 1 }));
    assert_eq!(set.body, json!({ "per_second": 1, "per_second_and_endpoint": null }));
    assert_eq!((shop.get(INTENTS).status, shop.get(INTENTS).status), (200, 429));
    assert_eq!(shop.control("limits", &json!({ "per_day": 1 })).code(), "parameter_unknown");
    shop.control("limits", &json!({}));
    assert!((0..50).all(|_| shop.get(INTENTS).status == 200));
}
