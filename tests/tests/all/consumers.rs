//! The consumers and webhooks, fed with the sample events that people hand to `cargo lambda invoke` and
//! `sam local invoke`.

mod accounts;
mod erasure;
mod golden;
mod world;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use api::ProblemType;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use bytes::Bytes;
use domain::{Delivery, MailEffectId, MailKind, MailSubject, OrderEvent, OrderId, OrderStatus, Sending};
use events::{BusError, DeadLetters, Event, Publisher};
use http::{Request, Response};
use lambda_http::request::LambdaRequest;
use resilience::{Transport, TransportError};
use sandbox::{Fault, FaultKind};
use serde_json::Value;
use store::{MailEffects, Orders};

use self::world::{Sandboxed, World, cases, order_id, sample, total};
use crate::environment::local;

/// Has signed the samples of SendGrid's deliveries; its private half is gone.
const SENDGRID_KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1SV5oUiNUZk6ppE7LBcerFWaX2xswvTFDJzuJKogZ1YF+bjwrZ8D4hnvTIc6zAZW6ayvd8xfUfliX2ZoagXvwQ==";

fn batch(event: Value) -> SqsEvent {
    serde_json::from_value(event).unwrap()
}

fn failed(response: &SqsBatchResponse) -> usize {
    response.batch_item_failures.len()
}

fn request(event: Value) -> lambda_http::Request {
    serde_json::from_value::<LambdaRequest>(event).unwrap().into()
}

/// A bus that keeps what it gets, and refuses once when told to.
#[derive(Clone, Default)]
struct Bus {
    published: Rc<RefCell<Vec<Event>>>,
    dead: Rc<RefCell<Vec<(String, String)>>>,
    refuses: Rc<Cell<bool>>,
}

impl Publisher for Bus {
    async fn publish(&self, event: &Event) -> Result<(), BusError> {
        if self.refuses.replace(false) {
            return Err(BusError("down".into()));
        }
        self.published.borrow_mut().push(event.clone());
        Ok(())
    }
}

impl DeadLetters for Bus {
    async fn keep(&self, content: &str, reason: &str) -> Result<(), BusError> {
        self.dead.borrow_mut().push((content.to_owned(), reason.to_owned()));
        Ok(())
    }
}

#[test]
fn the_stream_publishes_events_and_nothing_else() {
    let (world, bus) = (World::with_paid_order(), Bus::default());
    let response = world
        .clock
        .run(orders::order_stream::handle(&world.env_with_bus(bus.clone()), &sample("order-stream", "order-paid")));
    assert!(response.batch_item_failures.is_empty());
    let types: Vec<_> = bus.published.borrow().iter().map(Event::event_type).collect();
    assert_eq!(types, ["order.paid"]);
}

#[test]
fn a_poison_record_is_kept_whole_and_the_shard_goes_on() {
    let (world, bus) = (World::with_paid_order(), Bus::default());
    let event = sample("order-stream", "poison-between-events");
    let response = world.clock.run(orders::order_stream::handle(&world.env_with_bus(bus.clone()), &event));
    assert!(response.batch_item_failures.is_empty());
    assert_eq!(bus.published.borrow().len(), 2);
    let (content, _) = bus.dead.borrow()[0].clone();
    assert_eq!(serde_json::from_str::<Value>(&content).unwrap(), event["Records"][1]);
}

#[test]
fn a_bus_that_is_down_brings_the_stream_back_to_that_record() {
    let (world, bus) = (World::with_paid_order(), Bus { refuses: Rc::new(true.into()), ..Bus::default() });
    let event = sample("order-stream", "poison-between-events");
    let response = world.clock.run(orders::order_stream::handle(&world.env_with_bus(bus.clone()), &event));
    assert_eq!(response.batch_item_failures[0].item_identifier.as_deref(), Some("100"));
    assert!(bus.published.borrow().is_empty() && bus.dead.borrow().is_empty());
}

fn send(world: &World, event: Value) -> SqsBatchResponse {
    world.clock.run(email::send_email::handle(&world.env(), world.deadline(), batch(event))).unwrap()
}

fn fault(world: &World, kind: FaultKind, times: u64) {
    let mut fault = Fault::new(kind);
    fault.when.times = Some(times);
    world.sandbox.lock().faults.add(fault);
}

fn confirmation(world: &World) -> domain::MailEffect {
    let case = sample("send-email", "order-paid");
    let event: OrderEvent = serde_json::from_str(case["Records"][0]["body"].as_str().unwrap()).unwrap();
    let id = MailEffectId {
        subject: MailSubject::Order(order_id()),
        kind: MailKind::OrderConfirmation,
        event_id: event.event_id,
    };
    world.clock.run(world.store.mail(id)).unwrap().unwrap()
}

#[test]
fn every_mail_sample_fails_only_where_it_must() {
    for (case, failures, mails) in [("order-paid", 0, 1), ("one-unreadable", 1, 1), ("unknown-order", 1, 0)] {
        let world = World::with_paid_order();
        assert_eq!((failed(&send(&world, sample("send-email", case))), world.mails()), (failures, mails), "{case}");
    }
}

#[test]
fn the_same_event_sends_one_mail() {
    let world = World::with_paid_order();
    for _ in 0..3 {
        assert_eq!(failed(&send(&world, sample("send-email", "order-paid"))), 0);
    }
    assert_eq!(world.mails(), 1);
}

#[test]
fn a_mail_whose_answer_was_lost_is_not_sent_again_while_evidence_may_come() {
    let world = World::with_paid_order();
    fault(&world, FaultKind::AnswerLost { millis: 0 }, 1);
    assert_eq!(failed(&send(&world, sample("send-email", "order-paid"))), 1);
    assert!(matches!(confirmation(&world).sending, Sending::Unknown { .. }));
    world.clock.advance(std::time::Duration::from_mins(4));
    assert_eq!(failed(&send(&world, sample("send-email", "order-paid"))), 1);
    assert_eq!(world.mails(), 1);
    // SendGrid's report settles it: whoever asks then finds nothing left to do.
    let known = confirmation(&world).reported(&[(domain::Delivery::Processed, resilience::Clock::now(&world.clock))]);
    world.clock.run(world.store.save_mail(&known.unwrap())).unwrap();
    world.clock.advance(std::time::Duration::from_mins(10));
    assert_eq!(failed(&send(&world, sample("send-email", "order-paid"))), 0);
    assert_eq!(world.mails(), 1);
}

#[test]
fn a_mail_that_was_never_sent_is_sent_when_no_evidence_came() {
    let world = World::with_paid_order();
    fault(&world, FaultKind::ConnectionReset, 1);
    assert_eq!((failed(&send(&world, sample("send-email", "order-paid"))), world.mails()), (1, 0));
    world.clock.advance(std::time::Duration::from_mins(6));
    assert_eq!((failed(&send(&world, sample("send-email", "order-paid"))), world.mails()), (0, 1));
    assert_eq!(confirmation(&world).doubts, 1);
}

#[test]
fn a_busy_sendgrid_is_tried_again_in_the_same_invocation() {
    let world = World::with_paid_order();
    fault(&world, FaultKind::TooManyRequests { retry_after: Some(1) }, 1);
    assert_eq!((failed(&send(&world, sample("send-email", "order-paid"))), world.mails()), (0, 1));
    assert_eq!(confirmation(&world).doubts, 0);
}

fn sync(world: &World, event: Value) -> SqsBatchResponse {
    world.clock.run(sheets::sync_sheet::handle(&world.env(), world.deadline(), batch(event))).unwrap()
}

#[test]
fn every_sheet_sample_fails_only_where_it_must_and_an_order_has_one_row() {
    for (case, failures) in [("order-paid-twice", 0), ("newer-schema", 1)] {
        let world = World::with_paid_order();
        for _ in 0..2 {
            assert_eq!(failed(&sync(&world, sample("sync-sheet", case))), failures, "{case}");
        }
        let rows = world.rows();
        assert_eq!(rows.len(), 1, "{case}");
        assert_eq!((rows[0].0, rows[0].1.order_id(), rows[0].1.version()), (2, Some(order_id()), Some(3)), "{case}");
    }
    assert_eq!(cases("sync-sheet").len(), 2);
}

/// Cancels the order while its first row is on the way to Google.
struct OrderCanceller<'a> {
    world: &'a World,
    inner: Sandboxed,
    cancelled: Cell<bool>,
}

impl Transport for OrderCanceller<'_> {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        if request.uri().path().ends_with("values:batchUpdate") && !self.cancelled.replace(true) {
            let store = &self.world.store;
            let order = store.find(order_id()).await.unwrap().unwrap();
            let cancel = order.cancel("sample-correlation", order.placed_at).unwrap().unwrap();
            store.save(&cancel, None).await.unwrap();
        }
        self.inner.send(request).await
    }
}

#[test]
fn a_row_whose_order_moved_on_while_it_was_written_is_written_again() {
    let world = World::with_paid_order();
    let canceller = OrderCanceller { world: &world, inner: world.transport(), cancelled: Cell::new(false) };
    let (warm, event) = (world.warm_over(canceller), batch(sample("sync-sheet", "order-paid-twice")));
    let env = local(world.store.clone(), &warm);
    let response = world.clock.run(sheets::sync_sheet::handle(&env, world.deadline(), event)).unwrap();
    assert_eq!(failed(&response), 0);
    let rows = world.rows();
    assert_eq!((rows.len(), rows[0].1.version()), (1, Some(world.order().version)));
    assert!(rows[0].1.is_of(&world.order()), "the row shows the order as it is now: {:?}", rows[0].1);
}

/// Google, where it refuses whatever has this order in it.
struct Refusing {
    inner: Sandboxed,
    order: String,
}

impl Transport for Refusing {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        if !String::from_utf8_lossy(request.body()).contains(&self.order) {
            return self.inner.send(request).await;
        }
        let body = r#"{"error":{"code":400,"message":"Invalid values[3][0]","status":"INVALID_ARGUMENT"}}"#;
        Ok(Response::builder().status(400).body(Bytes::from(body)).unwrap())
    }
}

/// The sample's event as it would be about these orders.
fn about(orders: &[OrderId]) -> Value {
    let mut event = sample("sync-sheet", "order-paid-twice");
    let record = event["Records"][0].clone();
    let of = |order: &OrderId| {
        let mut record = record.clone();
        record["messageId"] = order.to_string().into();
        let body = record["body"].as_str().unwrap().replace(&order_id().to_string(), &order.to_string());
        record["body"] = body.into();
        record
    };
    event["Records"] = orders.iter().map(of).collect();
    event
}

#[test]
fn a_row_that_google_refuses_fails_alone() {
    let world = World::with_paid_order();
    let orders: Vec<OrderId> = (0..9).map(|_| world.place_another().id).collect();
    let order = orders[4].to_string();
    let warm = world.warm_over(Refusing { inner: world.transport(), order: order.clone() });
    let env = local(world.store.clone(), &warm);
    let event = batch(about(&orders));
    let response = world.clock.run(sheets::sync_sheet::handle(&env, world.deadline(), event)).unwrap();
    let failed: Vec<_> = response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect();
    assert_eq!(failed, [order]);
    assert_eq!(world.rows().len(), 8);
}

#[test]
fn a_full_quota_sends_the_batch_back_and_a_lost_answer_does_no_harm() {
    let world = World::with_paid_order();
    fault(&world, FaultKind::TooManyRequests { retry_after: Some(60) }, 9);
    assert_eq!(failed(&sync(&world, sample("sync-sheet", "order-paid-twice"))), 2);
    world.sandbox.lock().faults.clear();
    fault(&world, FaultKind::AnswerLost { millis: 0 }, 2);
    assert_eq!(failed(&sync(&world, sample("sync-sheet", "order-paid-twice"))), 0);
    assert_eq!(world.rows().len(), 1);
}

fn status(answer: Result<api::Response, api::ApiError>) -> u16 {
    answer.map_or_else(|error| error.kind().status(), |answer| answer.status()).as_u16()
}

fn stripe_says(world: &World, case: &str) -> u16 {
    let request = request(sample("stripe-webhook", case));
    status(world.clock.run(payments::stripe_webhook::handle(&world.env(), request)))
}

#[test]
fn stripes_word_is_taken_when_it_is_stripes() {
    for (case, status, becomes) in [
        ("payment-succeeded", 200, OrderStatus::Paid),
        ("payment-succeeded-base64", 200, OrderStatus::Paid),
        ("as-stripe-writes-it", 200, OrderStatus::Paid),
        ("as-stripe-writes-it-base64", 200, OrderStatus::Paid),
        ("secret-rolled", 200, OrderStatus::Paid),
        ("secret-rolled-base64", 200, OrderStatus::Paid),
        ("written-anew", 400, OrderStatus::PendingPayment),
        ("written-anew-base64", 400, OrderStatus::PendingPayment),
        ("forged", 400, OrderStatus::PendingPayment),
        ("too-old", 400, OrderStatus::PendingPayment),
        ("unhandled-type", 200, OrderStatus::PendingPayment),
        ("unreadable", 500, OrderStatus::PendingPayment),
        ("no-event", 400, OrderStatus::PendingPayment),
        ("unknown-status", 200, OrderStatus::PendingPayment),
        ("of-another-account", 200, OrderStatus::PendingPayment),
        ("of-live-mode", 200, OrderStatus::PendingPayment),
        ("order-not-there-yet", 200, OrderStatus::PendingPayment),
    ] {
        let world = World::with_unpaid_order();
        assert_eq!((stripe_says(&world, case), world.order().status), (status, becomes), "{case}");
        // Again: the same answer, and nothing more happens.
        let before = world.order();
        assert_eq!((stripe_says(&world, case), world.order()), (status, before), "{case}");
    }
    assert_eq!(cases("stripe-webhook").len(), 17);
}

#[test]
fn a_payments_webhook_leaves_its_receipt_with_the_order() {
    let world = World::with_unpaid_order();
    stripe_says(&world, "payment-succeeded");
    let receipts = world.clock.run(world.store.receipts(order_id())).unwrap();
    assert_eq!((receipts.len(), receipts[0].event_id.as_str()), (1, "evt_sample_1"));
    assert_eq!(world.order().payment.facts.captured(), total().amount);
}

#[test]
fn sendgrids_reports_reach_their_mail_and_forgeries_do_not() {
    let world = World::with_paid_order();
    send(&world, sample("send-email", "order-paid"));
    for (case, told, delivery) in [
        ("trimmed-body", 400, None),
        ("no-batch", 400, None),
        ("delivered", 200, Some(Delivery::Delivered)),
        // Of three reports, the one that counts cannot be read, and another has half a pair in a field that nobody reads.
        ("half-a-surrogate-pair", 200, Some(Delivery::Opened)),
    ] {
        let request = request(sample("sendgrid-webhook", case));
        let answer = world.clock.run(email::sendgrid_webhook::handle(&world.env(), request));
        assert_eq!((status(answer), confirmation(&world).delivery), (told, delivery), "{case}");
    }
    assert_eq!(cases("sendgrid-webhook").len(), 4);
}

#[test]
fn what_is_signed_and_no_event_is_not_called_forged() {
    let world = World::with_paid_order();
    let kind = |answer: Result<api::Response, api::ApiError>| answer.unwrap_err().kind();
    let stripe = |case: &str| {
        let request = request(sample("stripe-webhook", case));
        kind(world.clock.run(payments::stripe_webhook::handle(&world.env(), request)))
    };
    let sendgrid = |case: &str| {
        let request = request(sample("sendgrid-webhook", case));
        kind(world.clock.run(email::sendgrid_webhook::handle(&world.env(), request)))
    };
    assert_eq!(
        (stripe("forged"), stripe("no-event")),
        (ProblemType::InvalidSignature, ProblemType::UnreadableDelivery)
    );
    let told = (sendgrid("trimmed-body"), sendgrid("no-batch"));
    assert_eq!(told, (ProblemType::InvalidSignature, ProblemType::UnreadableDelivery));
}

fn settle(world: &World, case: &str) -> SqsBatchResponse {
    let event = batch(sample("settle-payment", case));
    world.clock.run(payments::settle_payment::handle(&world.env(), world.deadline(), event)).unwrap()
}

/// What Stripe says of the order's intent: its status, and what it gave back.
fn at_stripe(world: &World) -> (domain::IntentStatus, i64, usize) {
    let order = world.order();
    let (stripe, deadline, intent) = (world.stripe(), world.deadline(), order.payment.intent.unwrap());
    let found = world.clock.run(stripe.retrieve_payment_intent(&intent, deadline)).unwrap();
    let refunds = world.clock.run(stripe.list_refunds(&intent, deadline)).unwrap();
    (found.status(), refunds.iter().map(|refund| refund.amount).sum(), refunds.len())
}

#[test]
fn an_unpaid_cancelled_order_has_its_intent_voided() {
    let world = World::with_intent_at_stripe();
    world.cancel();
    assert_eq!(failed(&settle(&world, "order-cancelled")), 0);
    assert_eq!(at_stripe(&world).0, domain::IntentStatus::Canceled);
    assert_eq!(world.order().status, OrderStatus::Cancelled);
}

/// Whatever answer gets lost, however often the event comes, and whether the money was known before the cancel or not.
#[test]
fn a_paid_cancelled_order_is_refunded_once() {
    for kind in [FaultKind::AnswerLost { millis: 0 }, FaultKind::InternalError, FaultKind::Unavailable] {
        for known in [true, false] {
            let world = World::with_intent_at_stripe();
            world.pay_at_stripe();
            if known {
                world.learn_from_stripe();
            }
            world.cancel();
            let mut lossy = Fault::new(kind.clone()).on("POST", "/v1/refunds");
            lossy.when.times = Some(3);
            world.sandbox.lock().faults.add(lossy);
            for _ in 0..5 {
                settle(&world, "order-cancelled");
                world.clock.advance(std::time::Duration::from_mins(2));
            }
            assert_eq!(failed(&settle(&world, "order-cancelled")), 0);
            assert_eq!(at_stripe(&world), (domain::IntentStatus::Succeeded, 2500, 1), "{kind:?}, known: {known}");
            assert_eq!(world.order().status, OrderStatus::Refunded, "{kind:?}, known: {known}");
        }
    }
}

/// Whoever reserved it may have died before it asked Stripe, or Stripe's answer may have been lost.
#[test]
fn a_requested_refund_is_carried_out_once() {
    for kind in [FaultKind::AnswerLost { millis: 0 }, FaultKind::Unavailable] {
        let world = World::with_intent_at_stripe();
        world.pay_at_stripe();
        world.learn_from_stripe();
        world.request_refund(500);
        let mut lossy = Fault::new(kind.clone()).on("POST", "/v1/refunds");
        lossy.when.times = Some(3);
        world.sandbox.lock().faults.add(lossy);
        assert_eq!(failed(&settle(&world, "refund-requested")), 1, "{kind:?}: it comes again");
        for _ in 0..2 {
            assert_eq!(failed(&settle(&world, "refund-requested")), 0, "{kind:?}");
        }
        assert_eq!(at_stripe(&world), (domain::IntentStatus::Succeeded, 500, 1), "{kind:?}");
        assert_eq!(world.order().status, OrderStatus::PartiallyRefunded, "{kind:?}");
    }
}

/// What the own intent of an order is worth that was paid in another way: nothing.
#[test]
fn an_intent_that_nobody_is_to_pay_is_voided() {
    let world = World::with_intent_at_stripe();
    world.pay_from_elsewhere();
    assert_eq!(at_stripe(&world).0, domain::IntentStatus::RequiresPaymentMethod);
    for _ in 0..2 {
        assert_eq!(failed(&settle(&world, "void-due")), 0);
        assert_eq!(at_stripe(&world), (domain::IntentStatus::Canceled, 0, 0));
    }
    assert_eq!((world.order().status, world.order().intents_to_void().count()), (OrderStatus::Paid, 0));
}

#[test]
fn settling_an_order_that_is_not_there_comes_again() {
    assert_eq!(failed(&settle(&World::with_paid_order(), "unknown-order")), 1);
    assert_eq!(cases("settle-payment").len(), 4);
}
