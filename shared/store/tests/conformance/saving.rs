//! Saving: on the version before, with events and receipt, and goods back once.

use domain::{Change, EventType, Order, OrderStatus};
use futures::future::join_all;
use resilience::{RandomIds, SystemClock};
use store::{Catalogue, Orders, StoreError};

use crate::fixtures::{at, first, left, mug_order, new, order_id, paid, payment, receipt, refund, stock, waiting};
use crate::promises;
use crate::sides::Stores;

async fn placed<E>(stores: &Stores<impl Orders, impl Catalogue, E>) -> Order {
    stock(stores, "MUG", 5).await;
    new(stores.orders.place(&mug_order(1)).await.unwrap())
}

fn types(events: &[domain::OrderEvent]) -> Vec<EventType> {
    events.iter().map(|event| event.event_type).collect()
}

async fn a_change_is_stored_with_its_events_and_its_receipt<E>(stores: &Stores<impl Orders, impl Catalogue, E>) {
    let order = placed(stores).await;
    let (change, receipt) = (payment(&order), receipt(order.id, "evt_1", vec![paid(&order)]));
    stores.orders.save(&change, Some(&receipt)).await.unwrap();
    assert_eq!(stores.orders.find(order.id).await.unwrap(), Some(change.order));
    let events = stores.orders.events(order.id, &first(10)).await.unwrap().items;
    assert_eq!(types(&events), [EventType::Placed, EventType::Paid]);
    assert_eq!(stores.orders.receipts(order.id).await.unwrap(), [receipt]);
}

async fn a_change_that_tells_nobody_anything_is_stored_too<E>(stores: &Stores<impl Orders, impl Catalogue, E>) {
    let order = placed(stores).await;
    let change = order.attach_intent("pi_1".into(), vec![waiting(&order)], "corr-2", at(2)).unwrap();
    assert_eq!(change.events, []);
    stores.orders.save(&change, None).await.unwrap();
    assert_eq!(stores.orders.find(order.id).await.unwrap(), Some(change.order.clone()));
    assert!(matches!(stores.orders.save(&change, None).await, Err(StoreError::Conflict)));
}

async fn a_change_of_an_older_version_is_a_conflict_and_leaves_no_trace<E>(
    stores: &Stores<impl Orders, impl Catalogue, E>,
) {
    let order = placed(stores).await;
    let paid = payment(&order);
    stores.orders.save(&paid, None).await.unwrap();
    let late = order.cancel("corr-3", at(90)).unwrap().unwrap();
    let kept = receipt(order.id, "evt_late", vec![]);
    assert!(matches!(stores.orders.save(&late, Some(&kept)).await, Err(StoreError::Conflict)));
    assert_eq!(stores.orders.find(order.id).await.unwrap(), Some(paid.order));
    let events = stores.orders.events(order.id, &first(10)).await.unwrap().items;
    assert_eq!(types(&events), [EventType::Placed, EventType::Paid]);
    assert_eq!(stores.orders.receipts(order.id).await.unwrap(), []);
    assert_eq!(left(stores, "MUG").await, 4);
}

async fn an_order_that_was_never_placed_cannot_be_changed<E>(stores: &Stores<impl Orders, impl Catalogue, E>) {
    let placement = mug_order(1);
    for change in [&placement, &payment(&placement.order)] {
        assert!(matches!(stores.orders.save(change, None).await, Err(StoreError::Conflict)));
    }
    assert_eq!(stores.orders.find(order_id(1)).await.unwrap(), None);
}

async fn of_many_changes_to_one_version_one_is_stored<E>(stores: &Stores<impl Orders, impl Catalogue, E>) {
    let order = placed(stores).await;
    let changes: Vec<_> =
        (0..10).map(|n| order.learn(vec![paid(&order), refund(n)], "corr", at(60)).unwrap()).collect();
    let saved = join_all(changes.iter().map(|change| stores.orders.save(change, None))).await;
    assert_eq!(saved.iter().filter(|saved| saved.is_ok()).count(), 1);
    assert_eq!(saved.iter().filter(|saved| matches!(saved, Err(StoreError::Conflict))).count(), 9);
    let winner = saved.iter().position(Result::is_ok).unwrap();
    assert_eq!(stores.orders.find(order.id).await.unwrap().as_ref(), Some(&changes[winner].order));
}

async fn whoever_decides_anew_after_a_conflict_gets_in<E>(stores: &Stores<impl Orders, impl Catalogue, E>) {
    let order = placed(stores).await;
    let learn = async |n| {
        let decide = |order: &Order| Ok::<_, StoreError>(order.learn(vec![paid(order), refund(n)], "corr", at(60)));
        store::update(&stores.orders, &SystemClock, &RandomIds, order.id, None, decide).await
    };
    let updated = join_all((0..5).map(learn)).await;
    assert!(updated.iter().all(Result::is_ok), "{updated:?}");
    let after = stores.orders.find(order.id).await.unwrap().unwrap();
    assert_eq!((after.payment.facts.refunds().count(), after.payment.facts.refunded()), (5, 5));
    let events = stores.orders.events(order.id, &first(100)).await.unwrap().items;
    assert_eq!(events.iter().filter(|event| event.event_type == EventType::Paid).count(), 1);
}

async fn a_receipt_that_is_known_fails_no_change_and_stays_as_it_was<E>(
    stores: &Stores<impl Orders, impl Catalogue, E>,
) {
    let order = placed(stores).await;
    let known = receipt(order.id, "evt_1", vec![paid(&order)]);
    stores.orders.record(&known).await.unwrap();
    let again = store::Receipt { received_at: at(500), correlation_id: "later".into(), ..known.clone() };
    stores.orders.save(&payment(&order), Some(&again)).await.unwrap();
    stores.orders.record(&again).await.unwrap();
    assert_eq!(stores.orders.receipts(order.id).await.unwrap(), [known]);
    assert_eq!(stores.orders.find(order.id).await.unwrap().unwrap().status, OrderStatus::Paid);
}

async fn receipts_come_in_the_order_of_their_event_ids<E>(stores: &Stores<impl Orders, impl Catalogue, E>) {
    let order = placed(stores).await;
    for event in ["evt_c", "evt_a", "evt_b", "evt_a"] {
        stores.orders.record(&receipt(order.id, event, vec![])).await.unwrap();
    }
    stores.orders.record(&receipt(order_id(2), "evt_of_another", vec![])).await.unwrap();
    let receipts = stores.orders.receipts(order.id).await.unwrap();
    assert_eq!(
        receipts.iter().map(|receipt| receipt.event_id.as_str()).collect::<Vec<_>>(),
        ["evt_a", "evt_b", "evt_c"]
    );
}

async fn a_cancelled_orders_goods_go_back_once<E>(stores: &Stores<impl Orders, impl Catalogue, E>) {
    let order = placed(stores).await;
    let cancel = order.cancel("corr-3", at(90)).unwrap().unwrap();
    stores.orders.save(&cancel, None).await.unwrap();
    assert_eq!(left(stores, "MUG").await, 5);

    // A release that finds nothing held changes no stock and fails no change.
    let learned = cancel.order.learn(vec![waiting(&order)], "corr-4", at(95)).unwrap();
    let again = Change { releases_stock: true, ..learned };
    stores.orders.save(&again, Some(&receipt(order.id, "evt_1", vec![]))).await.unwrap();
    assert_eq!(stores.orders.find(order.id).await.unwrap(), Some(again.order));
    assert_eq!(stores.orders.receipts(order.id).await.unwrap().len(), 1);
    assert_eq!(left(stores, "MUG").await, 5);
}

async fn of_many_cancellations_one_gives_the_goods_back<E>(stores: &Stores<impl Orders, impl Catalogue, E>) {
    let order = placed(stores).await;
    let cancel = order.cancel("corr-3", at(90)).unwrap().unwrap();
    let saved = join_all((0..10).map(|_| stores.orders.save(&cancel, None))).await;
    assert_eq!(saved.iter().filter(|saved| saved.is_ok()).count(), 1);
    assert_eq!(left(stores, "MUG").await, 5);
    let events = stores.orders.events(order.id, &first(10)).await.unwrap().items;
    assert_eq!(types(&events), [EventType::Placed, EventType::Cancelled]);
}

async fn an_order_that_forgets_its_person_is_read_as_it_was_written<E>(
    stores: &Stores<impl Orders, impl Catalogue, E>,
) {
    let paid = payment(&placed(stores).await);
    stores.orders.save(&paid, None).await.unwrap();
    let leaving = paid.order.erase_person("corr-3", at(90)).unwrap();
    stores.orders.save(&leaving, None).await.unwrap();
    let found = stores.orders.find(leaving.order.id).await.unwrap().unwrap();
    assert_eq!((&found, found.person.contact().is_some()), (&leaving.order, true));
    let domain::PaymentFact::Refund(one) = refund(1) else { panic!("no refund") };
    let all = domain::PaymentFact::Refund(domain::RefundFact { amount: found.total, ..one });
    let gone = found.learn(vec![all], "corr-4", at(91)).unwrap();
    stores.orders.save(&gone, None).await.unwrap();
    let found = stores.orders.find(gone.order.id).await.unwrap().unwrap();
    assert_eq!((&found, found.person.contact()), (&gone.order, None));
    let listed = stores.orders.of_customer(found.customer, None, &first(10)).await.unwrap().items;
    assert_eq!(listed, [found], "the lists have forgotten as well");
}

promises! {
    a_change_is_stored_with_its_events_and_its_receipt,
    a_change_that_tells_nobody_anything_is_stored_too,
    a_change_of_an_older_version_is_a_conflict_and_leaves_no_trace,
    an_order_that_was_never_placed_cannot_be_changed,
    of_many_changes_to_one_version_one_is_stored,
    whoever_decides_anew_after_a_conflict_gets_in,
    a_receipt_that_is_known_fails_no_change_and_stays_as_it_was,
    receipts_come_in_the_order_of_their_event_ids,
    a_cancelled_orders_goods_go_back_once,
    of_many_cancellations_one_gives_the_goods_back,
    an_order_that_forgets_its_person_is_read_as_it_was_written,
}
