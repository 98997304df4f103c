//! Reading and cancelling orders.

use domain::{EventId, MailEffect, MailEffectId, MailKind, MailSubject, Sending, Timestamp};
use serde_json::{Value, json};
use store::{MailEffects as _, Receipt, ReceiptSource, SheetRows as _};
use uuid::Uuid;

use super::world::{ADMIN, ANNA, BEN, NOON, STAFF, World, about, cart, event, order_id, request, unknown_order};

fn asked(query: &str) -> Value {
    let mut event = event(Some(ANNA));
    event["rawQueryString"] = query.into();
    event
}

#[test]
fn anothers_order_is_like_none() {
    let world = World::new();
    world.place(ANNA, "key-1", &cart());
    let order = order_id(ANNA, "key-1");
    for function in ["get-order", "get-order-history", "cancel-order", "create-payment-intent", "confirm-payment"] {
        let hidden = world.about(function, BEN, &order);
        let unknown = world.about(function, BEN, &unknown_order());
        assert_eq!(hidden.problem(), (404, "not-found", None), "{function}");
        let [hidden, unknown] = [hidden, unknown].map(|mut answered| {
            // What is left of the limit goes down with each request.
            answered.headers.remove("ratelimit");
            answered
        });
        assert_eq!(hidden, unknown, "{function} tells them apart");
        assert_eq!(world.about(function, BEN, "ord_1").problem(), (404, "not-found", None), "{function}");
        assert_eq!(world.call(function, request(about_nobody(&order))).problem(), (401, "unauthenticated", None));
    }
    assert_eq!(world.order(&order).version, 2, "nobody changed it");
}

fn about_nobody(order: &str) -> Value {
    let mut event = event(None);
    event["pathParameters"] = json!({"order_id": order});
    event
}

#[test]
fn staff_read_and_cancel_any_order_and_pay_none() {
    let world = World::new();
    world.place(ANNA, "key-1", &cart());
    let order = order_id(ANNA, "key-1");
    for who in [STAFF, ADMIN] {
        for (function, status) in [
            ("get-order", 200),
            ("get-order-history", 200),
            ("create-payment-intent", 403),
            ("confirm-payment", 403),
            ("cancel-order", 200),
        ] {
            assert_eq!(world.about(function, who, &order).status, status, "{function}");
        }
    }
}

#[test]
fn a_list_goes_on_where_the_last_page_ended() {
    let world = World::new();
    for number in 0..5 {
        world.place(ANNA, &format!("key-{number}"), &cart());
        world.clock.advance(std::time::Duration::from_secs(1));
    }
    world.place(BEN, "key-1", &cart());
    let (mut seen, mut query) = (Vec::new(), "limit=2".to_owned());
    loop {
        let page = world.call("list-orders", request(asked(&query))).body;
        seen.extend(
            page["items"].as_array().unwrap().iter().map(|order| order["order_id"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        query = format!("limit=2&cursor={cursor}");
    }
    let newest_first: Vec<_> = (0..5).rev().map(|number| order_id(ANNA, &format!("key-{number}"))).collect();
    assert_eq!(seen, newest_first);
}

#[test]
fn a_cancelled_order_gives_its_goods_back_once_and_says_so_again() {
    let world = World::new();
    world.place(ANNA, "key-1", &cart());
    let order = order_id(ANNA, "key-1");
    let stock = || {
        // The list may be this old.
        world.clock.advance(std::time::Duration::from_secs(10));
        world.call("list-products", request(event(None))).body["items"][0]["stock"].as_u64().unwrap()
    };
    assert_eq!(stock(), 8);

    let first = world.about("cancel-order", ANNA, &order);
    assert_eq!((first.status, &first.body["status"], &first.body["refund_due"]), (200, &"cancelled".into(), &0.into()));
    assert_eq!(world.about("cancel-order", ANNA, &order).body, first.body);
    assert_eq!(stock(), 10);
}

#[test]
fn a_paid_order_that_is_cancelled_says_what_goes_back() {
    let world = World::new();
    world.place(ANNA, "key-1", &cart());
    let order = order_id(ANNA, "key-1");
    assert_eq!(world.pay(&order).body["status"], "paid");
    let cancelled = world.about("cancel-order", ANNA, &order);
    assert_eq!((cancelled.status, &cancelled.body["refund_due"]), (200, &4800.into()));
}

#[test]
fn too_late_is_said_with_the_orders_status() {
    let world = World::new();
    world.place(ANNA, "key-1", &cart());
    let order = order_id(ANNA, "key-1");
    world.pay(&order);
    world.dispute(&order);
    let refused = world.about("cancel-order", ANNA, &order);
    assert_eq!(
        (refused.problem(), &refused.body["order_status"]),
        ((409, "too-late-to-cancel", None), &"disputed".into())
    );
}

/// Every entry of an order's history, for one that was placed, paid, told of and written into the sheet, over pages of
/// one event each.
#[test]
fn a_history_has_every_hop_once_in_order_of_time() {
    let world = World::new();
    world.place(ANNA, "key-1", &cart());
    let order = order_id(ANNA, "key-1");
    world.clock.advance(std::time::Duration::from_secs(10));
    world.pay(&order);
    hops_elsewhere(&world, &order);

    let (mut entries, mut cursor) = (Vec::new(), None);
    loop {
        let mut event = event(Some(ANNA));
        event["pathParameters"] = json!({"order_id": order});
        event["rawQueryString"] =
            cursor.map_or("limit=1".to_owned(), |cursor| format!("limit=1&cursor={cursor}")).into();
        let page = world.call("get-order-history", request(event)).body;
        entries.extend(page["items"].as_array().unwrap().clone());
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    let whole = world.run(world.answer("get-order-history", about(ANNA, &order))).body;
    assert_eq!(Value::Array(entries), whole["items"], "pages and the whole tell the same");
    let mut staffs = world.run(world.answer("get-order-history", about(STAFF, &order))).body;
    for entry in staffs["items"].as_array_mut().unwrap() {
        entry.as_object_mut().unwrap().remove("actor");
    }
    let (row, rest) = staffs["items"].as_array().unwrap().split_last().unwrap();
    assert_eq!((text(&row["kind"]), rest), ("row".to_owned(), whole["items"].as_array().unwrap().as_slice()));
    let told: Vec<_> =
        whole["items"].as_array().unwrap().iter().map(|entry| (text(&entry["kind"]), text(&entry["type"]))).collect();
    let event = |name: &str| ("event".to_owned(), name.to_owned());
    let other = |name: &str| (name.to_owned(), String::new());
    let webhook = ("webhook".to_owned(), "payment_intent.created".to_owned());
    let entries =
        [event("order.placed"), webhook, event("order.paid"), other("answer"), other("ledger"), other("mail")];
    assert_eq!(told, entries);
}

#[test]
fn staff_see_who_did_what_and_customers_do_not() {
    let world = World::new();
    world.place(ANNA, "key-1", &cart());
    let order = order_id(ANNA, "key-1");
    world.about("cancel-order", STAFF, &order);
    let shown = |who| {
        let history = world.about("get-order-history", who, &order);
        let items = history.body["items"].as_array().unwrap().clone();
        items
            .into_iter()
            .filter(|item| item["kind"] == "event")
            .map(|item| (item["type"].clone(), item["actor"].clone()))
    };
    let of = |kind: &str, actor: Value| (Value::from(kind), actor);
    let by = [of("order.placed", ANNA.0.into()), of("order.cancelled", STAFF.0.into())];
    assert_eq!(shown(STAFF).collect::<Vec<_>>(), by);
    assert_eq!(shown(ANNA).collect::<Vec<_>>(), by.map(|(kind, _)| (kind, Value::Null)));
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// What the other functions would have done: a webhook between the events, a mail and a row after them.
fn hops_elsewhere(world: &World, order: &str) {
    let order_id = order.parse().unwrap();
    let receipt = Receipt {
        source: ReceiptSource::Webhook,
        order_version: 1,
        event_id: "evt_1".to_owned(),
        event_type: "payment_intent.created".to_owned(),
        created: NOON,
        order_id,
        facts: vec![],
        received_at: Timestamp::from_seconds(NOON + 2),
        correlation_id: "webhook-1".to_owned(),
        actor: None,
    };
    world.run(store::Orders::record(&world.store, &receipt)).unwrap();
    let event_id = EventId::from_uuid(Uuid::from_u128(5));
    let mail = MailEffect {
        id: MailEffectId { subject: MailSubject::Order(order_id), kind: MailKind::OrderConfirmation, event_id },
        sending: Sending::Sent { message_id: None, at: Timestamp::from_seconds(NOON + 20) },
        delivery: None,
        doubts: 0,
        version: 1,
        correlation_id: "paid-0001".to_owned(),
    };
    world.run(world.store.save_mail(&mail)).unwrap();
    world.run(world.store.rows("sheet-1", &[order_id])).unwrap();
    world.run(world.store.row_written("sheet-1", order_id, 3, Timestamp::from_seconds(NOON + 21))).unwrap();
}
