//! Lists: in order, page by page, without gaps and repeats, while others write.

use std::cell::Cell;

use domain::{Change, Due, OrderId, OrderStatus};
use store::{Catalogue, Cursor, Orders, PageRequest};
use uuid::Uuid;

use crate::fixtures::{
    all_pages, at, customer, first, mug_order, new, order_id, paid, payment, placement_of, refund, stock,
};
use crate::promises;
use crate::sides::Stores;

/// Orders 0 to `count`, placed at rising seconds, two in each.
async fn place_many<E>(stores: &Stores<impl Orders, impl Catalogue, E>, count: u8) {
    stock(stores, "MUG", 1000).await;
    for n in 0..count {
        new(stores.orders.place(&placement_of(order_id(n), &[("MUG", 1)], i64::from(n / 2))).await.unwrap());
    }
}

/// The same, newest first, ties by id downwards.
fn newest_first(numbers: impl IntoIterator<Item = u8>) -> Vec<OrderId> {
    let mut keyed: Vec<_> = numbers.into_iter().map(|n| (n / 2, order_id(n))).collect();
    keyed.sort_by(|one, other| other.cmp(one));
    keyed.into_iter().map(|(_, id)| id).collect()
}

async fn events_come_oldest_first_page_by_page<E>(stores: &Stores<impl Orders, impl Catalogue, E>) {
    stock(stores, "MUG", 5).await;
    let mut order = new(stores.orders.place(&placement_of(order_id(1), &[("MUG", 3)], 0)).await.unwrap());
    for n in 0..12 {
        let change = order.apply_facts(vec![paid(&order), refund(n)], "corr", order.updated_at).unwrap();
        stores.orders.save(&change, None).await.unwrap();
        order = change.order;
    }
    let whole = stores.orders.events(order.id, &first(100)).await.unwrap();
    assert_eq!((whole.items.len(), &whole.next), (14, &None));
    let keys: Vec<_> = whole.items.iter().map(|event| (event.order_version, event.index)).collect();
    assert!(keys.is_sorted(), "{keys:?}");
    for limit in [1, 3, 7, 14] {
        let events =
            all_pages(limit, async |page| stores.orders.events(order.id, &page).await.unwrap(), async |_| ()).await;
        assert_eq!(events, whole.items, "pages of {limit}");
    }
}

async fn a_customers_orders_come_newest_first_while_new_ones_arrive<E>(
    stores: &Stores<impl Orders, impl Catalogue, E>,
) {
    place_many(stores, 20).await;
    let of_another = Change { order: domain::Order { customer: customer(2), ..mug_order(99).order }, ..mug_order(99) };
    new(stores.orders.place(&of_another).await.unwrap());
    for limit in [1, 3, 20, 21] {
        let newcomers = Cell::new(u8::try_from(100 + limit * 4).unwrap());
        let listed = all_pages(
            limit,
            async |page| stores.orders.of_customer(customer(1), None, &page).await.unwrap(),
            async |pages| {
                if pages <= 3 {
                    newcomers.set(newcomers.get() + 1);
                    let newcomer = placement_of(order_id(newcomers.get()), &[("MUG", 1)], 1000);
                    new(stores.orders.place(&newcomer).await.unwrap());
                }
            },
        );
        // New items stand above the first page, and those below are seen once.
        let listed: Vec<_> = listed.await.iter().map(|order| order.id).collect();
        let old: Vec<_> = listed.iter().filter(|id| (0..20).any(|n| order_id(n) == **id)).copied().collect();
        assert_eq!(old, newest_first(0..20), "pages of {limit}");
    }
}

async fn a_customers_other_orders_since_a_moment_come_newest_first<E>(stores: &Stores<impl Orders, impl Catalogue, E>) {
    place_many(stores, 40).await;
    let anothers = Change { order: domain::Order { customer: customer(2), ..mug_order(50).order }, ..mug_order(50) };
    new(stores.orders.place(&anothers).await.unwrap());
    let others = async |but, since| {
        let found = stores.orders.others_placed_since(customer(1), order_id(but), at(since)).await.unwrap();
        (found.items.iter().map(|order| order.id).collect::<Vec<_>>(), found.next.is_some())
    };
    assert_eq!(others(38, 18).await, (newest_first([36, 37, 39]), false));
    assert_eq!(others(99, 19).await, (newest_first([38, 39]), false));
    assert_eq!(others(99, 20).await, (vec![], false));
    for n in 100..200 {
        new(stores.orders.place(&mug_order(n)).await.unwrap());
    }
    assert!(!others(199, 100).await.1, "ninety-nine");
    let (found, more) = others(99, 100).await;
    assert_eq!((found.len(), found[0], more), (100, order_id(199), false));
    assert!(others(99, 19).await.1, "a hundred and two");
}

async fn a_customers_orders_with_one_status_come_without_gaps<E>(stores: &Stores<impl Orders, impl Catalogue, E>) {
    place_many(stores, 40).await;
    for n in [0, 7, 8, 21, 39] {
        let order = stores.orders.find(order_id(n)).await.unwrap().unwrap();
        stores.orders.save(&payment(&order), None).await.unwrap();
    }
    for (status, numbers) in [
        (OrderStatus::Paid, vec![0, 7, 8, 21, 39]),
        (OrderStatus::PendingPayment, (0..40).filter(|n| ![0, 7, 8, 21, 39].contains(n)).collect()),
        (OrderStatus::Refunded, vec![]),
    ] {
        for limit in [1, 4, 100] {
            let list = async |page| stores.orders.of_customer(customer(1), Some(status), &page).await.unwrap();
            let listed = all_pages(limit, list, async |_| ()).await;
            let listed: Vec<_> = listed.iter().map(|order| order.id).collect();
            assert_eq!(listed, newest_first(numbers.clone()), "{status}, pages of {limit}");
        }
    }
}

async fn a_rare_status_among_many_orders_is_found_by_following_the_cursor<E>(
    stores: &Stores<impl Orders, impl Catalogue, E>,
) {
    stock(stores, "MUG", 1000).await;
    let id = |n: u16| OrderId::from_uuid(Uuid::new_v5(&Uuid::nil(), &n.to_be_bytes()));
    for n in 0..450 {
        let order = new(stores.orders.place(&placement_of(id(n), &[("MUG", 1)], i64::from(n))).await.unwrap());
        if n == 3 {
            stores.orders.save(&payment(&order), None).await.unwrap();
        }
    }
    let list = async |page| stores.orders.of_customer(customer(1), Some(OrderStatus::Paid), &page).await.unwrap();
    let listed = all_pages(5, list, async |_| ()).await;
    assert_eq!(listed.iter().map(|order| order.id).collect::<Vec<_>>(), [id(3)]);
}

async fn everybodys_orders_with_one_status_come_newest_first_while_new_ones_arrive<E>(
    stores: &Stores<impl Orders, impl Catalogue, E>,
) {
    place_many(stores, 40).await;
    for limit in [1, 7, 100] {
        let newcomers = Cell::new(u8::try_from(100 + limit).unwrap());
        let listed = all_pages(
            limit,
            async |page| stores.orders.with_status(OrderStatus::PendingPayment, &page).await.unwrap(),
            async |pages| {
                if pages <= 3 {
                    newcomers.set(newcomers.get() + 1);
                    let newcomer = placement_of(order_id(newcomers.get()), &[("MUG", 1)], 1000);
                    new(stores.orders.place(&newcomer).await.unwrap());
                }
            },
        );
        let listed: Vec<_> = listed.await.iter().map(|order| order.id).collect();
        let old: Vec<_> = listed.iter().filter(|id| (0..40).any(|n| order_id(n) == **id)).copied().collect();
        assert_eq!(old, newest_first(0..40), "pages of {limit}");
    }
}

async fn an_order_stands_in_the_list_of_its_status_alone<E>(stores: &Stores<impl Orders, impl Catalogue, E>) {
    stock(stores, "MUG", 5).await;
    let order = new(stores.orders.place(&mug_order(1)).await.unwrap());
    let paid = payment(&order);
    stores.orders.save(&paid, None).await.unwrap();
    let cancelled = paid.order.cancel("corr", order.placed_at).unwrap().unwrap();
    for stored in [paid.order.clone(), cancelled.order.clone()] {
        if stored.version == cancelled.order.version {
            stores.orders.save(&cancelled, None).await.unwrap();
        }
        for status in OrderStatus::ALL {
            let listed = stores.orders.with_status(status, &first(10)).await.unwrap().items;
            let expected: Vec<_> = [&stored].into_iter().filter(|order| order.status == status).cloned().collect();
            assert_eq!(listed, expected, "{status}");
        }
    }
}

async fn a_cursor_of_another_list_is_answered_and_breaks_nothing<E>(stores: &Stores<impl Orders, impl Catalogue, E>) {
    place_many(stores, 4).await;
    for text in ["!", "event#0000000001#00", "event#~", "receipt#x", "zzz", "2026-09-21T14:13:20.000Z#x"] {
        let page = PageRequest { limit: 10, after: Some(Cursor::after(text)) };
        let events = stores.orders.events(order_id(1), &page).await.unwrap().items;
        assert_eq!(events.len(), usize::from(text < "event#0000000001#00"), "{text}");
        let of_customer = stores.orders.of_customer(customer(1), None, &page).await.unwrap().items;
        let with_status = stores.orders.with_status(OrderStatus::PendingPayment, &page).await.unwrap().items;
        assert_eq!(of_customer, with_status, "{text}");
    }
}

async fn the_oldest_of_a_status_come_first_up_to_a_moment<E>(stores: &Stores<impl Orders, impl Catalogue, E>) {
    place_many(stores, 20).await;
    let mut expected: Vec<_> = newest_first(0..14);
    expected.reverse();
    for limit in [1, 3, 13, 14, 15] {
        let listed = all_pages(
            limit,
            async |page| stores.orders.oldest_with_status(OrderStatus::PendingPayment, at(7), &page).await.unwrap(),
            async |_| (),
        );
        let listed: Vec<_> = listed.await.iter().map(|order| order.id).collect();
        assert_eq!(listed, expected, "pages of {limit}");
    }
    let none = stores.orders.oldest_with_status(OrderStatus::PendingPayment, at(0), &first(10)).await.unwrap();
    assert_eq!(none.items, []);
    let page = PageRequest { limit: 10, after: Some(Cursor::after("zzz")) };
    let none = stores.orders.oldest_with_status(OrderStatus::PendingPayment, at(7), &page).await.unwrap();
    assert_eq!((none.items, none.next), (vec![], None));
}

async fn what_is_due_is_found_the_longest_due_first_and_gone_once_it_is_done<E>(
    stores: &Stores<impl Orders, impl Catalogue, E>,
) {
    place_many(stores, 20).await;
    let due = async |what: Due, by: i64| -> Vec<OrderId> {
        let list = async |page| stores.orders.due(what, at(by), &page).await.unwrap();
        all_pages(3, list, async |_| ()).await.iter().map(|order| order.id).collect()
    };
    let order = stores.orders.find(order_id(0)).await.unwrap().unwrap();
    let (_, until) = order.due().unwrap();
    let held_for = until.seconds() - order.placed_at.seconds();
    let mut expected = newest_first(0..14);
    expected.reverse();
    assert_eq!(due(Due::Expiry, held_for + 6).await, expected);
    assert_eq!(due(Due::Expiry, held_for - 1).await, []);
    let order = stores.orders.find(order_id(3)).await.unwrap().unwrap();
    let paid = payment(&order);
    stores.orders.save(&paid, None).await.unwrap();
    assert!(!due(Due::Expiry, held_for + 6).await.contains(&order.id), "it was paid");
    let cancelled = paid.order.cancel("corr", at(500)).unwrap().unwrap();
    stores.orders.save(&cancelled, None).await.unwrap();
    assert_eq!((due(Due::Settlement, 499).await, due(Due::Settlement, 500).await), (vec![], vec![order.id]));
    let facts = (0..usize::try_from(order.total.amount).unwrap()).map(refund).collect();
    let refunded = cancelled.order.apply_facts(facts, "corr", at(501)).unwrap();
    stores.orders.save(&refunded, None).await.unwrap();
    assert_eq!(due(Due::Settlement, 9999).await, []);
}

promises! {
    what_is_due_is_found_the_longest_due_first_and_gone_once_it_is_done,
    the_oldest_of_a_status_come_first_up_to_a_moment,
    events_come_oldest_first_page_by_page,
    a_customers_orders_come_newest_first_while_new_ones_arrive,
    a_customers_other_orders_since_a_moment_come_newest_first,
    a_customers_orders_with_one_status_come_without_gaps,
    a_rare_status_among_many_orders_is_found_by_following_the_cursor,
    everybodys_orders_with_one_status_come_newest_first_while_new_ones_arrive,
    an_order_stands_in_the_list_of_its_status_alone,
    a_cursor_of_another_list_is_answered_and_breaks_nothing,
}
