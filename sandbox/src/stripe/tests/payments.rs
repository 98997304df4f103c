//! Paying: cards, 3-D Secure, debits, capture, cancel, and who may do what.

use super::*;

const INTENTS: &str = "/v1/payment_intents";

fn open(shop: &mut Shop) -> (String, String) {
    let intent = shop.post(INTENTS, "amount=2000&currency=usd&automatic_payment_methods[enabled]=true");
    (intent.id(), intent.text("client_secret").to_owned())
}

#[test]
fn a_browser_pays_with_publishable_key_and_client_secret() {
    let mut shop = Shop::new();
    let (id, secret) = open(&mut shop);
    let card = "payment_method_data[type]=card&payment_method_data[card][number]=4242424242424242&payment_method_data[card][exp_month]=12&payment_method_data[card][exp_year]=2034&payment_method_data[card][cvc]=123";
    let path = format!("{INTENTS}/{id}/confirm");
    let paid = shop.browser("POST", &path, &format!("client_secret={secret}&{card}"));
    assert_eq!((paid.status, paid.text("status")), (200, "succeeded"));
    assert_eq!(paid.headers["access-control-allow-origin"], "*");
    assert!(paid.body.get("metadata").is_none() && paid.body.get("latest_charge").is_none(), "the public view");
    let read = shop.browser("GET", &format!("{INTENTS}/{id}?client_secret={secret}"), "");
    assert_eq!(read.body, paid.body);
    let whole = shop.get(&format!("{INTENTS}/{id}?expand[]=latest_charge"));
    assert_eq!(whole.body["amount_received"], 2000);
    assert_eq!(whole.body["latest_charge"]["payment_method_details"]["card"]["last4"], "4242");
    assert_eq!(shop.told(), ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]);
}

#[test]
fn a_browser_may_do_nothing_else() {
    let mut shop = Shop::new();
    let (id, _) = open(&mut shop);
    for (method, path, status, code) in [
        ("GET", format!("{INTENTS}/{id}"), 400, "parameter_missing"),
        ("GET", format!("{INTENTS}/{id}?client_secret=wrong"), 400, "payment_intent_invalid_parameter"),
        ("POST", format!("{INTENTS}/{id}/confirm"), 400, "parameter_missing"),
        ("POST", INTENTS.to_owned(), 401, "secret_key_required"),
        ("GET", "/v1/events".to_owned(), 401, "secret_key_required"),
        ("POST", "/v1/refunds".to_owned(), 401, "secret_key_required"),
    ] {
        let answer = shop.browser(method, &path, "");
        assert_eq!((answer.status, answer.code()), (status, code), "{method} {path}");
    }
    assert_eq!(shop.send(&get("/v1/events", "sk_test_wrong")).status, 401);
    let nobody = Request::get("http://stripe.test/v1/events").body(Bytes::new()).unwrap();
    assert_eq!(shop.send(&nobody).status, 401);
    let basic = Request::get("http://stripe.test/v1/events").header("authorization", "Basic c2tfdGVzdF9zYW5kYm94Og==");
    assert_eq!(shop.send(&basic.body(Bytes::new()).unwrap()).status, 200);
}

#[test]
fn a_declined_card_leaves_the_intent_open_for_another() {
    for (method, code, decline_code) in [
        ("pm_card_visa_chargeDeclined", "card_declined", Some("generic_decline")),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", Some("insufficient_funds")),
        ("pm_card_chargeCustomerFail", "card_declined", Some("generic_decline")),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", Some("expired_card")),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", Some("incorrect_cvc")),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", Some("processing_error")),
    ] {
        let mut shop = Shop::new();
        let declined = shop.pay(method);
        let error = &declined.body["error"];
        assert_eq!((declined.status, error["type"].as_str()), (402, Some("card_error")), "{method}");
        assert_eq!((error["code"].as_str(), error["decline_code"].as_str()), (Some(code), decline_code));
        let intent = &error["payment_intent"];
        assert_eq!(intent["status"], "requires_payment_method");
        assert_eq!(intent["last_payment_error"]["code"], code);
        let param = match code {
            "expired_card" => Some("exp_month"),
            "incorrect_cvc" => Some("cvc"),
            _ => None,
        };
        assert_eq!(error["param"].as_str(), param, "{method}");
        assert_eq!(intent["last_payment_error"]["payment_method"]["type"], "card");
        assert_eq!(intent["payment_method"], Value::Null);
        assert_eq!(shop.told(), ["payment_intent.created", "charge.failed", "payment_intent.payment_failed"]);

        let path = format!("{INTENTS}/{}/confirm", intent["id"].as_str().unwrap());
        let paid = shop.post(&path, "payment_method=pm_card_visa&return_url=http://shop.test");
        assert_eq!(paid.text("status"), "succeeded");
        assert_eq!(paid.body["last_payment_error"], Value::Null);
        assert_eq!(shop.told(), ["charge.succeeded", "payment_intent.succeeded"]);
    }
}

#[test]
fn wrong_card_data_names_the_field() {
    let mut shop = Shop::new();
    let (id, secret) = open(&mut shop);
    for (card, code) in [
        ("[number]=4242424242424241", "incorrect_number"),
        ("[number]=4242424242424242&payment_method_data[card][exp_month]=13", "invalid_expiry_month"),
        ("[number]=4242424242424242&payment_method_data[card][exp_year]=2020", "invalid_expiry_year"),
        ("[number]=4111111111111111", "card_declined"),
    ] {
        let body = format!("client_secret={secret}&payment_method_data[type]=card&payment_method_data[card]{card}");
        let answer = shop.browser("POST", &format!("{INTENTS}/{id}/confirm"), &body);
        assert_eq!((answer.status, answer.code()), (402, code), "{card}");
    }
}

#[test]
fn three_d_secure_asks_the_customer() {
    let mut shop = Shop::new();
    let asked = shop.pay("pm_card_threeDSecure2Required");
    assert_eq!(asked.text("status"), "requires_action");
    assert_eq!(asked.body["next_action"]["type"], "redirect_to_url");
    let id = asked.id();
    let url = asked.body["next_action"]["redirect_to_url"]["url"].as_str().unwrap();
    assert_eq!(url, format!("http://stripe.test/_sandbox/stripe/payment_intents/{id}/authenticate"));
    assert_eq!(shop.told(), ["payment_intent.created", "payment_intent.requires_action"]);

    let failed = shop.control(&format!("payment_intents/{id}/authenticate"), &json!({ "outcome": "fail" }));
    assert_eq!(failed.text("status"), "requires_payment_method");
    assert_eq!(failed.body["last_payment_error"]["code"], "payment_intent_authentication_failure");
    assert_eq!(shop.told(), ["payment_intent.payment_failed"]);
    let again = shop.control(&format!("payment_intents/{id}/authenticate"), &json!({ "outcome": "success" }));
    assert_eq!(again.status, 400, "nothing to authenticate");

    shop.post(&format!("{INTENTS}/{id}/confirm"), "payment_method=pm_card_authenticationRequired");
    let passed = shop.control(&format!("payment_intents/{id}/authenticate"), &json!({ "outcome": "success" }));
    assert_eq!(passed.text("status"), "succeeded");
    assert_eq!(passed.body["next_action"], Value::Null);
}

#[test]
fn after_three_d_secure_the_bank_can_still_decline() {
    let mut shop = Shop::new();
    let id = shop.pay("pm_card_threeDSecureRequiredChargeDeclined").id();
    let declined = shop.control(&format!("payment_intents/{id}/authenticate"), &json!({ "outcome": "success" }));
    assert_eq!(declined.text("status"), "requires_payment_method");
    assert_eq!(declined.body["last_payment_error"]["decline_code"], "generic_decline");
}

#[test]
fn without_the_customer_three_d_secure_is_a_decline() {
    let mut shop = Shop::new();
    let body = "amount=2000&currency=usd&confirm=true&off_session=true&return_url=http://x.test&payment_method=pm_card_authenticationRequired";
    assert_eq!(shop.post(INTENTS, body).code(), "authentication_required");
}

#[test]
fn a_debit_is_processed_for_days() {
    let mut shop = Shop::new();
    let intent = shop.pay("pm_usBankAccount_success");
    assert_eq!(intent.text("status"), "processing");
    let id = intent.id();
    assert_eq!(shop.told(), ["payment_intent.created", "charge.pending", "payment_intent.processing"]);
    assert_eq!(shop.post(&format!("{INTENTS}/{id}/cancel"), "").code(), "payment_intent_unexpected_state");
    let settled = shop.control(&format!("payment_intents/{id}/settle"), &json!({}));
    assert_eq!((settled.text("status"), &settled.body["amount_received"]), ("succeeded", &json!(2000)));
    assert_eq!(shop.told(), ["charge.succeeded", "payment_intent.succeeded"]);

    let id = shop.pay("pm_usBankAccount_insufficientFunds").id();
    let failed = shop.control(&format!("payment_intents/{id}/settle"), &json!({}));
    assert_eq!(failed.text("status"), "requires_payment_method");
    assert_eq!(failed.body["last_payment_error"]["decline_code"], "insufficient_funds");
}

#[test]
fn a_debit_settles_by_itself_when_told_so() {
    let settings = Settings { settle_after_ms: Some(60_000), ..Settings::default() };
    let mut shop = Shop { stripe: Stripe::new(1, &settings), ..Shop::new() };
    let id = shop.pay("pm_usBankAccount").id();
    assert_eq!(shop.stripe.next_tick(), Some(shop.now.plus(std::time::Duration::from_mins(1))));
    shop.pass(59);
    assert_eq!(shop.get(&format!("{INTENTS}/{id}")).text("status"), "processing");
    shop.pass(1);
    assert_eq!(shop.get(&format!("{INTENTS}/{id}")).text("status"), "succeeded");
}

#[test]
fn capture_takes_what_was_authorized_and_no_more() {
    let mut shop = Shop::new();
    let body = "amount=2000&currency=usd&confirm=true&capture_method=manual&return_url=http://x.test&payment_method=pm_card_visa";
    let intent = shop.post(INTENTS, body);
    assert_eq!((intent.text("status"), &intent.body["amount_capturable"]), ("requires_capture", &json!(2000)));
    let id = intent.id();
    assert_eq!(shop.told()[1..], ["charge.succeeded", "payment_intent.amount_capturable_updated"]);
    assert_eq!(shop.post(&format!("{INTENTS}/{id}/capture"), "amount_to_capture=2001").code(), "amount_too_large");
    let captured = shop.post(&format!("{INTENTS}/{id}/capture"), "amount_to_capture=1500");
    assert_eq!((captured.text("status"), &captured.body["amount_received"]), ("succeeded", &json!(1500)));
    assert_eq!(shop.told(), ["charge.captured", "payment_intent.succeeded"]);
    assert_eq!(shop.post(&format!("{INTENTS}/{id}/capture"), "").code(), "payment_intent_unexpected_state");
    let refund = shop.post("/v1/refunds", &format!("payment_intent={id}"));
    assert_eq!(refund.body["amount"], 1500);

    let released = shop.post(INTENTS, body).id();
    let canceled = shop.post(&format!("{INTENTS}/{released}/cancel"), "cancellation_reason=abandoned");
    assert_eq!(canceled.text("cancellation_reason"), "abandoned");
    assert_eq!(shop.told().last().map(String::as_str), Some("payment_intent.canceled"));
}

#[test]
fn the_state_decides_what_may_be_done() {
    let mut shop = Shop::new();
    let paid = shop.pay("pm_card_visa").id();
    let canceled = shop.post(INTENTS, "amount=2000&currency=usd").id();
    shop.post(&format!("{INTENTS}/{canceled}/cancel"), "").id();
    for (path, body) in [
        (format!("{INTENTS}/{paid}/cancel"), ""),
        (format!("{INTENTS}/{paid}/confirm"), "payment_method=pm_card_visa"),
        (format!("{INTENTS}/{paid}/capture"), ""),
        (format!("{INTENTS}/{paid}"), "amount=1"),
        (format!("{INTENTS}/{canceled}/cancel"), ""),
        (format!("{INTENTS}/{canceled}/confirm"), "payment_method=pm_card_visa"),
        (format!("{INTENTS}/{canceled}"), "amount=3000"),
    ] {
        let answer = shop.post(&path, body);
        assert_eq!((answer.status, answer.code()), (400, "payment_intent_unexpected_state"), "{path} {body}");
        assert!(answer.body["error"]["payment_intent"].is_object());
    }
    let labelled = shop.post(&format!("{INTENTS}/{paid}"), "metadata[note]=x&description=thanks");
    assert_eq!((labelled.status, &labelled.body["metadata"]["note"]), (200, &json!("x")));
}

#[test]
fn parameters_are_checked() {
    let mut shop = Shop::new();
    for (body, code, param) in [
        ("currency=usd", "parameter_missing", "amount"),
        ("amount=2000", "parameter_missing", "currency"),
        ("amount=20.5&currency=usd", "parameter_invalid_integer", "amount"),
        ("amount=10&currency=usd", "amount_too_small", "amount"),
        ("amount=2000&currency=xxx", "invalid_request_error", "currency"),
        ("amount=2000&currency=usd&colour=red", "parameter_unknown", "colour"),
        ("amount=2000&currency=usd&receipt_email=nobody", "email_invalid", "receipt_email"),
        ("amount=2000&currency=usd&payment_method=pm_nope", "resource_missing", "payment_method"),
        ("amount=2000&currency=usd&confirm=true&payment_method=pm_card_visa", "invalid_request_error", "return_url"),
        (
            "amount=2000&currency=usd&allowed_payment_method_types[]=card&payment_method=pm_usBankAccount",
            "payment_intent_incompatible_payment_method",
            "payment_method",
        ),
        (
            "amount=2000&currency=eur&allowed_payment_method_types[]=us_bank_account",
            "invalid_request_error",
            "allowed_payment_method_types",
        ),
        (
            "amount=2000&currency=usd&excluded_payment_method_types[]=card&excluded_payment_method_types[]=us_bank_account",
            "invalid_request_error",
            "excluded_payment_method_types",
        ),
        // Gone since the version dahlia.
        ("amount=2000&currency=usd&payment_method_types[]=card", "parameter_unknown", "payment_method_types"),
        (
            "amount=2000&currency=usd&excluded_payment_method_types[]=gold",
            "invalid_request_error",
            "excluded_payment_method_types[0]",
        ),
        ("amount=2000&currency=usd&customer=cus_nobody", "resource_missing", "customer"),
        ("amount=2000&currency=usd&shipping[address][line1]=x", "parameter_missing", "shipping[name]"),
        ("amount=2000&currency=usd&shipping[name]=Ada", "parameter_missing", "shipping[address]"),
        ("amount=2000&currency=usd&shipping[colour]=red", "parameter_unknown", "shipping[colour]"),
        (
            "amount=2000&currency=usd&payment_method_options[card][request_three_d_secure]=maybe",
            "invalid_request_error",
            "payment_method_options[card][request_three_d_secure]",
        ),
        (
            "amount=2000&currency=usd&confirm=true&return_url=http://x.test&payment_method=pm_usBankAccount",
            "parameter_missing",
            "mandate_data",
        ),
    ] {
        let answer = shop.post(INTENTS, body);
        assert_eq!((answer.status, answer.code()), (400, code), "{body}");
        assert_eq!(answer.body["error"]["param"], param, "{body}");
    }
    assert_eq!(shop.stripe.payment_intent_count(), 0);
    let missing = shop.get(&format!("{INTENTS}/pi_nope"));
    assert_eq!((missing.status, missing.code()), (404, "resource_missing"));
    assert_eq!(shop.get("/v1/unicorns").status, 404);
}

#[test]
fn an_intent_can_be_changed_while_it_is_open() {
    let mut shop = Shop::new();
    let (id, _) = open(&mut shop);
    let changed = shop.post(&format!("{INTENTS}/{id}"), "amount=2500&metadata[a]=1&payment_method=pm_card_visa");
    assert_eq!(changed.body["amount"], 2500);
    assert_eq!(changed.text("status"), "requires_confirmation");
    let paid = shop.post(&format!("{INTENTS}/{id}/confirm"), "return_url=http://shop.test");
    assert_eq!(paid.body["amount_received"], 2500);
}

#[test]
fn every_answer_carries_version_and_request_id() {
    let mut shop = Shop::new();
    let mut request = get("/v1/payment_intents", "sk_test_sandbox");
    assert_eq!(shop.send(&request).headers["stripe-version"], "2026-10-28.endive");
    request.headers_mut().insert("stripe-version", HeaderValue::from_static("2024-06-20"));
    let answer = shop.send(&request);
    assert_eq!(answer.headers["stripe-version"], "2024-06-20");
    assert!(answer.headers["request-id"].to_str().unwrap().starts_with("req_"));
}
