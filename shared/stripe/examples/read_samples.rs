//! Reads objects that are valid by Stripe's own types, one JSON object a line with `object`, `what` and `sample`, and says
//! which of them this crate cannot read. `cargo cis test --only contracts` makes the file.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that reports to people")]

use std::collections::BTreeMap;
use std::process::ExitCode;

use serde::Deserialize;
use serde_json::{Value, json};
use stripe::{Event, Owner, facts, owner};

#[derive(Deserialize)]
struct Line {
    object: String,
    what: String,
    sample: Value,
}

/// An event that carries the object, of a type that is read.
fn event_type(object: &str) -> Option<&'static str> {
    match object {
        "payment_intent" => Some("payment_intent.succeeded"),
        "charge" => Some("charge.refunded"),
        "refund" => Some("refund.updated"),
        "dispute" => Some("charge.dispute.updated"),
        _ => None,
    }
}

fn read(line: &Line) -> Result<(), String> {
    let Some(kind) = event_type(&line.object) else {
        return serde_json::from_value::<Event>(line.sample.clone()).map(drop).map_err(|error| error.to_string());
    };
    let mut sample = line.sample.clone();
    // As if it were of an order of ours: what is not, is not read.
    if sample["metadata"].is_object() {
        sample["metadata"]["order_id"] = json!("ord_00000000000000000000000000000001");
    }
    let event = json!({"id": "evt_1", "type": kind, "created": 1_790_000_000, "livemode": false,
        "data": {"object": sample}});
    let event: Event = serde_json::from_value(event).map_err(|error| error.to_string())?;
    match owner(&event) {
        Owner::Ours(_) | Owner::NotOurs => facts(&event).map(drop).map_err(|error| format!("{error:?}")),
        Owner::Unhandled => Err("is not read".to_owned()),
    }
}

fn main() -> ExitCode {
    let Some(file) = std::env::args().nth(1) else {
        eprintln!("usage: read_samples FILE");
        return ExitCode::FAILURE;
    };
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    let (mut passed, mut failed) = (BTreeMap::<String, usize>::new(), 0);
    for line in text.lines() {
        let line: Line = match serde_json::from_str(line) {
            Ok(line) => line,
            Err(error) => {
                println!("FAIL a line is no sample: {error}");
                failed += 1;
                continue;
            }
        };
        match read(&line) {
            Ok(()) => *passed.entry(line.object).or_default() += 1,
            Err(error) => {
                println!("FAIL {} {}: {error}", line.object, line.what);
                failed += 1;
            }
        }
    }
    // A reader that takes everything would be none.
    for object in ["payment_intent", "charge", "refund", "dispute"] {
        let sample = json!({"id": "x_1", "payment_intent": "pi_1", "currency": "eur", "created": 1, "amount": "much",
            "amount_refunded": "much", "status": "lost", "metadata": {"order_id": ""}});
        let planted = Line { object: object.to_owned(), what: "a planted fault".to_owned(), sample };
        if read(&planted).is_ok() {
            println!("FAIL a {object} whose amount is a word is read");
            failed += 1;
        }
    }
    for (object, count) in &passed {
        println!("ok     {count} samples of {object} are read");
    }
    println!("{} passed, {failed} failed", passed.values().sum::<usize>());
    if failed == 0 && !passed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
