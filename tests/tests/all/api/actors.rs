//! Who did something is stored and logged, by id.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use store::Catalogue as _;
use telemetry::JsonLogs;
use tracing_subscriber::Registry;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;

use super::world::{ADMIN, ANNA, STAFF, World, cart, event, order_id, request};

fn put(world: &World, price: i64) -> u16 {
    let mut event = event(Some(ADMIN));
    event["pathParameters"] = json!({ "sku": "MUG-1" });
    event["body"] = json!({ "name": "Mug", "prices": { "eur": price } }).to_string().into();
    world.call("put-product", request(event)).status
}

#[test]
fn a_product_keeps_who_edited_it_last_and_shows_it_to_nobody() {
    let world = World::new();
    assert_eq!(put(&world, 1300), 200);
    let stored = world.run(world.store.products(&["MUG-1".parse().unwrap()])).unwrap();
    assert_eq!(stored[0].updated_by.map(|actor| actor.to_string()).as_deref(), Some(ADMIN.0));
    let shown = world.call("list-products", request(event(None))).body;
    assert!(shown["items"].as_array().is_some_and(|items| !items.is_empty()));
    assert!(!shown.to_string().contains(ADMIN.0));
}

#[test]
fn the_one_line_of_a_request_names_its_route_its_order_and_its_caller() {
    let world = World::new();
    world.place(ANNA, "key-1", &cart());
    let order = order_id(ANNA, "key-1");
    let mut cancel = event(Some(STAFF));
    cancel["requestContext"]["routeKey"] = "POST /v1/orders/{order_id}/cancel".into();
    cancel["pathParameters"] = json!({ "order_id": order });
    let lines = logged(|| {
        assert_eq!(world.call("cancel-order", request(cancel)).status, 200);
        assert_eq!(world.call("list-products", request(event(None))).status, 200);
    });
    let answered: Vec<_> = lines.iter().filter(|line| line["message"] == "answered").collect();
    let of = |name: &str| answered.iter().map(|line| line[name].clone()).collect::<Vec<_>>();
    assert_eq!(of("actor"), [STAFF.0.into(), Value::Null], "{answered:?}");
    // `cargo cis trace` finds an order's requests by these.
    assert_eq!(of("order_id"), [order.into(), Value::Null], "{answered:?}");
    assert_eq!(of("route"), ["POST /v1/orders/{order_id}/cancel".into(), Value::Null], "{answered:?}");
}

/// The lines that are written meanwhile.
fn logged(work: impl FnOnce()) -> Vec<Value> {
    let written = Arc::new(Mutex::new(Vec::new()));
    let sink = written.clone();
    let write = move |line: &[u8]| sink.lock().unwrap().extend_from_slice(line);
    let logs = Registry::default().with(JsonLogs::new(LevelFilter::INFO, Some("cancel-order"), write));
    let following = testkit::follow(logs);
    work();
    drop(following);
    let written = written.lock().unwrap();
    written.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
}
