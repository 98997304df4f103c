//! Saving: version checks, events and receipt, and stock returned once.

use domain::{EventType, Order, OrderStatus};
use futures::future::join_all;
use resilience::{RandomIds, SystemClock};
use store::{Catalogue, Orders, Receipt, ReceiptSource, StoreError};

use crate::fixtures::{
    at, canceled, first, left, mug_order, new, order_id, paid, payment, receipt, refund, stock, waiting,
};
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
        (0..10).map(|n| order.apply_facts(vec![paid(&order), refund(n)], "corr", at(60)).unwrap()).collect();
    let saved = join_all(changes.iter().map(|change| stores.orders.save(change, None))).await;
    assert_eq!(saved.iter().filter(|saved| saved.is_ok()).count(), 1);
    assert_eq!(saved.iter().filter(|saved| matches!(saved, Err(StoreError::Conflict))).count(), 9);
    let winner = saved.iter().position(Result::is_ok).unwrap();
    assert_eq!(stores.orders.find(order.id).await.unwrap().as_ref(), Some(&changes[winner].order));
}

async fn whoever_decides_anew_after_a_conflict_gets_in<E>(stores: &Stores<impl Orders, impl Catalogue, E>) {
    let order = placed(stores).await;
    let apply = async |n| {
        let decide =
            |order: &Order| Ok::<_, StoreError>(order.apply_facts(vec![paid(order), refund(n)], "corr", at(60)));
        store::update(&stores.orders, &SystemClock, &RandomIds, order.id, None, decide).await
    };
    let updated = join_all((0..5).map(apply)).await;
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

    assert!(matches!(stores.orders.save(&cancel, None).await, Err(StoreError::Conflict)));
    assert_eq!(left(stores, "MUG").await, 5);
}

async fn whoever_knows_the_order_reads_it_only_when_others_were_faster<E>(
    stores: &Stores<impl Orders, impl Catalogue, E>,
) {
    let order = placed(stores).await;
    let known = order.clone();
    let apply = |order: &Order| Ok::<_, StoreError>(order.apply_facts(vec![paid(order)], "corr", at(60)));
    let paid = store::update_from(&stores.orders, &SystemClock, &RandomIds, known.clone(), None, apply).await.unwrap();
    assert_eq!((paid.version, paid.status), (2, OrderStatus::Paid));
    let again = |order: &Order| Ok::<_, StoreError>(order.apply_facts(vec![refund(1)], "corr", at(61)));
    let both = store::update_from(&stores.orders, &SystemClock, &RandomIds, known, None, again).await.unwrap();
    assert_eq!((both.version, both.status), (3, OrderStatus::PartiallyRefunded), "decided anew from what is stored");
}

async fn goods_that_are_gone_are_not_taken_again_and_nothing_is_stored<E>(
    stores: &Stores<impl Orders, impl Catalogue, E>,
) {
    let order = placed(stores).await;
    let expired = order.expire("corr-3", at(90 * 60)).unwrap();
    stores.orders.save(&expired, None).await.unwrap();
    let late = expired.order.apply_facts(vec![paid(&order)], "corr-4", at(91 * 60)).unwrap();
    stores.orders.save(&late, None).await.unwrap();

    stock(stores, "MUG", 0).await;
    let again = late.order.reinstate("corr-5", at(92 * 60)).unwrap();
    let kept = receipt(order.id, "evt_1", vec![]);
    let refused = stores.orders.save(&again, Some(&kept)).await;
    assert!(matches!(refused, Err(StoreError::OutOfStock(sku)) if sku.as_str() == "MUG"));
    assert_eq!(stores.orders.find(order.id).await.unwrap(), Some(late.order));
    assert_eq!((left(stores, "MUG").await, stores.orders.receipts(order.id).await.unwrap()), (0, vec![]));

    stock(stores, "MUG", 1).await;
    stores.orders.save(&again, None).await.unwrap();
    assert_eq!(left(stores, "MUG").await, 0);
}

async fn an_edit_moves_only_what_is_different<E>(stores: &Stores<impl Orders, impl Catalogue, E>) {
    let order = placed(stores).await;
    stock(stores, "CUP", 3).await;
    let line = |code: &str, quantity| {
        let sku = code.parse().unwrap();
        domain::OrderLine { sku, name: code.to_owned(), quantity, unit_price: order.total }
    };
    let edit = |lines| domain::OrderEdit { lines: Some((lines, order.total)), contact: None };
    let two = order.edit(edit(vec![line("MUG", 3), line("CUP", 1)]), "corr-2", at(5)).unwrap().unwrap();
    stores.orders.save(&two, None).await.unwrap();
    assert_eq!((left(stores, "MUG").await, left(stores, "CUP").await), (2, 2));
    let one = two.order.edit(edit(vec![line("CUP", 2)]), "corr-2", at(6)).unwrap().unwrap();
    stores.orders.save(&one, None).await.unwrap();
    assert_eq!((left(stores, "MUG").await, left(stores, "CUP").await), (5, 1));
    let more = one.order.edit(edit(vec![line("CUP", 4)]), "corr-2", at(7)).unwrap().unwrap();
    assert!(matches!(stores.orders.save(&more, None).await, Err(StoreError::OutOfStock(_))));
    assert_eq!((left(stores, "MUG").await, left(stores, "CUP").await), (5, 1));
}

async fn each_movement_of_money_is_in_the_ledger_once<E>(stores: &Stores<impl Orders, impl Catalogue, E>) {
    let order = placed(stores).await;
    let paid = payment(&order);
    stores.orders.save(&paid, None).await.unwrap();
    assert!(stores.orders.save(&paid, None).await.is_err());
    let back = paid.order.apply_facts(vec![refund(1), refund(2)], "corr-3", at(70)).unwrap();
    stores.orders.save(&back, None).await.unwrap();
    let ledger = stores.orders.ledger(order.id).await.unwrap();
    assert_eq!(ledger, [paid.ledger, back.ledger].concat());
    let booked: Vec<_> = ledger.iter().map(|entry| (entry.object.as_str(), entry.amount.amount)).collect();
    assert_eq!(booked, [("pi_1", order.total.amount), ("re_1", -1), ("re_2", -1)]);
    assert_eq!(stores.orders.ledger(order_id(2)).await.unwrap(), []);
}

async fn a_receipt_says_which_version_came_of_it<E>(stores: &Stores<impl Orders, impl Catalogue, E>) {
    let order = placed(stores).await;
    let take_in = async |event: &str| {
        let receipt = receipt(order.id, event, vec![paid(&order)]);
        let apply = |order: &Order| Ok::<_, StoreError>(order.apply_facts(receipt.facts.clone(), "corr", at(60)));
        store::update(&stores.orders, &SystemClock, &RandomIds, order.id, Some(&receipt), apply).await.unwrap();
    };
    take_in("evt_1").await;
    take_in("evt_2").await;
    let heard = Receipt::from_facts(ReceiptSource::Checkout, order.id, vec![paid(&order)], at(61), "corr");
    let apply = |order: &Order| Ok::<_, StoreError>(order.apply_facts(heard.facts.clone(), "corr", at(61)));
    store::update(&stores.orders, &SystemClock, &RandomIds, order.id, Some(&heard), apply).await.unwrap();
    let receipts = stores.orders.receipts(order.id).await.unwrap();
    let versions: Vec<_> = receipts.iter().map(|receipt| (receipt.event_id.as_str(), receipt.order_version)).collect();
    assert_eq!(versions, [("evt_1", 2), ("evt_2", 2)], "what was asked for and is no news leaves none");
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
    let gone = found.apply_facts(vec![all], "corr-4", at(91)).unwrap();
    stores.orders.save(&gone, None).await.unwrap();
    let found = stores.orders.find(gone.order.id).await.unwrap().unwrap();
    assert_eq!((&found, found.person.contact()), (&gone.order, None));
    let listed = stores.orders.of_customer(found.customer, None, &first(10)).await.unwrap().items;
    assert_eq!(listed, [found], "the lists have forgotten as well");
}

/// A thousand refunds of the dashboard, one webhook each, and the attempts of an undecided customer.
async fn an_order_that_much_happened_to_is_stored_as_it_is<E>(stores: &Stores<impl Orders, impl Catalogue, E>) {
    let mut order = placed(stores).await;
    let mut save = async |facts: Vec<domain::PaymentFact>| {
        let change = order.apply_facts(facts, "corr-2", at(70)).unwrap();
        stores.orders.save(&change, None).await.unwrap();
        order = change.order;
        assert_eq!(stores.orders.find(order.id).await.unwrap().as_ref(), Some(&order));
    };
    save((0..100).map(canceled).collect()).await;
    save(vec![paid(&mug_order(1).order)]).await;
    for hundred in 0..10 {
        save((hundred * 100..hundred * 100 + 100).map(refund).collect()).await;
    }
    assert_eq!((order.payment.facts.refunded(), order.payment.facts.intents().count()), (1000, 101));
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
    whoever_knows_the_order_reads_it_only_when_others_were_faster,
    goods_that_are_gone_are_not_taken_again_and_nothing_is_stored,
    an_edit_moves_only_what_is_different,
    each_movement_of_money_is_in_the_ledger_once,
    a_receipt_says_which_version_came_of_it,
    of_many_cancellations_one_gives_the_goods_back,
    an_order_that_forgets_its_person_is_read_as_it_was_written,
    an_order_that_much_happened_to_is_stored_as_it_is,
}
