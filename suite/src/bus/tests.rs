use std::rc::Rc;
use std::time::Duration;

use domain::{EventId, EventType, Money, OrderEvent, OrderId, OrderStatus, Timestamp};
use events::{DeadLetters as _, Event, Publisher as _, Visibility as _};
use resilience::{Clock as _, VirtualClock};
use uuid::Uuid;

use super::*;
use crate::template::Wiring;

const TEMPLATE: &str = include_str!("../../../template.yaml");

fn bus() -> (Bus<VirtualClock>, VirtualClock) {
    let clock = VirtualClock::at(Timestamp::from_seconds(1_000));
    (Bus::new(Rc::new(TEMPLATE.parse::<Wiring>().unwrap()), clock.clone()), clock)
}

fn event(event_type: EventType) -> Event {
    let order_id = OrderId::from_uuid(Uuid::from_u128(1));
    Event::Order(OrderEvent {
        event_id: EventId::derived(order_id, 1, 0),
        event_type,
        schema_version: 1,
        order_id,
        order_version: 1,
        index: 0,
        status: OrderStatus::PendingPayment,
        total: Money::new(100, "EUR".parse().unwrap()),
        captured: 0,
        refunded: 0,
        dispute: None,
        actor: None,
        at: Timestamp::from_seconds(1_000),
        correlation_id: "correlation".into(),
    })
}

fn sizes(bus: &Bus<VirtualClock>) -> (usize, usize) {
    (bus.messages("send-email").len(), bus.messages("sync-sheet").len())
}

#[test]
fn a_subscription_gets_what_its_filter_lets_through() {
    let (bus, clock) = bus();
    clock.run(bus.publish(&event(EventType::Placed))).unwrap();
    assert_eq!(sizes(&bus), (0, 1));
    clock.run(bus.publish(&event(EventType::Paid))).unwrap();
    assert_eq!(sizes(&bus), (1, 2));
    let message = &bus.messages("send-email")[0];
    assert_eq!(message.attributes["event_type"], "order.paid");
    assert_eq!(Event::read(Some(&message.body)).unwrap(), event(EventType::Paid), "raw delivery");
}

#[test]
fn a_message_comes_again_until_it_is_done_and_then_never() {
    let (bus, clock) = bus();
    clock.run(bus.publish(&event(EventType::Paid))).unwrap();
    let first = bus.receive("send-email", 10);
    assert!(bus.receive("send-email", 10).is_empty(), "out of sight");
    clock.advance(Duration::from_mins(2));
    let second = bus.receive("send-email", 10);
    assert_eq!((second.len(), second[0].receives, second[0].first_received_at), (1, 2, Timestamp::from_seconds(1_000)));
    bus.delete("send-email", first[0].receipt);
    assert_eq!(bus.messages("send-email").len(), 1, "a stale receipt deletes nothing");
    bus.delete("send-email", second[0].receipt);
    assert!(bus.messages("send-email").is_empty());
}

#[test]
fn what_is_received_too_often_becomes_a_dead_letter_and_can_be_redriven() {
    let (bus, clock) = bus();
    clock.run(bus.publish(&event(EventType::Paid))).unwrap();
    let receives = TEMPLATE.parse::<Wiring>().unwrap().queues["send-email"].redrive.as_ref().unwrap().max_receives;
    for _ in 0..receives {
        assert_eq!(bus.receive("send-email", 10).len(), 1);
        clock.advance(Duration::from_mins(2));
    }
    assert!(bus.receive("send-email", 10).is_empty());
    assert_eq!(bus.messages("send-email-dlq").len(), 1);
    assert_eq!(bus.redrive("send-email"), 1);
    assert_eq!(bus.receive("send-email", 10)[0].receives, 1);
}

#[test]
fn a_consumer_says_when_its_message_comes_again() {
    let (bus, clock) = bus();
    clock.run(bus.publish(&event(EventType::Paid))).unwrap();
    let hide = |receipt: String, wait| clock.run(bus.queue_of("send-email").hide(&[(receipt, wait)]));
    let first = bus.receive("send-email", 10)[0].receipt;
    hide(first.to_string(), Duration::from_secs(5)).unwrap();
    clock.advance(Duration::from_secs(5));
    let second = bus.receive("send-email", 10)[0].receipt;
    hide(second.to_string(), Duration::from_mins(15)).unwrap();
    hide(first.to_string(), Duration::ZERO).unwrap();
    clock.advance(Duration::from_mins(14));
    assert!(bus.receive("send-email", 10).is_empty(), "a stale receipt shows nothing");
    clock.advance(Duration::from_mins(1));
    assert_eq!(bus.receive("send-email", 10)[0].receives, 3);
    assert!(hide("sample".to_owned(), Duration::ZERO).is_err(), "not a receipt");
}

#[test]
fn what_cannot_be_delivered_is_apart_from_what_a_consumer_gave_up_on() {
    let (bus, clock) = bus();
    bus.misbehave(Misbehaviour { undeliverable: 1, ..Misbehaviour::default() });
    clock.run(bus.publish(&event(EventType::Paid))).unwrap();
    let dead = |queue: &str| bus.messages(&format!("{queue}-undelivered-dlq")).len();
    assert_eq!((dead("send-email") + dead("sync-sheet"), sizes(&bus).0 + sizes(&bus).1), (1, 1));
    assert_eq!(bus.messages("send-email-dlq").len() + bus.messages("sync-sheet-dlq").len(), 0);
}

#[test]
fn copies_refusals_and_lost_answers_are_made_on_demand() {
    let (bus, clock) = bus();
    bus.misbehave(Misbehaviour { copies: 1, refuse: 1, lose_answers: 1, ..Misbehaviour::default() });
    assert!(clock.run(bus.publish(&event(EventType::Paid))).is_err());
    assert_eq!(sizes(&bus), (0, 0), "refused: nothing was sent");
    assert!(clock.run(bus.publish(&event(EventType::Paid))).is_err());
    assert_eq!(sizes(&bus), (2, 2), "only the answer was lost");
    clock.run(bus.publish(&event(EventType::Paid))).unwrap();
    assert_eq!(sizes(&bus), (4, 4));
}

#[test]
fn poison_is_kept_with_its_content() {
    let (bus, clock) = bus();
    clock.run(bus.letters_of("order-stream").keep("{not an event", "malformed")).unwrap();
    let letters = bus.messages("order-stream-dlq");
    assert_eq!((letters[0].body.as_str(), letters[0].attributes["reason"].as_str()), ("{not an event", "malformed"));
}

#[test]
fn a_snapshot_gives_back_what_was_not_done() {
    let (bus, clock) = bus();
    clock.run(bus.publish(&event(EventType::Paid))).unwrap();
    bus.receive("send-email", 10);
    let snapshot = bus.snapshot().unwrap();

    let later = VirtualClock::at(clock.now().plus(Duration::from_secs(1)));
    let restarted = Bus::new(Rc::new(TEMPLATE.parse::<Wiring>().unwrap()), later);
    restarted.restore(snapshot).unwrap();
    assert_eq!(restarted.receive("send-email", 10)[0].receives, 2, "visible at once: its consumer is gone");
}
