//! Placing: once per order id, with its event, and never beyond the stock.

use domain::{EventType, OrderStatus};
use futures::future::join_all;
use store::{Catalogue, Orders, PlaceOutcome};

use crate::fixtures::{edit, first, left, mug_order, new, order_id, placement_of, sku, stock};
use crate::promises;
use crate::sides::Stores;

async fn a_placed_order_is_found_with_its_event_and_its_goods_are_off_the_shelf<E>(
    stores: &Stores<impl Orders, impl Catalogue, E>,
) {
    stock(stores, "MUG", 5).await;
    stock(stores, "TEA", 5).await;
    let placement = placement_of(order_id(1), &[("MUG", 2), ("TEA", 5)], 0);
    assert_eq!(stores.orders.find(order_id(1)).await.unwrap(), None);
    assert_eq!(stores.orders.place(&placement).await.unwrap(), PlaceOutcome::New(placement.order.clone()));
    assert_eq!(stores.orders.find(order_id(1)).await.unwrap(), Some(placement.order.clone()));
    let events = stores.orders.events(order_id(1), &first(10)).await.unwrap();
    assert_eq!((events.items, events.next), (placement.events, None));
    assert_eq!((left(stores, "MUG").await, left(stores, "TEA").await), (3, 0));
}

async fn placing_again_answers_the_order_that_is_there_and_takes_nothing<E>(
    stores: &Stores<impl Orders, impl Catalogue, E>,
) {
    stock(stores, "MUG", 5).await;
    let order = new(stores.orders.place(&mug_order(1)).await.unwrap());
    let other_cart = placement_of(order_id(1), &[("MUG", 3), ("NO-SUCH", 1)], 99);
    for placement in [mug_order(1), other_cart] {
        assert_eq!(stores.orders.place(&placement).await.unwrap(), PlaceOutcome::Existing(order.clone()));
    }
    assert_eq!(left(stores, "MUG").await, 4);
    assert_eq!(stores.orders.events(order_id(1), &first(10)).await.unwrap().items.len(), 1);
}

async fn twenty_placings_of_one_order_at_once_make_one<E>(stores: &Stores<impl Orders, impl Catalogue, E>) {
    stock(stores, "MUG", 100).await;
    let placement = mug_order(1);
    let placed = join_all((0..20).map(|_| stores.orders.place(&placement))).await;
    let is_new =
        |placed: &&Result<PlaceOutcome, _>| matches!(placed, Ok(PlaceOutcome::New(order)) if *order == placement.order);
    let exists = |placed: &&Result<PlaceOutcome, _>| matches!(placed, Ok(PlaceOutcome::Existing(order)) if *order == placement.order);
    assert_eq!((placed.iter().filter(is_new).count(), placed.iter().filter(exists).count()), (1, 19));
    assert_eq!(left(stores, "MUG").await, 99);
}

async fn what_is_sold_at_once_is_never_more_than_there_was<E>(stores: &Stores<impl Orders, impl Catalogue, E>) {
    stock(stores, "MUG", 10).await;
    let placements: Vec<_> = (0..25).map(mug_order).collect();
    let placed = join_all(placements.iter().map(|placement| stores.orders.place(placement))).await;
    let sold = placed.iter().filter(|placed| matches!(placed, Ok(PlaceOutcome::New(_)))).count();
    let short =
        placed.iter().filter(|placed| matches!(placed, Ok(PlaceOutcome::OutOfStock(of)) if *of == sku("MUG"))).count();
    assert_eq!((sold, short, left(stores, "MUG").await), (10, 15, 0));
}

async fn an_order_that_lacks_one_product_stores_nothing_and_can_be_placed_later<E>(
    stores: &Stores<impl Orders, impl Catalogue, E>,
) {
    stock(stores, "MUG", 5).await;
    stock(stores, "TEA", 1).await;
    let placement = placement_of(order_id(1), &[("MUG", 2), ("TEA", 2)], 0);
    assert_eq!(stores.orders.place(&placement).await.unwrap(), PlaceOutcome::OutOfStock(sku("TEA")));
    assert_eq!(stores.orders.find(order_id(1)).await.unwrap(), None);
    assert_eq!(stores.orders.events(order_id(1), &first(10)).await.unwrap().items, []);
    let waiting = stores.orders.with_status(OrderStatus::PendingPayment, &first(10)).await.unwrap();
    assert_eq!(waiting.items, []);
    assert_eq!((left(stores, "MUG").await, left(stores, "TEA").await), (5, 1));

    stock(stores, "TEA", 2).await;
    new(stores.orders.place(&placement).await.unwrap());
    assert_eq!((left(stores, "MUG").await, left(stores, "TEA").await), (3, 0));
}

async fn a_product_that_is_unknown_or_not_for_sale_is_out_of_stock<E>(stores: &Stores<impl Orders, impl Catalogue, E>) {
    let retired = store::ProductEdit { active: false, ..edit("OLD", Some(9)) };
    stores.catalogue.put(&retired).await.unwrap();
    for code in ["OLD", "NO-SUCH"] {
        let placement = placement_of(order_id(1), &[(code, 1)], 0);
        assert_eq!(stores.orders.place(&placement).await.unwrap(), PlaceOutcome::OutOfStock(sku(code)));
    }
    assert_eq!(left(stores, "OLD").await, 9);
}

async fn an_order_may_have_fifty_lines<E>(stores: &Stores<impl Orders, impl Catalogue, E>) {
    let codes: Vec<_> = (0..domain::MAX_LINES).map(|n| format!("P{n}")).collect();
    for code in &codes {
        stock(stores, code, 3).await;
    }
    let lines: Vec<_> = codes.iter().map(|code| (code.as_str(), 3)).collect();
    let order = new(stores.orders.place(&placement_of(order_id(1), &lines, 0)).await.unwrap());
    assert_eq!(stores.orders.find(order_id(1)).await.unwrap(), Some(order));
    let events = stores.orders.events(order_id(1), &first(10)).await.unwrap().items;
    assert_eq!(events.iter().map(|event| event.event_type).collect::<Vec<_>>(), [EventType::Placed]);
    let skus: Vec<_> = codes.iter().map(|code| sku(code)).collect();
    let products = stores.catalogue.products(&skus).await.unwrap();
    assert_eq!((products.len(), products.iter().map(|product| product.stock).sum::<u32>()), (50, 0));
}

promises! {
    a_placed_order_is_found_with_its_event_and_its_goods_are_off_the_shelf,
    placing_again_answers_the_order_that_is_there_and_takes_nothing,
    twenty_placings_of_one_order_at_once_make_one,
    what_is_sold_at_once_is_never_more_than_there_was,
    an_order_that_lacks_one_product_stores_nothing_and_can_be_placed_later,
    a_product_that_is_unknown_or_not_for_sale_is_out_of_stock,
    an_order_may_have_fifty_lines,
}
