//! One order, one live intent: under repetition, at once, with Stripe failing in every way.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use sandbox::FaultKind;
use serde_json::{Value, json};

use super::world::{ANNA, HandlerResponse, World, about, cart, fault, order_id, order_request};

/// The current intent, its client secret and how far it is.
fn payment(answered: &HandlerResponse) -> (Option<&str>, Option<&str>, &str) {
    let payment = &answered.body["payment"];
    (payment["intent_id"].as_str(), payment["client_secret"].as_str(), payment["status"].as_str().unwrap())
}

/// The order with its first intent, ready to be paid.
fn placed(world: &World) -> (String, String) {
    let answered = world.place(ANNA, "key-1", &cart());
    let (Some(intent), Some(_), "requires_payment_method") = payment(&answered) else { panic!("{}", answered.body) };
    (order_id(ANNA, "key-1"), intent.to_owned())
}

#[test]
fn a_repetition_finds_its_order_and_intent() {
    let world = World::new();
    let first = world.place(ANNA, "key-1", &cart());
    let again = world.place(ANNA, "key-1", &cart());
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(again.body, first.body);
    assert_eq!(first.headers["location"], format!("/v1/orders/{}", order_id(ANNA, "key-1")).as_str());
    assert_eq!(
        (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"].as_bytes()),
        (None, &b"true"[..])
    );
    assert_eq!((world.store.all_orders().len(), world.intents().len()), (1, 1));
}

#[test]
fn fifty_at_once_with_answers_lost_are_one_order_and_one_intent() {
    for probability in [0.0, 0.3, 0.6] {
        let world = World::new();
        world.rate_limit_scale.set(0);
        world.add_fault(fault(FaultKind::Latency { millis: 120 }));
        world.add_fault(fault(FaultKind::AnswerLost { millis: 40 }).probability(probability));
        let requests = (0..50).map(|_| world.answer("create-order", order_request(ANNA, Some("key-1"), &cart())));
        let answers = world.run(join_all(requests));
        world.clear_faults();

        assert!(answers.iter().all(|answered| answered.status == 201));
        let bodies: BTreeSet<_> = answers.iter().map(|answered| answered.body.to_string()).collect();
        assert_eq!(bodies.len(), 1, "at {probability}: {bodies:#?}");
        assert!(payment(&answers[0]).1.is_some());
        let replayed = answers.iter().filter(|answered| answered.headers.contains_key("idempotent-replayed")).count();
        assert_eq!((world.store.all_orders().len(), world.intents().len(), replayed), (1, 1, 49));
        assert_eq!(world.order(&order_id(ANNA, "key-1")).version, 2, "placed, then its intent");
    }
}

#[test]
fn an_order_stands_without_stripe_and_is_paid_later() {
    for kind in [
        FaultKind::Unreachable,
        FaultKind::ConnectionReset,
        FaultKind::Timeout { millis: 4000 },
        FaultKind::Unavailable,
        FaultKind::InternalError,
        FaultKind::TooManyRequests { retry_after: Some(30) },
        FaultKind::Conflict,
    ] {
        let world = World::new();
        world.add_fault(fault(kind.clone()));
        let begun = resilience::Clock::now(&world.clock);
        let answered = world.place(ANNA, "key-1", &cart());
        assert_eq!((answered.status, payment(&answered)), (201, (None, None, "pending")), "{kind:?}");
        let took = resilience::Clock::now(&world.clock).since(begun);
        assert!(took <= Duration::from_secs(12), "{kind:?} took {took:?}");

        let order = order_id(ANNA, "key-1");
        let refused = world.about("create-payment-intent", ANNA, &order);
        assert_eq!(refused.problem(), (503, "payment-unavailable", None), "{kind:?}");
        assert!(refused.headers.contains_key("retry-after"), "{kind:?}");

        world.clear_faults();
        let opened = world.about("create-payment-intent", ANNA, &order);
        assert!(matches!(payment(&opened), (Some(_), Some(_), "requires_payment_method")), "{kind:?} {}", opened.body);
        assert_eq!((opened.status, world.pay(&order).body["status"].as_str()), (200, Some("paid")));
        assert_eq!(world.intents().len(), 1, "{kind:?}");
    }
}

#[test]
fn a_key_that_cannot_be_read_is_as_if_stripe_were_down() {
    let world = World::new();
    world.has_key.set(false);
    assert_eq!(payment(&world.place(ANNA, "key-1", &cart())), (None, None, "pending"));
    let order = order_id(ANNA, "key-1");
    assert_eq!(world.about("create-payment-intent", ANNA, &order).problem(), (503, "payment-unavailable", None));
}

#[test]
fn a_repetition_is_not_priced_anew() {
    let world = World::new();
    let first = world.place(ANNA, "key-1", &cart());
    world.product("MUG-1", 99_900, 0, true);
    assert_eq!(world.place(ANNA, "key-1", &cart()).body, first.body, "dearer and gone");
    world.product("MUG-1", 1250, 10, false);
    assert_eq!(world.place(ANNA, "key-1", &cart()).body, first.body, "no longer sold");
    assert_eq!(world.place(ANNA, "key-2", &cart()).problem(), (422, "invalid-field", Some("lines[0].sku")));
}

#[test]
fn a_cancelled_orders_repetition_makes_no_intent_and_shows_no_secret() {
    let world = World::new();
    world.add_fault(fault(FaultKind::Unreachable));
    world.place(ANNA, "key-1", &cart());
    world.clear_faults();
    let order = order_id(ANNA, "key-1");
    world.about("cancel-order", ANNA, &order);
    let again = world.place(ANNA, "key-1", &cart());
    assert_eq!(
        (again.status, &again.body["status"], payment(&again)),
        (201, &"cancelled".into(), (None, None, "canceled"))
    );
    assert_eq!(world.intents(), [""; 0]);
    let refused = world.about("create-payment-intent", ANNA, &order);
    assert_eq!(
        (refused.problem(), &refused.body["order_status"]),
        ((409, "not-awaiting-payment", None), &"cancelled".into())
    );
}

#[test]
fn an_order_cancelled_with_a_live_intent_shows_its_secret_no_more() {
    let world = World::new();
    let (order, intent) = placed(&world);
    world.about("cancel-order", ANNA, &order);
    assert_eq!(payment(&world.place(ANNA, "key-1", &cart())), (Some(&*intent), None, "canceled"));
}

#[test]
fn an_intent_given_up_at_stripe_is_replaced_by_one_for_all() {
    for function in ["create-payment-intent", "create-order"] {
        let world = World::new();
        let (order, given_up) = placed(&world);
        world.at_stripe(&format!("payment_intents/{given_up}/cancel"), "");
        world.add_fault(fault(FaultKind::Latency { millis: 50 }));
        let request = || match function {
            "create-order" => order_request(ANNA, Some("key-1"), &cart()),
            _ => about(ANNA, &order),
        };
        let answers = world.run(join_all((0..10).map(|_| world.answer(function, request()))));
        world.clear_faults();
        let intents: BTreeSet<_> = answers.iter().map(payment).collect();
        assert_eq!(intents.len(), 1, "{function}: {intents:?}");
        let (Some(intent), Some(secret), "requires_payment_method") = payment(&answers[0]) else {
            panic!("{intents:?}")
        };
        assert!(intent != given_up && secret.starts_with(intent));
        assert_eq!((world.intents().len(), world.order(&order).payment.attempt), (2, 2));
    }
}

#[test]
fn the_return_page_believes_stripe_alone() {
    let world = World::new();
    let (order, intent) = placed(&world);
    let claims = |status: &str| {
        let mut event = super::world::event(Some(ANNA));
        event["pathParameters"] = json!({"order_id": order});
        event["body"] = json!({"status": status, "payment_intent": intent}).to_string().into();
        world.call("confirm-payment", super::world::request(event))
    };
    let unpaid = claims("succeeded");
    assert_eq!((unpaid.status, &unpaid.body["status"]), (200, &"pending_payment".into()));
    assert_eq!(payment(&unpaid), (Some(&*intent), None, "requires_payment_method"));

    world.at_stripe(
        &format!("payment_intents/{intent}/confirm"),
        "payment_method=pm_card_visa&return_url=https://shop.test",
    );
    let paid = claims("failed");
    assert_eq!((&paid.body["status"], &paid.body["captured"]), (&"paid".into(), &4800.into()));
    assert_eq!(payment(&paid), (Some(&*intent), None, "succeeded"));
    assert_eq!(claims("succeeded").body, paid.body, "a second look changes nothing");
}

#[test]
fn a_declined_card_leaves_the_same_intent_to_be_paid() {
    let world = World::new();
    let (order, intent) = placed(&world);
    let key = world.sandbox.lock().settings().stripe.secret_key.clone();
    declined(&world, &intent, &key);
    let after = world.about("confirm-payment", ANNA, &order);
    assert_eq!((&after.body["status"], payment(&after).2), (&"pending_payment".into(), "payment_failed"));
    let again = world.about("create-payment-intent", ANNA, &order);
    assert!(matches!(payment(&again), (Some(same), Some(_), "payment_failed") if same == intent), "{}", again.body);
    assert_eq!(world.pay(&order).body["status"], "paid");
    assert_eq!(world.intents().len(), 1);
}

fn declined(world: &World, intent: &str, key: &str) {
    use resilience::Transport as _;
    let request = lambda_http::http::Request::post(format!("https://stripe.test/v1/payment_intents/{intent}/confirm"))
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body("payment_method=pm_card_chargeDeclined&return_url=https://shop.test".into())
        .unwrap();
    let transport = sandbox::SandboxTransport::new(world.sandbox.clone(), world.clock.clone());
    let response = world.run(transport.send(request)).unwrap();
    assert_eq!(response.status(), 402, "{:?}", response.body());
}

#[test]
fn a_paid_order_has_nothing_left_to_pay() {
    let world = World::new();
    let (order, intent) = placed(&world);
    world.pay(&order);
    assert_eq!(payment(&world.place(ANNA, "key-1", &cart())), (Some(&*intent), None, "succeeded"));
    let refused = world.about("create-payment-intent", ANNA, &order);
    assert_eq!(
        (refused.problem(), &refused.body["order_status"]),
        ((409, "not-awaiting-payment", None), &Value::from("paid"))
    );
}
