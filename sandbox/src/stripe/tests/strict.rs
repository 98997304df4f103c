//! What Stripe refuses, and what it answers where a client reads it.

use super::*;
use crate::Refusal;

const INTENTS: &str = "/v1/payment_intents";

#[test]
fn an_unknown_version_is_refused() {
    let mut shop = Shop::new();
    for (version, status) in [
        ("2026-10-28.endive", 200),
        ("2025-03-31.basil", 200),
        ("2024-06-20", 200),
        ("2026-10-28", 400),
        ("2026-10-28.elderberry", 400),
        ("2027-01-01.endive", 400),
        ("2024-13-20", 400),
        ("latest", 400),
    ] {
        let mut request = get("/v1/events", "sk_test_sandbox");
        request.headers_mut().insert("stripe-version", HeaderValue::from_str(version).unwrap());
        assert_eq!(shop.send(&request).status, status, "{version}");
    }
}

#[test]
fn a_body_in_json_is_told_to_be_a_form() {
    let mut shop = Shop::new();
    let json = r#"{"amount":500,"currency":"usd"}"#;
    let mut typed = post(INTENTS, json, None);
    typed.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
    for request in [typed, post(INTENTS, json, None)] {
        let refused = shop.send(&request);
        let message = refused.body["error"]["message"].as_str().unwrap();
        assert!(refused.status == 400 && message.contains("application/x-www-form-urlencoded"), "{message}");
    }
}

#[test]
fn queries_are_checked_as_bodies_are() {
    let mut shop = Shop::new();
    let id = shop.pay("pm_card_visa").id();
    for (path, param) in [
        (format!("{INTENTS}/{id}?verbose=1"), "verbose"),
        (format!("{INTENTS}?status=succeeded"), "status"),
        ("/v1/refunds?created[since]=1".to_owned(), "created[since]"),
        ("/v1/events?kind=x".to_owned(), "kind"),
    ] {
        let refused = shop.get(&path);
        assert_eq!(
            (refused.code(), refused.body["error"]["param"].as_str()),
            ("parameter_unknown", Some(param)),
            "{path}"
        );
    }
    assert_eq!(shop.get(&format!("{INTENTS}?customer=cus_nobody")).code(), "resource_missing");
}

#[test]
fn endpoints_hear_of_events_that_exist() {
    let mut shop = Shop::new();
    for (kind, status) in [("charge.refunded", 200), ("*", 200), ("charge.vanished", 400), ("charge.*", 400)] {
        let made = shop.post("/v1/webhook_endpoints", &format!("url=http://x.test/&enabled_events[]={kind}"));
        assert_eq!(made.status, status, "{kind}");
    }
}

#[test]
fn payment_method_types_are_allowed_or_excluded() {
    let mut shop = Shop::new();
    let body = "amount=2000&currency=usd&excluded_payment_method_types[]=us_bank_account&excluded_payment_method_types[]=boleto";
    let made = shop.post(INTENTS, body);
    assert_eq!(made.body["payment_method_types"], json!(["card"]));
    assert_eq!(made.body["excluded_payment_method_types"], json!(["us_bank_account", "boleto"]));
    assert_eq!(made.body["allowed_payment_method_types"], Value::Null);
    let path = format!("{INTENTS}/{}", made.id());
    let changed = shop.post(&path, "excluded_payment_method_types=&allowed_payment_method_types[]=us_bank_account");
    assert_eq!(changed.body["payment_method_types"], json!(["us_bank_account"]));
    assert_eq!(changed.body["excluded_payment_method_types"], Value::Null);
    let refused = shop.post(&format!("{path}/confirm"), "payment_method=pm_card_visa&return_url=http://x.test");
    assert_eq!(refused.code(), "payment_intent_incompatible_payment_method");
    // More than a debit takes, and no more than a card does.
    let large = shop.post(INTENTS, "amount=100000000&currency=usd");
    assert_eq!(large.body["payment_method_types"], json!(["card"]));
    let amex = shop.post(INTENTS, "amount=1000000000&currency=usd&payment_method=pm_card_amex");
    assert_eq!(amex.code(), "amount_too_large");
}

#[test]
fn a_shop_can_ask_for_three_d_secure() {
    for (method, asked, status) in [
        ("pm_card_threeDSecureOptional", "automatic", "succeeded"),
        ("pm_card_threeDSecureOptional", "any", "requires_action"),
        // Not enrolled: its bank asks for nothing, whatever the shop does.
        ("pm_card_visa", "any", "succeeded"),
    ] {
        let mut shop = Shop::new();
        let body = format!(
            "amount=2000&currency=usd&confirm=true&return_url=http://x.test&payment_method={method}&payment_method_options[card][request_three_d_secure]={asked}"
        );
        let paid = shop.post(INTENTS, &body);
        assert_eq!(paid.text("status"), status, "{method} {asked}");
        assert_eq!(paid.body["payment_method_options"]["card"]["request_three_d_secure"], asked);
    }
    let mut shop = Shop::new();
    let id = shop.pay("pm_card_threeDSecureRequiredProcessingError").id();
    let failed = shop.control(&format!("payment_intents/{id}/authenticate"), &json!({ "outcome": "success" }));
    assert_eq!(failed.body["last_payment_error"]["code"], "processing_error");
}

#[test]
fn a_shop_that_cannot_authenticate_is_told_so() {
    for (how, decline_code) in
        [("error_on_requires_action", "authentication_not_handled"), ("off_session", "authentication_required")]
    {
        let mut shop = Shop::new();
        let body = format!(
            "amount=2000&currency=usd&confirm=true&{how}=true&return_url=http://x.test&payment_method=pm_card_authenticationRequired"
        );
        let error = shop.post(INTENTS, &body).body["error"].clone();
        let codes = (error["code"].as_str(), error["decline_code"].as_str());
        assert_eq!(codes, (Some("authentication_required"), Some(decline_code)));
        assert_eq!(error["payment_intent"]["status"], "requires_payment_method");
    }
}

#[test]
fn a_payment_under_way_can_be_cancelled_in_rare_cases() {
    let mut shop = Shop::new();
    let id = shop.pay("pm_usBankAccount").id();
    assert_eq!(shop.post(&format!("{INTENTS}/{id}/cancel"), "").code(), "payment_intent_unexpected_state");
    shop.control("cancel_processing", &json!({ "enabled": true }));
    shop.told();
    assert_eq!(shop.post(&format!("{INTENTS}/{id}/cancel"), "").text("status"), "canceled");
    assert_eq!(shop.told(), ["charge.failed", "payment_intent.canceled"]);
}

#[test]
fn refunds_are_as_granular_as_charges() {
    for (currency, amount, parts) in [("kwd", 5000, [1005, 1000]), ("isk", 50_000, [150, 100])] {
        let mut shop = Shop::new();
        let body = format!(
            "amount={amount}&currency={currency}&confirm=true&return_url=http://x.test&payment_method=pm_card_visa"
        );
        let id = shop.post(INTENTS, &body).id();
        let refund =
            |shop: &mut Shop, part: i64| shop.post("/v1/refunds", &format!("payment_intent={id}&amount={part}"));
        let refused = refund(&mut shop, parts[0]);
        assert_eq!(
            (refused.code(), refused.body["error"]["param"].as_str()),
            ("parameter_invalid_integer", Some("amount"))
        );
        assert_eq!(refund(&mut shop, parts[1]).status, 200, "{currency}");
    }
}

#[test]
fn the_header_says_whether_to_try_again() {
    let mut shop = Shop::new();
    for (refusal, status, header) in [
        (Refusal::Conflict, 409, Some("true")),
        (Refusal::Unavailable, 503, Some("true")),
        (Refusal::InternalError, 500, None),
        (Refusal::FinalError, 500, Some("false")),
        (Refusal::DependencyFailed, 424, None),
        (Refusal::TooManyRequests { retry_after: None }, 429, None),
    ] {
        let request = post(INTENTS, "amount=2000&currency=usd", Some(&format!("{refusal:?}")));
        let answer = seen(&shop.stripe.refuse(shop.now, &request, refusal));
        let said = answer.headers.get("stripe-should-retry").map(|value| value.to_str().unwrap().to_owned());
        assert_eq!((answer.status, said.as_deref()), (status, header), "{refusal:?}");
    }
}
