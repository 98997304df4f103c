//! What one customer's unpaid orders may hold, by the defaults: ten orders, a hundred pieces of a product.

use std::time::Duration;

use domain::ReservationLimits;
use serde_json::{Value, json};

use super::world::{
    ANNA, BEN, HandlerResponse, Who, World, about, about_with, cart, event, order_id, request, service,
};

const STOCK: u32 = 900;

fn world() -> World {
    let world = World::new();
    world.rate_limit_scale.set(0);
    world.product("JAR", 500, STOCK, true);
    world.product("LID", 100, STOCK, true);
    world
}

fn jars(quantity: u32) -> Value {
    let mut body = cart();
    body["lines"] = json!([{"sku": "LID", "quantity": 1}, {"sku": "JAR", "quantity": quantity}]);
    body
}

fn place(world: &World, who: Who, key: &str, quantity: u32) -> HandlerResponse {
    world.place(who, key, &jars(quantity))
}

fn edit(world: &World, who: Who, key: &str, quantity: u32) -> HandlerResponse {
    let lines = json!({ "lines": jars(quantity)["lines"] });
    world.call("update-order", about_with(who, &order_id(who, key), &lines))
}

fn pay(world: &World, key: &str) {
    let order = order_id(ANNA, key);
    assert_eq!(world.call("create-payment-intent", about(ANNA, &order)).status, 200);
    assert_eq!(world.pay(&order).body["status"], "paid");
}

#[test]
fn a_customers_unpaid_orders_hold_so_many_pieces_of_a_product() {
    let world = world();
    let refused = place(&world, ANNA, "all", STOCK);
    assert_eq!(refused.problem(), (409, "reservation-limit", Some("lines[1].quantity")), "{}", refused.body);
    assert_eq!((world.store.all_orders().len(), world.intents().len()), (0, 0), "nothing was left behind");
    assert_eq!(place(&world, ANNA, "first", 60).status, 201);
    assert_eq!(place(&world, ANNA, "second", 41).problem(), (409, "reservation-limit", Some("lines[1].quantity")));
    assert_eq!(place(&world, ANNA, "second", 40).status, 201, "the key is still free");
    assert_eq!(place(&world, ANNA, "first", 60).status, 201, "a repetition finds its order");
    assert_eq!(place(&world, BEN, "first", 100).status, 201, "each customer has limits of their own");

    let refused = edit(&world, ANNA, "second", 41);
    assert_eq!(refused.problem(), (409, "reservation-limit", Some("lines[1].quantity")));
    assert_eq!(edit(&world, ANNA, "second", 30).status, 200);
    assert_eq!(edit(&world, ANNA, "first", 70).status, 200);

    world.about("cancel-order", ANNA, &order_id(ANNA, "second"));
    assert_eq!(place(&world, ANNA, "third", 30).status, 201, "what is given up is free again");
    pay(&world, "first");
    assert_eq!(place(&world, ANNA, "fourth", 70).status, 201, "and so is what is paid");
}

#[test]
fn a_customer_has_so_many_unpaid_orders() {
    let world = world();
    let most = ReservationLimits::default().orders;
    for n in 0..most {
        assert_eq!(place(&world, ANNA, &format!("key-{n}"), 1).status, 201);
    }
    let refused = place(&world, ANNA, "one-more", 1);
    assert_eq!(refused.problem(), (409, "reservation-limit", None), "{}", refused.body);
    assert_eq!(place(&world, ANNA, "key-0", 1).status, 201, "a repetition is none more");
    assert_eq!(edit(&world, ANNA, "key-0", 2).status, 200, "nor is an edit");
    pay(&world, "key-0");
    assert_eq!(place(&world, ANNA, "one-more", 1).status, 201);
    // They expire with time, whoever finds them: the schedule does not run here.
    assert_eq!(place(&world, ANNA, "yet-one-more", 1).status, 409);
    world.clock.advance(Duration::from_hours(2));
    assert_eq!(place(&world, ANNA, "yet-one-more", 1).status, 201);
}

#[test]
fn a_service_may_reserve_more() {
    let world = world();
    let most = ReservationLimits::default().orders;
    for (n, quantity) in (0..=most).zip([500].into_iter().chain(std::iter::repeat(1))) {
        let mut asked = event(None);
        asked["headers"]["idempotency-key"] = format!("key-{n}").into();
        asked["requestContext"]["authorizer"] = service(ANNA, "orders:place");
        asked["body"] = jars(quantity).to_string().into();
        let placed = world.call("create-order", request(asked));
        assert_eq!(placed.status, 201, "{}", placed.body);
    }
}
