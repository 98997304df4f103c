//! Changing an order that waits for money: one live intent per cart, goods moved once, nothing half done.

use std::time::Duration;

use futures::future::{join, join_all};
use sandbox::FaultKind;
use serde_json::{Value, json};
use store::Catalogue as _;

use super::world::{ANNA, HandlerResponse, World, about, about_with, cart, fault, order_id, order_request};

/// The order of the whole module: two mugs and a shirt, 48.00, with a live intent.
fn placed(world: &World) -> (String, String) {
    let answered = world.place(ANNA, "key-1", &cart());
    assert_eq!(answered.status, 201, "{}", answered.body);
    (order_id(ANNA, "key-1"), answered.body["payment"]["intent_id"].as_str().unwrap().to_owned())
}

fn mugs(quantity: u32) -> Value {
    json!({"lines": [{"sku": "MUG-1", "quantity": quantity}]})
}

fn edit(world: &World, order: &str, body: &Value) -> HandlerResponse {
    world.call("update-order", about_with(ANNA, order, body))
}

fn stock(world: &World) -> (u32, u32) {
    let skus = ["MUG-1", "TEE-BLACK-M"].map(|sku| sku.parse().unwrap());
    let products = world.run(world.store.products(&skus)).unwrap();
    let of = |sku: &str| products.iter().find(|product| product.sku.as_str() == sku).unwrap().stock;
    (of("MUG-1"), of("TEE-BLACK-M"))
}

/// Id, amount and status of every intent at Stripe.
fn at_stripe(world: &World) -> Vec<(String, i64, String)> {
    let deadline = resilience::Deadline::after(&world.clock, Duration::from_mins(1));
    let intents = world.intents();
    let retrieve = |id: &String| {
        let intent = world.run(world.stripe.retrieve_payment_intent(&id.as_str().into(), deadline)).unwrap();
        (id.clone(), intent.amount, format!("{:?}", intent.status()))
    };
    intents.iter().map(retrieve).collect()
}

fn live(world: &World) -> Vec<(String, i64)> {
    let all = at_stripe(world).into_iter();
    all.filter(|(_, _, status)| status != "Canceled").map(|(id, amount, _)| (id, amount)).collect()
}

#[test]
fn another_total_gives_the_old_intent_up_and_asks_for_a_new_one() {
    let world = World::new();
    let (order, first) = placed(&world);
    let edited = edit(&world, &order, &mugs(3));
    assert_eq!(
        (edited.status, &edited.body["total"], &edited.body["status"]),
        (200, &3750.into(), &"pending_payment".into())
    );
    assert_eq!(live(&world), [], "the old one can't be paid any more, and nobody has asked for a new one");
    assert_eq!(stock(&world), (7, 10));
    let key = world.sandbox.lock().settings().stripe.secret_key.clone();
    assert_eq!(confirm(&world, &first, &key), 400, "the browser's old secret is worth nothing");

    let opened = world.about("create-payment-intent", ANNA, &order);
    let second = opened.body["payment"]["intent_id"].as_str().unwrap().to_owned();
    assert_eq!(live(&world), [(second.clone(), 3750)]);
    assert!(opened.body["payment"]["client_secret"].as_str().unwrap().starts_with(&second));
    assert_eq!(world.pay(&order).body["status"], "paid");
    assert_eq!(world.order(&order).payment.facts.captured(), 3750);
    let receipts = world.run(store::Orders::receipts(&world.store, order.parse().unwrap())).unwrap();
    assert!(receipts.iter().any(|receipt| receipt.source == store::ReceiptSource::Checkout), "{receipts:?}");
}

fn confirm(world: &World, intent: &str, key: &str) -> u16 {
    use resilience::Transport as _;
    let request = lambda_http::http::Request::post(format!("https://stripe.test/v1/payment_intents/{intent}/confirm"))
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body("payment_method=pm_card_visa&return_url=https://shop.test".into())
        .unwrap();
    let transport = sandbox::SandboxTransport::new(world.sandbox.clone(), world.clock.clone());
    world.run(transport.send(request)).unwrap().status().as_u16()
}

#[test]
fn the_same_edit_again_changes_nothing() {
    let world = World::new();
    let (order, _) = placed(&world);
    let first = edit(&world, &order, &mugs(3));
    let again = edit(&world, &order, &mugs(3));
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!((edit(&world, &order, &json!({})).body, stock(&world)), (first.body, (7, 10)));
}

#[test]
fn the_request_that_placed_an_order_finds_it_after_any_edit() {
    for body in [mugs(3), json!({"email": "new@example.com"})] {
        let world = World::new();
        let (order, _) = placed(&world);
        assert_eq!(edit(&world, &order, &body).status, 200);
        let again = world.place(ANNA, "key-1", &cart());
        assert_eq!((again.status, &again.body["order_id"]), (201, &order.as_str().into()), "{body}");
        assert!(again.body["payment"]["client_secret"].is_string());
    }
}

#[test]
fn contact_needs_no_stripe_and_leaves_the_intent_alone() {
    let world = World::new();
    let (order, intent) = placed(&world);
    world.has_key.set(false);
    let edited = edit(&world, &order, &json!({"email": "new@example.com"}));
    assert_eq!((edited.status, &edited.body["email"]), (200, &"new@example.com".into()));
    let address = json!({"name": "Ben", "line1": "Weg 2", "city": "Bonn", "country": "DE"});
    let edited = edit(&world, &order, &json!({ "shipping_address": address }));
    assert_eq!(
        (&edited.body["email"], &edited.body["shipping_address"]["name"]),
        (&"new@example.com".into(), &"Ben".into())
    );
    assert_eq!(live(&world), [(intent, 4800)]);
}

#[test]
fn another_cart_of_the_same_total_keeps_its_intent() {
    let world = World::new();
    world.product("CUP-1", 4800, 3, true);
    let (order, intent) = placed(&world);
    let edited = edit(&world, &order, &json!({"lines": [{"sku": "CUP-1", "quantity": 1}]}));
    assert_eq!((edited.status, live(&world), stock(&world)), (200, vec![(intent, 4800)], (10, 10)));
}

#[test]
fn without_stripe_nothing_changes() {
    let world = World::new();
    let (order, intent) = placed(&world);
    let before = world.order(&order);
    world.add_fault(fault(FaultKind::Unavailable));
    let refused = edit(&world, &order, &mugs(3));
    assert_eq!(refused.problem(), (503, "payment-unavailable", None));
    assert!(refused.headers.contains_key("retry-after"));
    world.clear_faults();
    world.has_key.set(false);
    assert_eq!(edit(&world, &order, &mugs(3)).problem(), (503, "payment-unavailable", None));
    assert_eq!((world.order(&order), stock(&world), live(&world)), (before, (8, 9), vec![(intent, 4800)]));
}

#[test]
fn what_is_not_there_is_refused_before_anything_changes() {
    let world = World::new();
    let (order, intent) = placed(&world);
    let before = world.order(&order);
    let wanted = json!({"lines": [{"sku": "TEE-BLACK-M", "quantity": 2}, {"sku": "MUG-1", "quantity": 11}]});
    assert_eq!(edit(&world, &order, &wanted).problem(), (409, "out-of-stock", Some("lines[1].quantity")));
    assert_eq!((world.order(&order), stock(&world), live(&world)), (before, (8, 9), vec![(intent, 4800)]));
    assert_eq!(edit(&world, &order, &mugs(10)).status, 200, "its own two count as there");
    assert_eq!(stock(&world), (0, 10));
}

#[test]
fn a_payment_that_was_faster_stands() {
    for (method, status) in [("pm_card_visa", "paid"), ("pm_sepaDebit_success", "payment_processing")] {
        let world = World::new();
        let (order, intent) = placed(&world);
        let form = format!(
            "payment_method={method}&return_url=https://shop.test&mandate_data[customer_acceptance][type]=online&mandate_data[customer_acceptance][online][ip_address]=127.0.0.1&mandate_data[customer_acceptance][online][user_agent]=x"
        );
        world.at_stripe(&format!("payment_intents/{intent}/confirm"), &form);
        let refused = edit(&world, &order, &mugs(3));
        assert_eq!(
            (refused.problem(), &refused.body["order_status"]),
            ((409, "too-late-to-edit", None), &status.into())
        );
        assert_eq!((world.order(&order).status.as_str(), world.order(&order).total.amount), (status, 4800));
        assert_eq!(stock(&world), (8, 9));
    }
}

#[test]
fn what_breaks_a_rule_is_refused_with_its_field() {
    let world = World::new();
    let (order, _) = placed(&world);
    for (body, field) in [
        (json!({"lines": []}), "lines"),
        (json!({"lines": [{"sku": "NONE", "quantity": 1}]}), "lines[0].sku"),
        (json!({"lines": [{"sku": "MUG-1", "quantity": 1, "price": 1}]}), "lines[0].price"),
        (json!({"email": "nobody"}), "email"),
        (
            json!({"shipping_address": {"name": " ", "line1": "x", "city": "x", "country": "DE"}}),
            "shipping_address.name",
        ),
        (json!({"total": 1}), "total"),
        (json!({"payment_method": "invoice"}), "payment_method"),
    ] {
        assert_eq!(edit(&world, &order, &body).problem(), (422, "invalid-field", Some(field)), "{body}");
    }
    assert_eq!(world.order(&order).version, 2);
}

/// Ten edits, ten requests for an intent, with Stripe slow and answers lost: in the end there is one order with the lines
/// of one edit, its goods, and no intent for anything else that could be paid.
#[test]
fn edits_and_payment_pages_in_many_tabs_end_at_one_cart_and_one_intent() {
    for probability in [0.0, 0.3] {
        let world = World::new();
        world.rate_limit_scale.set(0);
        let (order, _) = placed(&world);
        world.add_fault(fault(FaultKind::Latency { millis: 90 }));
        world.add_fault(fault(FaultKind::AnswerLost { millis: 40 }).probability(probability));
        let after = async |millis: u64, function: &str, request| {
            resilience::Clock::sleep(&world.clock, Duration::from_millis(millis)).await;
            world.answer(function, request).await
        };
        let edits = (1..=10u32).map(|number| {
            let request = about_with(ANNA, &order, &mugs(number));
            after(40 * u64::from(11 - number), "update-order", request)
        });
        let opens = (1..=10).map(|number| after(55 * number, "create-payment-intent", about(ANNA, &order)));
        let (edited, opened) = world.run(join(join_all(edits), join_all(opens)));
        world.clear_faults();
        assert!(edited.iter().chain(&opened).all(|answered| [200, 503].contains(&answered.status)));
        let last = world.about("create-payment-intent", ANNA, &order);
        assert_eq!(last.status, 200, "{}", last.body);
        let now = world.order(&order);
        let current = now.payment.intent.as_ref().unwrap().to_string();
        let payable: Vec<_> = live(&world).into_iter().filter(|(id, _)| is_known(&world, &order, id)).collect();
        assert_eq!(payable, [(current, now.total.amount)], "at {probability}");
        assert_eq!(stock(&world), (10 - now.lines[0].quantity, 10));
        assert_eq!(world.pay(&order).body["status"], "paid");
    }
}

/// Whether anybody was ever given the intent's secret: the order names it before.
fn is_known(world: &World, order: &str, intent: &str) -> bool {
    world.order(order).payment.facts.intent(&intent.into()).is_some()
}

/// The customer pays in one tab while the other one edits: either is first, and the other hears of it.
#[test]
fn an_order_has_a_hundred_attempts_to_pay_and_the_last_one_is_not_given_up() {
    let world = World::new();
    world.rate_limit_scale.set(0);
    let (order, first) = placed(&world);
    for attempt in 1..domain::MAX_ATTEMPTS {
        let edited = edit(&world, &order, &mugs(1 + attempt % 2));
        assert_eq!(edited.status, 200, "{}", edited.body);
        assert_eq!(world.call("create-payment-intent", about(ANNA, &order)).status, 200);
    }
    let alive = live(&world);
    let asked = at_stripe(&world).len();
    let refused = edit(&world, &order, &mugs(3));
    assert_eq!(refused.problem(), (409, "no-attempt-left", None), "{}", refused.body);
    assert_eq!((live(&world), alive.len(), asked), (alive.clone(), 1, 100), "it can still be paid");
    let address = json!({"email": "ben@example.com"});
    assert_eq!(edit(&world, &order, &address).status, 200, "another contact needs no attempt");
    assert_eq!(world.call("create-payment-intent", about(ANNA, &order)).status, 200);

    // Given up in Stripe's dashboard: there is no other.
    let deadline = resilience::Deadline::after(&world.clock, Duration::from_mins(1));
    world.run(world.stripe.void(&[alive[0].0.as_str().into()], deadline)).unwrap();
    let refused = world.call("create-payment-intent", about(ANNA, &order));
    assert_eq!(refused.problem(), (409, "no-attempt-left", None), "{}", refused.body);
    let again = world.place(ANNA, "key-1", &cart());
    assert_eq!(again.problem(), (409, "no-attempt-left", None), "{}", again.body);
    assert_eq!(at_stripe(&world).len(), 100);
    assert_eq!(world.order(&order).payment.facts.intents().count(), 100, "{first} and all that followed");
    assert_eq!(world.about("cancel-order", ANNA, &order).status, 200);
}

#[test]
fn paying_in_one_tab_while_the_other_one_edits_charges_for_what_is_delivered() {
    let (mut paid_first, mut edited_first) = (0, 0);
    for delay in (0..400).step_by(20) {
        let world = World::new();
        let (order, intent) = placed(&world);
        world.add_fault(fault(FaultKind::Latency { millis: 100 }));
        let key = world.sandbox.lock().settings().stripe.secret_key.clone();
        let transport = sandbox::SandboxTransport::new(world.sandbox.clone(), world.clock.clone());
        let pay = async {
            resilience::Clock::sleep(&world.clock, Duration::from_millis(delay)).await;
            let request =
                lambda_http::http::Request::post(format!("https://stripe.test/v1/payment_intents/{intent}/confirm"))
                    .header("authorization", format!("Bearer {key}"))
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body("payment_method=pm_card_visa&return_url=https://shop.test".into())
                    .unwrap();
            resilience::Transport::send(&transport, request).await.unwrap().status().as_u16()
        };
        let edit = async {
            resilience::Clock::sleep(&world.clock, Duration::from_millis(200)).await;
            world.answer("update-order", about_with(ANNA, &order, &mugs(3))).await
        };
        let (edited, paid) = world.run(join(edit, pay));
        world.clear_faults();
        world.about("confirm-payment", ANNA, &order);
        let order = world.order(&order);
        match (edited.status, paid) {
            (200, 400) => edited_first += 1,
            (409, 200) => paid_first += 1,
            other => panic!("{other:?} at {delay}: {}", edited.body),
        }
        let expected = if paid == 200 { ("paid", 4800, 4800) } else { ("pending_payment", 3750, 0) };
        assert_eq!((order.status.as_str(), order.total.amount, order.payment.facts.captured()), expected);
    }
    assert!(paid_first > 0 && edited_first > 0, "both were tried: {paid_first}, {edited_first}");
}

/// A repeated POST while an edit runs: the back button, or a browser that sends the form again.
#[test]
fn the_back_button_during_an_edit_finds_the_order_and_its_one_intent() {
    for delay in (0..300).step_by(25) {
        let world = World::new();
        let (order, _) = placed(&world);
        world.add_fault(fault(FaultKind::Latency { millis: 70 }));
        let repeat = async {
            resilience::Clock::sleep(&world.clock, Duration::from_millis(delay)).await;
            world.answer("create-order", order_request(ANNA, Some("key-1"), &cart())).await
        };
        let edit = world.answer("update-order", about_with(ANNA, &order, &mugs(3)));
        let (edited, repeated) = world.run(join(edit, repeat));
        world.clear_faults();
        assert_eq!((edited.status, repeated.status), (200, 201), "at {delay}: {} {}", edited.body, repeated.body);
        let opened = world.about("create-payment-intent", ANNA, &order);
        let current = opened.body["payment"]["intent_id"].as_str().unwrap().to_owned();
        assert_eq!((live(&world), world.store.all_orders().len()), (vec![(current, 3750)], 1), "at {delay}");
        assert_eq!(world.pay(&order).body["captured"], 3750);
    }
}
