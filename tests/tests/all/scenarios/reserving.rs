//! One customer orders and edits many times at once: what their unpaid orders hold together stays within the limits.

use domain::{OrderId, OrderStatus, ReservationLimits};
use futures::future::{join, join_all};
use http::{Method, StatusCode};
use serde_json::json;
use simulation::INDEX_LAG;

use super::shop::{Shop, cart};

/// A shop whose rate limits let all of it through.
fn shop() -> Shop {
    let shop = Shop::with_limits(10);
    shop.restock(900);
    shop
}

async fn place(shop: &Shop, key: String, mugs: u32) -> StatusCode {
    let mut body = cart();
    body["lines"][0]["quantity"] = mugs.into();
    shop.call(Method::POST, "/v1/orders", Some(&key), Some(&body)).await.status()
}

async fn edit(shop: &Shop, order: OrderId, mugs: u32) -> StatusCode {
    let body = json!({ "lines": [{ "sku": "mug", "quantity": mugs }] });
    shop.call(Method::PATCH, &format!("/v1/orders/{order}"), None, Some(&body)).await.status()
}

/// Cancels an order, and waits until the index shows it.
fn give_up(shop: &Shop, order: OrderId) {
    assert_eq!(shop.post(&format!("/v1/orders/{order}/cancel"), None).status(), StatusCode::OK);
    shop.clock.advance(INDEX_LAG);
}

/// How many were let through; the others were told that it is too much.
fn allowed(answers: &[StatusCode]) -> usize {
    let refused = answers.iter().filter(|status| **status == StatusCode::CONFLICT).count();
    let allowed = answers.iter().filter(|status| status.is_success()).count();
    assert_eq!(refused + allowed, answers.len(), "{answers:?}");
    allowed
}

/// How many orders wait for payment, and the mugs in them.
fn unpaid(shop: &Shop) -> (usize, u32) {
    let orders = shop.orders();
    let unpaid: Vec<_> = orders.iter().filter(|order| order.status == OrderStatus::PendingPayment).collect();
    (unpaid.len(), unpaid.iter().flat_map(|order| &order.lines).map(|line| line.quantity).sum())
}

#[test]
fn of_orders_at_once_no_more_stand_than_may() {
    let shop = shop();
    let at_once = |keys: &str, many: u32, mugs| {
        allowed(&shop.clock.run(join_all((0..many).map(|n| place(&shop, format!("{keys}-{n}"), mugs)))))
    };
    assert_eq!((at_once("large", 9, 100), unpaid(&shop)), (1, (1, 100)), "of the nine hundred in stock");
    let large = shop.orders()[0].id;
    give_up(&shop, large);
    let most = ReservationLimits::default().orders;
    assert_eq!((at_once("small", 60, 1), unpaid(&shop)), (most, (most, 10)), "what was refused leaves its room");
}

#[test]
fn of_edits_and_orders_at_once_no_more_are_made_than_fit() {
    let shop = shop();
    let orders = shop.clock.run(join_all((0..5).map(|n| place(&shop, format!("order-{n}"), 10))));
    assert_eq!((allowed(&orders), unpaid(&shop)), (5, (5, 50)));
    let edits = shop.orders().into_iter().map(|order| edit(&shop, order.id, 60));
    let more = (5..9).map(|n| place(&shop, format!("order-{n}"), 50));
    let (edits, more) = shop.clock.run(join(join_all(edits), join_all(more)));
    assert_eq!(allowed(&edits) + allowed(&more), 1);
    assert_eq!(unpaid(&shop).1, 100);
}

#[test]
fn a_request_that_comes_several_times_at_once_counts_once() {
    let shop = shop();
    let clicks = shop.clock.run(join_all((0..5).map(|_| place(&shop, "order".to_owned(), 60))));
    assert_eq!((allowed(&clicks), unpaid(&shop)), (5, (1, 60)));
    assert_eq!(shop.clock.run(place(&shop, "another".to_owned(), 40)), StatusCode::CREATED);
}

#[test]
fn what_was_refused_or_given_up_leaves_its_room() {
    let shop = shop();
    let place = |key: &str, mugs| shop.clock.run(place(&shop, key.to_owned(), mugs));
    assert_eq!(place("too-many", 101), StatusCode::CONFLICT);
    assert_eq!(place("sold-out", 901), StatusCode::CONFLICT);
    assert_eq!(place("first", 60), StatusCode::CREATED);
    let first = shop.orders()[0].id;
    assert_eq!(shop.clock.run(edit(&shop, first, 101)), StatusCode::CONFLICT);
    assert_eq!(place("second", 40), StatusCode::CREATED);
    give_up(&shop, first);
    assert_eq!(place("third", 60), StatusCode::CREATED);
}
