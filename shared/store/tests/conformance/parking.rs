//! Facts that arrive before their order are parked, and the order has them from its first version.

use domain::{EventType, OrderStatus};
use futures::future::join;
use store::{Catalogue, Orders, ParkOutcome, PlaceOutcome, Receipt};

use crate::fixtures::{
    first, left, mug_order, new, order_id, paid, payment, placement_of, receipt, refund, sku, stock,
};
use crate::promises;
use crate::sides::Stores;

async fn parked_facts_are_in_the_order_when_it_is_placed<E>(stores: &Stores<impl Orders, impl Catalogue, E>) {
    stock(stores, "MUG", 5).await;
    let placement = mug_order(1);
    let parked =
        [receipt(order_id(1), "evt_2", vec![refund(1)]), receipt(order_id(1), "evt_1", vec![paid(&placement.order)])];
    for receipt in &parked {
        assert_eq!(stores.orders.park(receipt).await.unwrap(), ParkOutcome::Parked);
    }
    assert_eq!(stores.orders.find(order_id(1)).await.unwrap(), None);

    let order = new(stores.orders.place(&placement).await.unwrap());
    assert_eq!((order.status, order.version), (OrderStatus::PartiallyRefunded, 2));
    assert_eq!(stores.orders.find(order_id(1)).await.unwrap(), Some(order.clone()));
    let events = stores.orders.events(order_id(1), &first(10)).await.unwrap().items;
    let types: Vec<_> = events.iter().map(|event| event.event_type).collect();
    assert_eq!(types, [EventType::Placed, EventType::Paid, EventType::PartiallyRefunded]);
    let [second, first] = parked.map(|receipt| Receipt { order_version: 2, ..receipt });
    assert_eq!(stores.orders.receipts(order_id(1)).await.unwrap(), [first, second]);
    assert_eq!(left(stores, "MUG").await, 4);
    assert_eq!(stores.orders.place(&placement).await.unwrap(), PlaceOutcome::Existing(order));
}

async fn parked_facts_that_say_nothing_new_leave_a_new_order_as_it_is<E>(
    stores: &Stores<impl Orders, impl Catalogue, E>,
) {
    stock(stores, "MUG", 5).await;
    stores.orders.park(&receipt(order_id(1), "evt_1", vec![])).await.unwrap();
    let placement = mug_order(1);
    assert_eq!(stores.orders.place(&placement).await.unwrap(), PlaceOutcome::New(placement.order));
    assert_eq!(stores.orders.receipts(order_id(1)).await.unwrap().len(), 1);
}

async fn nothing_is_parked_for_an_order_that_is_there<E>(stores: &Stores<impl Orders, impl Catalogue, E>) {
    stock(stores, "MUG", 5).await;
    let order = new(stores.orders.place(&mug_order(1)).await.unwrap());
    let receipt = receipt(order.id, "evt_1", vec![paid(&order)]);
    assert_eq!(stores.orders.park(&receipt).await.unwrap(), ParkOutcome::OrderExists);
    assert_eq!(stores.orders.receipts(order.id).await.unwrap(), []);
    stores.orders.save(&payment(&order), Some(&receipt)).await.unwrap();
    assert_eq!(stores.orders.find(order.id).await.unwrap().unwrap().status, OrderStatus::Paid);
}

async fn the_same_webhook_parked_twice_is_kept_once<E>(stores: &Stores<impl Orders, impl Catalogue, E>) {
    stock(stores, "MUG", 5).await;
    let placement = mug_order(1);
    let receipt = receipt(order_id(1), "evt_1", vec![paid(&placement.order)]);
    for _ in 0..3 {
        assert_eq!(stores.orders.park(&receipt).await.unwrap(), ParkOutcome::Parked);
    }
    assert_eq!(new(stores.orders.place(&placement).await.unwrap()).status, OrderStatus::Paid);
    assert_eq!(stores.orders.receipts(order_id(1)).await.unwrap(), [Receipt { order_version: 2, ..receipt }]);
}

async fn facts_stay_parked_while_their_order_is_out_of_stock<E>(stores: &Stores<impl Orders, impl Catalogue, E>) {
    let placement = mug_order(1);
    stores.orders.park(&receipt(order_id(1), "evt_1", vec![paid(&placement.order)])).await.unwrap();
    assert_eq!(stores.orders.place(&placement).await.unwrap(), PlaceOutcome::OutOfStock(sku("MUG")));
    assert_eq!(stores.orders.find(order_id(1)).await.unwrap(), None);
    stock(stores, "MUG", 1).await;
    assert_eq!(new(stores.orders.place(&placement).await.unwrap()).status, OrderStatus::Paid);
}

async fn parking_and_placing_at_once_lose_no_fact<E>(stores: &Stores<impl Orders, impl Catalogue, E>) {
    stock(stores, "MUG", 50).await;
    for n in 0..20 {
        let placement = mug_order(n);
        let receipt = receipt(order_id(n), "evt_1", vec![paid(&placement.order)]);
        let (placed, parked) = join(stores.orders.place(&placement), stores.orders.park(&receipt)).await;
        let order = new(placed.unwrap());
        match parked.unwrap() {
            ParkOutcome::Parked => assert_eq!(order.status, OrderStatus::Paid, "{n}"),
            ParkOutcome::OrderExists => assert_eq!(order.status, OrderStatus::PendingPayment, "{n}"),
        }
        assert_eq!(stores.orders.find(order_id(n)).await.unwrap(), Some(order));
    }
}

async fn more_facts_than_a_transaction_holds_are_taken_in_all_the_same<E>(
    stores: &Stores<impl Orders, impl Catalogue, E>,
) {
    let codes: Vec<_> = (0..domain::MAX_LINES).map(|n| format!("P{n}")).collect();
    for code in &codes {
        stock(stores, code, 1).await;
    }
    let lines: Vec<_> = codes.iter().map(|code| (code.as_str(), 1)).collect();
    let placement = placement_of(order_id(1), &lines, 0);
    for n in 0..60 {
        let facts = vec![paid(&placement.order), refund(n)];
        stores.orders.park(&receipt(order_id(1), &format!("evt_{n:02}"), facts)).await.unwrap();
    }
    let order = new(stores.orders.place(&placement).await.unwrap());
    assert_eq!((order.payment.facts.refunds().count(), order.payment.facts.refunded()), (60, 60));
    assert_eq!(stores.orders.receipts(order_id(1)).await.unwrap().len(), 60);
}

promises! {
    parked_facts_are_in_the_order_when_it_is_placed,
    parked_facts_that_say_nothing_new_leave_a_new_order_as_it_is,
    nothing_is_parked_for_an_order_that_is_there,
    the_same_webhook_parked_twice_is_kept_once,
    facts_stay_parked_while_their_order_is_out_of_stock,
    parking_and_placing_at_once_lose_no_fact,
    more_facts_than_a_transaction_holds_are_taken_in_all_the_same,
}
