//! The sandbox as a whole: faults in front of the providers, webhooks on their way.

use std::time::Duration;

use bytes::Bytes;
use domain::Timestamp;
use http::Request;
use serde_json::Value;

use crate::{Delivery, Fault, FaultKind, Loss, Outcome, Provider, Sandbox, Settings, stripe::Endpoint};

const START: Timestamp = Timestamp::from_seconds(1_790_000_000);

fn sandbox(seed: u64) -> Sandbox {
    let mut settings = Settings { seed, ..Settings::default() };
    settings.stripe.endpoints.push(Endpoint::new("http://shop.test/hook"));
    Sandbox::new(settings)
}

fn create(key: &str) -> Request<Bytes> {
    Request::post("http://stripe.test/v1/payment_intents")
        .header("authorization", "Bearer sk_test_sandbox")
        .header("idempotency-key", key)
        .body(Bytes::from_static(b"amount=2000&currency=usd"))
        .unwrap()
}

fn control(sandbox: &mut Sandbox, method: &str, path: &str, body: &str) -> (u16, Value) {
    let request = Request::builder().method(method).uri(format!("http://stripe.test/_sandbox/{path}"));
    match sandbox.handle(START, &request.body(Bytes::from(body.to_owned())).unwrap()) {
        Outcome::Answer { response, .. } => {
            (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap_or_default())
        }
        Outcome::NoAnswer { .. } => panic!("controls have no faults"),
    }
}

fn types(due: &[Delivery]) -> Vec<&str> {
    due.iter().map(|delivery| delivery.event_type.as_str()).collect()
}

#[test]
fn a_lost_answer_keeps_the_effect_and_the_key_finds_it() {
    let mut sandbox = sandbox(1);
    sandbox.faults.add(Fault::new(FaultKind::AnswerLost { millis: 700 }).times(1));
    let lost = sandbox.handle(START, &create("k"));
    let Outcome::NoAnswer { loss: Loss::Reset, acted: true, delay } = lost else { panic!("{lost:?}") };
    assert_eq!(delay, Duration::from_millis(700));
    assert_eq!(types(&sandbox.due(START)), ["payment_intent.created"], "the webhook comes all the same");
    let Outcome::Answer { response, .. } = sandbox.handle(START, &create("k")) else { panic!() };
    assert_eq!(response.headers()["idempotent-replayed"], "true");
    assert_eq!(sandbox.stripe.payment_intent_count(), 1);
}

#[test]
fn a_slow_answer_makes_a_second_call_concurrent() {
    let mut sandbox = sandbox(1);
    sandbox.faults.add(Fault::new(FaultKind::Latency { millis: 3000 }).times(1));
    let Outcome::Answer { delay, .. } = sandbox.handle(START, &create("k")) else { panic!() };
    assert_eq!(delay, Duration::from_secs(3));
    assert_eq!(sandbox.handle(START.plus(Duration::from_secs(1)), &create("k")).status(), Some(409));
    assert_eq!(sandbox.handle(START.plus(Duration::from_secs(3)), &create("k")).status(), Some(200));
    assert_eq!(sandbox.stripe.payment_intent_count(), 1);
}

#[test]
fn each_provider_fails_in_its_own_words() {
    let mut sandbox = sandbox(1);
    sandbox.faults.add(Fault::new(FaultKind::TooManyRequests { retry_after: Some(7) }).at(Provider::Stripe));
    let Outcome::Answer { response, .. } = sandbox.handle(START, &create("k")) else { panic!() };
    assert_eq!((response.status().as_u16(), response.headers()["retry-after"].as_bytes()), (429, b"7".as_slice()));
    let body: Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(body["error"]["code"], "rate_limit");
    assert_eq!(sandbox.stripe.payment_intent_count(), 0);
}

#[test]
fn a_browsers_preflight_uses_no_fault_up() {
    let mut sandbox = sandbox(1);
    sandbox.faults.add(Fault::new(FaultKind::Unavailable).times(1));
    let preflight = Request::options("http://stripe.test/v1/payment_intents/pi_1/confirm")
        .header("origin", "http://shop.test")
        .body(Bytes::new())
        .unwrap();
    let Outcome::Answer { response, .. } = sandbox.handle(START, &preflight) else { panic!() };
    assert_eq!(response.status(), 204);
    assert!(response.headers().contains_key("access-control-allow-headers"));
    assert_eq!(sandbox.handle(START, &create("k")).status(), Some(503));
}

#[test]
fn webhooks_are_due_tried_again_and_settled() {
    let mut sandbox = sandbox(1);
    sandbox.handle(START, &create("k"));
    assert_eq!(sandbox.next_due(), Some(START));
    let first = sandbox.due(START).remove(0);
    assert_eq!(sandbox.next_due(), None, "on its way");
    sandbox.delivered(START, first.id, Some(500));
    let next = sandbox.next_due().unwrap();
    assert_eq!(next.since(START), Duration::from_millis(500));
    let second = sandbox.due(next).remove(0);
    assert_eq!((second.id, second.attempt, &second.body), (first.id, 2, &first.body));
    sandbox.delivered(next, second.id, Some(200));
    assert_eq!(sandbox.next_due(), None);
    assert_eq!(control(&mut sandbox, "GET", "webhooks", "").1["taken"], 1);
}

#[test]
fn webhooks_come_twice_and_out_of_order_the_same_way_for_a_seed() {
    let run = |seed| {
        let mut sandbox = sandbox(seed);
        sandbox.faults.add(Fault::new(FaultKind::WebhookDuplicate { copies: 1 }).probability(0.3));
        sandbox.faults.add(Fault::new(FaultKind::WebhookReorder { within_millis: 5000 }));
        for n in 0..20 {
            sandbox.handle(START, &create(&format!("k{n}")));
        }
        let mut order = Vec::new();
        while let Some(due) = sandbox.next_due() {
            order.extend(sandbox.due(due).into_iter().map(|delivery| (due, delivery.body)));
        }
        order
    };
    let first = run(1);
    assert!((22..32).contains(&first.len()), "{} of 20", first.len());
    let created: Vec<_> = (1..first.len()).filter(|n| first[*n].1 < first[n - 1].1).collect();
    assert!(!created.is_empty(), "some overtake");
    assert_eq!(first, run(1));
    assert_ne!(first, run(2));
}

/// Pays, with a fault on the way of the webhooks, and gives the events that Stripe lists as delivered and as not.
fn delivered_after(kind: FaultKind) -> (Vec<Value>, Vec<Value>, Sandbox) {
    let mut sandbox = sandbox(1);
    sandbox.faults.add(Fault::new(kind));
    sandbox.handle(START, &create("k"));
    let mut list = |success: bool| {
        let request = Request::get(format!("http://stripe.test/v1/events?delivery_success={success}"));
        let request = request.header("authorization", "Bearer sk_test_sandbox").body(Bytes::new()).unwrap();
        let Outcome::Answer { response, .. } = sandbox.handle(START, &request) else { panic!() };
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        body["data"].as_array().unwrap().clone()
    };
    (list(true), list(false), sandbox)
}

#[test]
fn a_dropped_webhook_never_comes_and_stays_pending_at_stripe() {
    let (taken, missed, mut sandbox) = delivered_after(FaultKind::WebhookDrop { acknowledged: false });
    assert_eq!((sandbox.next_due(), sandbox.due(START).len()), (None, 0), "nor is it tried again");
    assert_eq!((taken.len(), missed.len(), &missed[0]["pending_webhooks"]), (0, 1, &1.into()));
    assert_eq!(control(&mut sandbox, "GET", "webhooks", "").1["dropped"], 1);
    sandbox.faults.clear();
    let event = missed[0]["id"].as_str().unwrap();
    assert_eq!(control(&mut sandbox, "POST", &format!("stripe/events/{event}/resend"), "").0, 200);
    assert_eq!(types(&sandbox.due(START)), ["payment_intent.created"], "the dashboard's button brings it all the same");
}

#[test]
fn a_webhook_that_something_else_acknowledged_counts_as_delivered() {
    let (taken, missed, mut sandbox) = delivered_after(FaultKind::WebhookDrop { acknowledged: true });
    assert!(sandbox.due(START).is_empty());
    assert_eq!((taken.len(), missed.len(), &taken[0]["pending_webhooks"]), (1, 0, &0.into()));
}

#[test]
fn faults_are_switched_over_http() {
    let mut sandbox = sandbox(1);
    let (status, made) =
        control(&mut sandbox, "POST", "faults", r#"{"provider":"stripe","kind":"unavailable","nth":2}"#);
    assert_eq!(status, 201);
    assert_eq!(sandbox.handle(START, &create("a")).status(), Some(200));
    assert_eq!(sandbox.handle(START, &create("b")).status(), Some(503));
    let (_, listed) = control(&mut sandbox, "GET", "faults", "");
    assert_eq!((&listed["faults"][0]["hits"], &listed["faults"][0]["kind"]), (&1.into(), &"unavailable".into()));
    assert_eq!(control(&mut sandbox, "DELETE", &format!("faults/{}", made["id"]), "").0, 204);
    assert_eq!(control(&mut sandbox, "DELETE", &format!("faults/{}", made["id"]), "").0, 404);
    assert_eq!(control(&mut sandbox, "POST", "faults", r#"{"kind":"gremlins"}"#).0, 400);
    assert_eq!(control(&mut sandbox, "DELETE", "faults", "").0, 204);
}

#[test]
fn calls_are_counted_without_secrets_and_a_reset_forgets_all() {
    let mut sandbox = sandbox(1);
    sandbox.handle(START, &create("k"));
    let spied = Request::get("http://stripe.test/v1/payment_intents/pi_3Nabc?client_secret=s3cret");
    sandbox.handle(START, &spied.body(Bytes::new()).unwrap());
    let (_, log) = control(&mut sandbox, "GET", "requests", "");
    assert_eq!(log["counts"]["POST /v1/payment_intents"]["calls"], 1);
    assert_eq!(log["counts"]["GET /v1/payment_intents/:id"]["refused"], 1);
    assert!(!log.to_string().contains("s3cret"));
    let before = sandbox.stripe.payment_intent_count();
    assert_eq!((before, control(&mut sandbox, "POST", "reset", "").0), (1, 204));
    assert_eq!((sandbox.stripe.payment_intent_count(), sandbox.next_due()), (0, None));
    sandbox.handle(START, &create("k"));
    assert_eq!(sandbox.due(START).len(), 1, "the endpoints of the settings are there again");
}

#[test]
fn what_is_nobodys_is_not_found() {
    let mut sandbox = sandbox(1);
    assert_eq!(control(&mut sandbox, "GET", "health", "").1["status"], "ok");
    assert_eq!(control(&mut sandbox, "GET", "unicorns", "").0, 404);
    let elsewhere = Request::get("http://stripe.test/v2/x").body(Bytes::new()).unwrap();
    assert_eq!(sandbox.handle(START, &elsewhere).status(), Some(404));
}
