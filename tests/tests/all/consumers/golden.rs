//! Stripe's deliveries byte by byte: plain and base64, one signature or several, one secret or several.
//!
//! The bodies of `as-stripe-writes-it`, `written-anew` and `secret-rolled` are signed with the official `stripe` package
//! 16.1.0 for Python; version 23.1.0 for Node makes the same signatures.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::OrderStatus;
use serde_json::Value;
use store::Orders as _;

use super::world::{World, order_id, sample};
use super::{request, status};
use crate::environment::local;

const SECRET: &str = "whsec_sample";
const NEXT: &str = "whsec_sample_next";
const OTHER: &str = "whsec_of_somebody_else";
/// Made with each of the two secrets.
const BY_SECRET: &str = "ed57b690a597cdc8d8d5ada79f0b83183502b731a496e9dc776dc9df2b16d186";
const BY_NEXT: &str = "cf2a94f7d35330077893dcef6021001cc9743136d97472e355d5215def8bad4f";

fn deliver(world: &World, event: Value, secrets: &[&str]) -> u16 {
    let warm = world.warm_with_secrets(secrets);
    let env = local(world.store.clone(), &warm);
    status(world.clock.run(payments::stripe_webhook::handle(&env, request(event))))
}

/// What becomes of the unpaid order of the samples.
fn outcome(event: Value, secrets: &[&str]) -> (u16, OrderStatus) {
    let world = World::with_unpaid_order();
    (deliver(&world, event, secrets), world.order().status)
}

const TAKEN: (u16, OrderStatus) = (200, OrderStatus::Paid);
const REFUSED: (u16, OrderStatus) = (400, OrderStatus::PendingPayment);

fn golden(case: &str) -> Value {
    sample("stripe-webhook", case)
}

fn signed(mut event: Value, header: &str) -> Value {
    event["headers"]["stripe-signature"] = header.into();
    event
}

fn bytes(event: &Value) -> Vec<u8> {
    let body = event["body"].as_str().unwrap();
    if event["isBase64Encoded"] == true { STANDARD.decode(body).unwrap() } else { body.as_bytes().to_vec() }
}

fn with_bytes(mut event: Value, body: &[u8]) -> Value {
    event["body"] = STANDARD.encode(body).into();
    event["isBase64Encoded"] = true.into();
    event
}

#[test]
fn plain_and_base64_are_the_same_delivery() {
    let (plain, encoded) = (golden("as-stripe-writes-it"), golden("as-stripe-writes-it-base64"));
    assert_eq!(bytes(&plain), bytes(&encoded));
    assert_eq!(plain["headers"], encoded["headers"]);
    let text = plain["body"].as_str().unwrap();
    assert!(text.contains('\n') && text.contains("注文") && text.contains(r"\u00e9\/"), "hard to write a second time");
    let receipt = |event: Value| {
        let world = World::with_unpaid_order();
        assert_eq!(deliver(&world, event, &[SECRET]), 200);
        world.clock.run(world.store.receipts(order_id())).unwrap()
    };
    assert_eq!(receipt(plain), receipt(encoded));
}

#[test]
fn no_byte_can_be_another_one() {
    let event = golden("as-stripe-writes-it-base64");
    let good = bytes(&event);
    let world = World::with_unpaid_order();
    for place in 0..good.len() {
        let mut changed = good.clone();
        changed[place] ^= 1;
        assert_eq!(deliver(&world, with_bytes(event.clone(), &changed), &[SECRET]), 400, "byte {place}");
    }
    for changed in [&good[1..], &good[..good.len() - 1], &[good.as_slice(), b"\n"].concat(), b""] {
        assert_eq!(deliver(&world, with_bytes(event.clone(), changed), &[SECRET]), 400);
    }
    assert_eq!(world.order().status, OrderStatus::PendingPayment);
    assert_eq!(deliver(&world, with_bytes(event, &good), &[SECRET]), 200);
}

#[test]
fn the_same_json_in_other_bytes_is_refused() {
    for case in ["written-anew", "written-anew-base64"] {
        let event = golden(case);
        let original = golden("as-stripe-writes-it");
        let json = |event: &Value| serde_json::from_slice::<Value>(&bytes(event)).unwrap();
        assert_eq!((json(&event), &event["headers"]), (json(&original), &original["headers"]), "{case}");
        assert_eq!(outcome(event, &[SECRET]), REFUSED, "{case}");
    }
    // Base64 that nobody says is base64 is a text of its own.
    let mut unsaid = golden("as-stripe-writes-it-base64");
    unsaid["isBase64Encoded"] = false.into();
    assert_eq!(outcome(unsaid, &[SECRET]), REFUSED);
}

#[test]
fn while_a_secret_is_rolled_either_side_may_know_both() {
    for case in ["secret-rolled", "secret-rolled-base64"] {
        for (secrets, expected) in [
            (&[SECRET][..], TAKEN),
            (&[NEXT], TAKEN),
            (&[NEXT, SECRET], TAKEN),
            (&[OTHER, SECRET], TAKEN),
            (&[OTHER], REFUSED),
            (&[], REFUSED),
            (&[""], REFUSED),
        ] {
            assert_eq!(outcome(golden(case), secrets), expected, "{case} {secrets:?}");
        }
    }
    for case in ["as-stripe-writes-it", "as-stripe-writes-it-base64"] {
        for (secrets, expected) in
            [(&[NEXT, SECRET][..], TAKEN), (&[SECRET, NEXT], TAKEN), (&[NEXT], REFUSED), (&[NEXT, OTHER], REFUSED)]
        {
            assert_eq!(outcome(golden(case), secrets), expected, "{case} {secrets:?}");
        }
    }
}

#[test]
fn of_several_signatures_one_good_v1_will_do() {
    let (time, wrong) = ("t=1795435200", "0".repeat(64));
    for (header, expected) in [
        (format!("{time},v1={BY_SECRET}"), TAKEN),
        (format!("{time},v1={wrong},v1={BY_SECRET}"), TAKEN),
        (format!("{time},v1={BY_NEXT},v1={BY_SECRET}"), TAKEN),
        (format!("v1={BY_SECRET},v0={wrong},{time}"), TAKEN),
        (format!("{time}, v1={BY_SECRET}, v1={wrong}"), TAKEN),
        (format!("{time},v1={}", BY_SECRET.to_uppercase()), TAKEN),
        (format!("{time},v1=zz,v1={BY_SECRET}"), TAKEN),
        (format!("{time},v1={BY_NEXT}"), REFUSED),
        (format!("{time},v1={wrong},v1={wrong}"), REFUSED),
        (format!("{time},v0={BY_SECRET}"), REFUSED),
        (format!("{time},v1={}", &BY_SECRET[..62]), REFUSED),
        (format!("t=1795435201,v1={BY_SECRET}"), REFUSED),
        (format!("t=1795435201,{time},v1={BY_SECRET}"), REFUSED),
        (format!("v1={BY_SECRET}"), REFUSED),
        (String::new(), REFUSED),
    ] {
        for case in ["as-stripe-writes-it", "as-stripe-writes-it-base64"] {
            assert_eq!(outcome(signed(golden(case), &header), &[SECRET]), expected, "{case} {header}");
        }
    }
}

#[test]
fn a_delivery_without_its_header_is_refused() {
    let mut event = golden("as-stripe-writes-it");
    event["headers"].as_object_mut().unwrap().remove("stripe-signature");
    assert_eq!(outcome(event, &[SECRET]), REFUSED);
}
