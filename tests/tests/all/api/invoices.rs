//! Orders that are paid by bank transfer: placed by services that may, sent before or after, noted as paid by staff.

use std::time::Duration;

use domain::{LedgerKind, OrderStatus, PaymentTerms, Timestamp};
use resilience::Clock as _;
use serde_json::{Value, json};
use store::{Orders as _, ReceiptSource};

use super::world::{
    ANNA, BEN, HandlerResponse, NOON, STAFF, World, about, about_with, cart, event, invoice_request, order_id,
    order_request, request, service,
};

/// An order of Anna's service on invoice.
fn invoiced(world: &World) -> String {
    let placed = world.place_on_invoice(ANNA, "key-1");
    assert_eq!(placed.status, 201, "{}", placed.body);
    order_id(ANNA, "key-1")
}

fn mark_paid(world: &World, order: &str, reference: &str) -> HandlerResponse {
    world.call("mark-invoice-paid", about_with(STAFF, order, &json!({ "reference": reference })))
}

/// The service about its own order.
fn by_service(world: &World, function: &str, order: &str, body: Option<&Value>) -> HandlerResponse {
    let mut event = event(None);
    event["requestContext"]["authorizer"] = service(ANNA, "orders:place");
    event["pathParameters"] = json!({ "order_id": order });
    event["body"] = body.map_or(Value::Null, |body| body.to_string().into());
    world.call(function, request(event))
}

#[test]
fn an_invoice_is_due_after_its_terms_and_asks_stripe_for_nothing() {
    let world = World::new();
    world.has_key.set(false);
    world.terms.set(PaymentTerms { invoice_due: Duration::from_hours(48), ..PaymentTerms::default() });
    let placed = world.place_on_invoice(ANNA, "key-1");
    let due = Timestamp::from_seconds(NOON + 48 * 3600).to_string();
    assert_eq!((placed.status, &placed.body["status"]), (201, &"invoiced".into()));
    let payment = json!({"intent_id": null, "client_secret": null, "status": "invoice", "due_at": due});
    assert_eq!(placed.body["payment"], payment);
    assert_eq!(placed.body["payment_method"], json!({"type": "invoice", "due_at": due}));
    assert_eq!(world.place_on_invoice(ANNA, "key-1").body, placed.body, "and so says a repetition");
    assert_eq!((world.intents(), world.order(&order_id(ANNA, "key-1")).reservation.held_until()), (vec![], None));
}

#[test]
fn only_services_with_the_scope_may_have_an_invoice() {
    let world = World::new();
    let mut body = cart();
    body["payment_method"] = "invoice".into();
    let asked = [order_request(ANNA, Some("key-1"), &body)];
    let scopes = ["orders:place", "orders:invoice", "orders:read orders:invoice"];
    for request in asked.into_iter().chain(scopes.map(|scopes| invoice_request(ANNA, scopes, "key-1"))) {
        assert_eq!(world.call("create-order", request).problem(), (403, "forbidden", None));
    }
    assert_eq!(world.store.all_orders().len(), 0);
}

#[test]
fn the_method_belongs_to_the_idempotency_key() {
    let world = World::new();
    invoiced(&world);
    assert_eq!(world.place(ANNA, "key-1", &cart()).problem(), (422, "idempotency-key-reused", None));
    world.place(ANNA, "key-2", &cart());
    assert_eq!(world.place_on_invoice(ANNA, "key-2").problem(), (422, "idempotency-key-reused", None));
    let mut body = cart();
    body["payment_method"] = "stripe".into();
    assert_eq!(world.place(ANNA, "key-2", &body).status, 201, "which is what it is without saying so");
    body["payment_method"] = "cash".into();
    assert_eq!(world.place(ANNA, "key-3", &body).problem(), (422, "invalid-field", Some("payment_method")));
}

#[test]
fn an_invoice_is_not_paid_through_stripe() {
    let world = World::new();
    let order = invoiced(&world);
    for function in ["create-payment-intent", "confirm-payment"] {
        let refused = by_service(&world, function, &order, None);
        assert_eq!(refused.problem(), (409, "not-awaiting-payment", None), "{function}");
        assert_eq!(refused.body["order_status"], "invoiced");
    }
    assert_eq!(world.intents(), [""; 0]);
}

#[test]
fn a_transfer_pays_once_however_often_it_is_noted() {
    let world = World::new();
    let order = invoiced(&world);
    let paid = mark_paid(&world, &order, "RE 2026-1");
    assert_eq!((paid.status, &paid.body["status"], &paid.body["captured"]), (200, &"paid".into(), &4800.into()));
    assert_eq!(mark_paid(&world, &order, "RE 2026-1").body, paid.body);
    let other = mark_paid(&world, &order, "RE 2026-2");
    assert_eq!((other.problem(), &other.body["order_status"]), ((409, "not-awaiting-transfer", None), &"paid".into()));

    let id = order.parse().unwrap();
    let (receipts, ledger) = (world.run(world.store.receipts(id)).unwrap(), world.run(world.store.ledger(id)).unwrap());
    let [receipt] = &receipts[..] else { panic!("{receipts:?}") };
    assert_eq!((receipt.source, receipt.order_version, receipt.facts.len()), (ReceiptSource::Staff, 2, 1));
    assert_eq!(receipt.actor.map(|actor| actor.to_string()).as_deref(), Some(STAFF.0));
    let [entry] = &ledger[..] else { panic!("{ledger:?}") };
    assert_eq!((entry.kind, &*entry.object, entry.amount.amount), (LedgerKind::Transfer, "RE 2026-1", 4800));

    let history = by_service(&world, "get-order-history", &order, None);
    let entries = history.body["items"].as_array().unwrap();
    let booked = entries.iter().find(|entry| entry["kind"] == "ledger").unwrap();
    let shown = (&booked["entry"], &booked["object"], &booked["amount"], &booked["currency"]);
    assert_eq!(shown, (&"transfer".into(), &"RE 2026-1".into(), &4800.into(), &"eur".into()));
    assert!(entries.iter().any(|entry| entry["kind"] == "answer" && entry["source"] == "staff"), "{entries:?}");
}

#[test]
fn a_transfer_of_another_amount_is_refused_and_nothing_is_written() {
    let world = World::new();
    let order = invoiced(&world);
    let before = world.order(&order);
    let noted = |body: Value| {
        let mut said = json!({"reference": "RE 2026-1"});
        said.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        world.call("mark-invoice-paid", about_with(STAFF, &order, &said))
    };
    for (said, detail) in [
        (json!({"amount": 4799}), "the order's total is 48.00 EUR"),
        (json!({"amount": 4801, "currency": "eur"}), "the order's total is 48.00 EUR"),
        (json!({"amount": 4800, "currency": "usd"}), "the order's total is 48.00 EUR"),
        (json!({"currency": "usd"}), "the order's total is 48.00 EUR"),
    ] {
        let refused = noted(said);
        assert_eq!((refused.problem(), &refused.body["detail"]), ((409, "amount-mismatch", None), &detail.into()));
    }
    let (id, store) = (order.parse().unwrap(), &world.store);
    assert_eq!((world.order(&order), world.run(store.receipts(id)).unwrap()), (before, vec![]));
    assert_eq!(noted(json!({"amount": "48.00"})).problem(), (422, "invalid-field", Some("amount")));

    let paid = noted(json!({"amount": 4800, "currency": "eur"}));
    assert_eq!((paid.status, &paid.body["status"], &paid.body["captured"]), (200, &"paid".into(), &4800.into()));
    assert_eq!(noted(json!({"amount": 4800})).body, paid.body, "the same once more");
    assert_eq!(noted(json!({"amount": 4799})).problem(), (409, "amount-mismatch", None));
    let receipts = world.run(store.receipts(id)).unwrap();
    assert_eq!((receipts.len(), world.order(&order).version), (1, 2));
}

#[test]
fn one_transfer_may_pay_two_orders() {
    let world = World::new();
    let first = invoiced(&world);
    world.place_on_invoice(ANNA, "key-2");
    let second = order_id(ANNA, "key-2");
    for order in [first, second] {
        assert_eq!(mark_paid(&world, &order, "RE 1 AND 2").status, 200);
        assert_eq!(world.order(&order).status, OrderStatus::Paid);
    }
}

#[test]
fn what_waits_for_no_transfer_says_so() {
    let world = World::new();
    world.place(ANNA, "key-2", &cart());
    let by_card = order_id(ANNA, "key-2");
    assert_eq!(mark_paid(&world, &by_card, "RE 1").problem(), (409, "not-awaiting-transfer", None));
    let order = invoiced(&world);
    for (reference, field) in [("", "reference"), ("  ", "reference"), ("Müller", "reference")] {
        assert_eq!(mark_paid(&world, &order, reference).problem(), (422, "invalid-field", Some(field)));
    }
    for (who, problem) in [(ANNA, (403, "forbidden", None)), (BEN, (404, "not-found", None))] {
        let asked = about_with(who, &order, &json!({"reference": "RE 1"}));
        assert_eq!(world.call("mark-invoice-paid", asked).problem(), problem);
    }
    world.about("cancel-order", STAFF, &order);
    let refused = mark_paid(&world, &order, "RE 1");
    assert_eq!(
        (refused.problem(), &refused.body["order_status"]),
        ((409, "not-awaiting-transfer", None), &"cancelled".into())
    );
}

#[test]
fn an_invoices_goods_may_be_sent_before_it_is_paid() {
    let world = World::new();
    let order = invoiced(&world);
    let sent = world.about("fulfil-order", STAFF, &order);
    assert_eq!((sent.status, &sent.body["status"]), (200, &"invoiced".into()));
    assert_eq!(world.about("fulfil-order", STAFF, &order).body, sent.body);
    let refused = world.about("cancel-order", STAFF, &order);
    assert_eq!(refused.problem(), (409, "too-late-to-cancel", None));
    assert_eq!(by_service(&world, "update-order", &order, Some(&mugs(1))).problem(), (409, "too-late-to-edit", None));
    let paid = mark_paid(&world, &order, "RE 1");
    assert_eq!((paid.status, &paid.body["status"]), (200, &"fulfilled".into()));
}

fn mugs(quantity: u32) -> Value {
    json!({"lines": [{"sku": "MUG-1", "quantity": quantity}]})
}

#[test]
fn an_edited_invoice_is_paid_by_its_new_total() {
    let world = World::new();
    world.has_key.set(false);
    let order = invoiced(&world);
    assert_eq!(by_service(&world, "update-order", &order, Some(&mugs(3))).body["total"], 3750);
    assert_eq!(mark_paid(&world, &order, "RE 1").body["captured"], 3750);
    let receipts = world.run(world.store.receipts(order.parse().unwrap())).unwrap();
    assert!(format!("{:?}", receipts[0].facts).contains("3750"), "{:?}", receipts[0].facts);
}

#[test]
fn goods_are_held_for_as_long_as_the_shop_says() {
    let world = World::new();
    world.terms.set(PaymentTerms { reservation: Duration::from_mins(5), ..PaymentTerms::default() });
    world.place(ANNA, "key-1", &cart());
    let held_until = world.order(&order_id(ANNA, "key-1")).reservation.held_until();
    assert_eq!(held_until, Some(world.clock.now().plus(Duration::from_mins(5))));
}

#[test]
fn only_what_is_paid_and_uncontested_is_sent() {
    let world = World::new();
    for key in ["open", "paid", "disputed", "refunded", "cancelled"] {
        world.place(ANNA, key, &cart());
    }
    for key in ["paid", "disputed", "refunded"] {
        assert_eq!(world.pay(&order_id(ANNA, key)).body["status"], "paid");
    }
    world.dispute(&order_id(ANNA, "disputed"));
    world.refund(&order_id(ANNA, "refunded"));
    world.about("cancel-order", ANNA, &order_id(ANNA, "cancelled"));
    for (key, status) in
        [("open", "pending_payment"), ("disputed", "disputed"), ("refunded", "refunded"), ("cancelled", "cancelled")]
    {
        let refused = world.about("fulfil-order", STAFF, &order_id(ANNA, key));
        assert_eq!(
            (refused.problem(), &refused.body["order_status"]),
            ((409, "order-not-fulfillable", None), &status.into())
        );
    }
    let order = order_id(ANNA, "paid");
    let sent = world.about("fulfil-order", STAFF, &order);
    assert_eq!((sent.status, &sent.body["status"]), (200, &"fulfilled".into()));
    assert_eq!(world.run(world.answer("fulfil-order", about(STAFF, &order))).body, sent.body, "once");
    assert_eq!(world.about("cancel-order", ANNA, &order).problem(), (409, "too-late-to-cancel", None));
    let refunded = world.about("cancel-order", ANNA, &order_id(ANNA, "refunded"));
    assert_eq!((refunded.status, &refunded.body["cancel_reason"]), (200, &"requested".into()), "its goods come back");
}

#[test]
fn invoiced_is_a_status_to_list_by() {
    let world = World::new();
    let order = invoiced(&world);
    world.place(ANNA, "key-2", &cart());
    let mut event = event(Some(STAFF));
    event["rawQueryString"] = "status=invoiced".into();
    let listed = world.call("list-orders", request(event)).body;
    let ids: Vec<_> = listed["items"].as_array().unwrap().iter().map(|order| order["order_id"].clone()).collect();
    assert_eq!(ids, [Value::from(order)]);
}
