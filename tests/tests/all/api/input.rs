//! What `POST /v1/orders` makes of bad input: each kind has its status, its problem type and the field at fault.

use serde_json::{Value, json};

use super::world::{ANNA, World, cart, event, order_id, order_request, request};

/// A cart with one value replaced or added.
fn with(pointer: &str, value: Value) -> Value {
    let mut body = cart();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match body.pointer_mut(parent).unwrap() {
        Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
        object => object[name] = value,
    }
    body
}

fn without(name: &str) -> Value {
    let mut body = cart();
    body.as_object_mut().unwrap().remove(name);
    body
}

#[test]
fn every_bad_cart_is_refused_at_its_field() {
    let world = World::new();
    let many: Vec<_> = (0..51).map(|number| json!({"sku": format!("S-{number}"), "quantity": 1})).collect();
    let cases = [
        (with("/lines/0/sku", json!("NO-SUCH")), "lines[0].sku"),
        (with("/lines/1/sku", json!("CAP-OLD")), "lines[1].sku"),
        (with("/lines/1/sku", json!("MUG-1")), "lines[1].sku"),
        (with("/lines/0/sku", json!("no such")), "lines[0].sku"),
        (with("/lines/0/quantity", json!(0)), "lines[0].quantity"),
        (with("/lines/0/quantity", json!(-1)), "lines[0].quantity"),
        (with("/lines/0/quantity", json!(1000)), "lines[0].quantity"),
        (with("/lines/0/quantity", json!(1.5)), "lines[0].quantity"),
        (with("/lines/0/quantity", json!("2")), "lines[0].quantity"),
        (with("/lines/0/quantity", json!(1e30)), "lines[0].quantity"),
        (with("/lines/0/unit_price", json!(1)), "lines[0].unit_price"),
        (with("/lines", json!([])), "lines"),
        (with("/lines", json!(many)), "lines"),
        (with("/lines", json!("MUG-1")), "lines"),
        (with("/total", json!(1)), "total"),
        (with("/currency", json!("euro")), "currency"),
        (with("/currency", json!("gbp")), "currency"),
        (with("/currency", json!("xau")), "currency"),
        (with("/shipping_address/country", json!("Germany")), "shipping_address.country"),
        (with("/shipping_address/name", json!("")), "shipping_address.name"),
        (with("/shipping_address/city", json!("x".repeat(201))), "shipping_address.city"),
        (with("/shipping_address/name", json!("\u{200b}\u{200b}")), "shipping_address.name"),
        (with("/shipping_address/line2", json!("c/o \u{202e}Ben")), "shipping_address.line2"),
        (with("/lines", json!([["MUG-1", 1]])), "lines[0]"),
        (with("/payment_method", Value::Null), "payment_method"),
        (with("/payment_method", json!({"stripe": null})), "payment_method"),
        (with("/email", json!("anna@127.0.0.1")), "email"),
        (with("/shipping_address/planet", json!("Earth")), "shipping_address.planet"),
        (with("/email", json!("anna")), "email"),
        (with("/email", Value::Null), "email"),
        (without("email"), "email"),
        (without("lines"), "lines"),
        (without("shipping_address"), "shipping_address"),
    ];
    for (body, field) in cases {
        // Below the limit of a minute.
        world.clock.advance(std::time::Duration::from_secs(2));
        let answered = world.place(ANNA, "key-1", &body);
        assert_eq!(answered.problem(), (422, "invalid-field", Some(field)), "{body}");
        assert_eq!(answered.headers["content-type"], "application/problem+json");
        assert_eq!(answered.body["correlation_id"], answered.headers["x-correlation-id"].to_str().unwrap());
    }
    assert_eq!(world.store.all_orders(), []);
    assert_eq!(world.intents(), [""; 0]);
}

#[test]
fn what_stripe_would_not_charge_is_refused_before_anything_is_stored() {
    let world = World::new();
    world.product("STICKER", 20, 9, true);
    let body = with("/lines", json!([{"sku": "STICKER", "quantity": 2}]));
    let answered = world.place(ANNA, "key-1", &body);
    assert_eq!(answered.problem(), (422, "invalid-field", Some("lines")));
    assert!(answered.body["detail"].as_str().unwrap().contains("0.50 EUR"), "{}", answered.body);
    world.product("GOLD", 600_000_000_000, 9, true);
    let dear = with("/lines", json!([{"sku": "GOLD", "quantity": 2}]));
    assert_eq!(world.place(ANNA, "key-1", &dear).problem(), (422, "invalid-field", Some("lines")));
    assert_eq!(world.store.all_orders(), []);
}

#[test]
fn bodies_that_are_no_carts_have_their_own_statuses() {
    let world = World::new();
    let place = |content_type: &str, body: String| {
        let mut event = event(Some(ANNA));
        event["headers"] = json!({"content-type": content_type, "idempotency-key": "key-1"});
        event["body"] = body.into();
        world.call("create-order", request(event))
    };
    let json = "application/json";
    let long = with("/email", json!("x".repeat(65_536))).to_string();
    let twice = cart().to_string().replacen('{', r#"{"currency":"USD","#, 1);
    for (content_type, body, problem) in [
        (json, twice, (422, "invalid-field", Some("currency"))),
        (json, cart().to_string().replace("Anna", "A\\ud800"), (400, "malformed-body", None)),
        (json, "{\"lines\": [".to_owned(), (400, "malformed-body", None)),
        (json, String::new(), (400, "malformed-body", None)),
        (json, format!("{}{}", cart(), cart()), (400, "malformed-body", None)),
        (json, "[]".to_owned(), (422, "invalid-field", Some("."))),
        (json, long, (413, "body-too-large", None)),
        ("text/plain", cart().to_string(), (415, "unsupported-media-type", None)),
    ] {
        assert_eq!(place(content_type, body.clone()).problem(), problem, "{content_type} {body:.40}");
    }
    let position = place(json, "{\"lines\": [".to_owned()).body["detail"].to_string();
    assert!(position.contains("line 1 column 11"), "{position}");
}

#[test]
fn a_key_is_needed_and_belongs_to_one_cart() {
    let world = World::new();
    let place = |key: Option<&str>, body: &Value| world.call("create-order", order_request(ANNA, key, body));
    assert_eq!(place(None, &cart()).problem(), (400, "idempotency-key-missing", None));
    assert_eq!(place(Some("two words"), &cart()).problem(), (400, "idempotency-key-malformed", None));
    assert_eq!(place(Some(&"k".repeat(256)), &cart()).problem(), (400, "idempotency-key-malformed", None));
    let twice = place(Some("key-1,key-1"), &cart());
    assert_eq!(twice.problem(), (400, "idempotency-key-malformed", None), "one key in two headers, as it arrives");

    assert_eq!(place(Some("key-1"), &cart()).status, 201);
    for other in [
        with("/lines/0/quantity", json!(3)),
        with("/currency", json!("usd")),
        with("/email", json!("other@example.com")),
        with("/shipping_address/city", json!("Berlin")),
    ] {
        assert_eq!(place(Some("key-1"), &other).problem(), (422, "idempotency-key-reused", None), "{other}");
    }
    assert_eq!(world.store.all_orders().len(), 1);
}

#[test]
fn a_cart_is_the_same_however_its_client_writes_it() {
    let world = World::new();
    assert_eq!(world.place(ANNA, "key-1", &with("/shipping_address/line2", json!(""))).status, 201);
    for same in [
        cart(),
        with("/shipping_address/line2", Value::Null),
        with("/lines/0/quantity", json!(2.0)),
        with("/payment_method", json!("stripe")),
    ] {
        let repeated = world.place(ANNA, "key-1", &same);
        assert_eq!(
            (repeated.status, &repeated.headers["idempotent-replayed"]),
            (201, &"true".parse().unwrap()),
            "{same}"
        );
    }
    assert_eq!(world.store.all_orders().len(), 1);
}

#[test]
fn nobody_and_staff_place_no_orders() {
    let world = World::new();
    let mut nobody = event(None);
    nobody["headers"]["idempotency-key"] = "key-1".into();
    nobody["body"] = cart().to_string().into();
    let answered = world.call("create-order", request(nobody));
    assert_eq!(
        (answered.problem(), answered.headers["www-authenticate"].as_bytes()),
        ((401, "unauthenticated", None), br#"Bearer realm="order-api""#.as_slice())
    );
    assert_eq!(world.place(super::world::STAFF, "key-1", &cart()).problem(), (403, "forbidden", None));
}

#[test]
fn what_is_not_there_in_number_is_refused_and_takes_nothing() {
    let world = World::new();
    let body = json!([{"sku": "MUG-1", "quantity": 1}, {"sku": "TEE-BLACK-M", "quantity": 11}]);
    let answered = world.place(ANNA, "key-1", &with("/lines", body));
    assert_eq!(answered.problem(), (409, "out-of-stock", Some("lines[1].quantity")));
    assert_eq!(world.store.all_orders(), []);
    let stock = &world.call("list-products", request(event(None))).body["items"][0]["stock"];
    assert_eq!(stock, 10, "the mug was not taken");

    let answered = world.place(ANNA, "key-1", &cart());
    assert_eq!((answered.status, &answered.body["order_id"]), (201, &order_id(ANNA, "key-1").into()));
}
