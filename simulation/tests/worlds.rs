//! Runs repeat, checks can fail, and scenarios pass without faults.

use std::collections::BTreeMap;

use domain::{
    CancelReason, Cancellation, Delivery, KnownFacts, Money, Order, OrderId, OrderStatus, PaymentFact, RefundAction,
    RefundActionState, RefundReason, Sending, Timestamp, TransferDirection, TransferFact,
};
use serde_json::{Value, json};
use simulation::seeded_bugs::{Verdict, seeded_bugs};
use simulation::snapshot::{Dispute, Intent, Letter, Refund, Snapshot};
use simulation::{
    BESIDE_POISON, FaultProfile, FixtureError, HOARD, IN_AN_OUTAGE, OUTAGE_AFTER, Outage, Outcome, Plan, SCENARIOS,
    Scenario, Symptom, check, run, run_traced,
};

#[test]
fn the_same_seed_gives_the_same_trace() {
    let plan = Plan::of(3, 8);
    let (once, again) = (run_traced(&plan).unwrap(), run_traced(&plan).unwrap());
    assert!(once.trace.lines.len() > 100, "{} lines", once.trace.lines.len());
    assert_eq!(once.trace.to_string(), again.trace.to_string());
    let unwritten = run(&plan).unwrap();
    assert_eq!((unwritten.metrics, unwritten.trace.lines.len()), (once.metrics, 0), "writing it down changes nothing");
    assert_ne!(run_traced(&Plan::of(4, 8)).unwrap().trace, once.trace);
}

#[test]
fn every_scenario_ends_well_without_faults() {
    for scenario in SCENARIOS {
        let outcome = run(&Plan::of_scenario(scenario, Vec::new())).unwrap();
        assert_eq!(outcome.violations, [], "{}", scenario.name);
        assert_eq!((outcome.metrics.placed, outcome.metrics.faults()), (1, 0), "{}", scenario.name);
    }
}

/// Some customers in a world without other faults.
fn in_scenario(scenario: &'static Scenario, orders: u64, outage: Option<Outage>) -> Result<Outcome, FixtureError> {
    let profile = Some(FaultProfile { outage, ..FaultProfile::without_faults() });
    run(&Plan { scenario: Some(scenario), profile, ..Plan::of(1, orders) })
}

#[test]
fn providers_that_are_down_for_six_hours_delay_everything_and_make_no_dead_letter() {
    for symptom in Symptom::ALL {
        let outage = Outage { after: OUTAGE_AFTER, provider: None, symptom };
        let outcome = in_scenario(&IN_AN_OUTAGE, 3, Some(outage)).unwrap();
        assert_eq!(outcome.violations, [], "{symptom:?}");
        let (snapshot, calls) = (outcome.snapshot, outcome.metrics.faults["outage"]);
        assert!(snapshot.orders.len() == 3 && calls > 100, "{symptom:?}: {calls} calls");
        for order in snapshot.orders.values() {
            assert_eq!((order.status, snapshot.rows[&order.id].len()), (OrderStatus::Refunded, 1), "{symptom:?}");
        }
        assert_eq!(snapshot.mailbox.len(), 9, "{symptom:?}: confirmation, cancellation and refund for each");
    }
}

#[test]
fn a_message_that_nobody_can_handle_is_a_dead_letter_within_ten_minutes() {
    let outcome = in_scenario(&BESIDE_POISON, 1, None).unwrap();
    assert_eq!((outcome.violations.as_slice(), outcome.metrics.placed), ([].as_slice(), 1));
}

#[test]
fn hoarders_hold_no_more_than_they_may_whatever_fails() {
    for seed in 1..=20 {
        let outcome = run(&Plan { scenario: Some(&HOARD), ..Plan::of(seed, 3) }).unwrap();
        assert_eq!(outcome.violations, [], "seed {seed}");
        assert!(outcome.metrics.placed > 3, "seed {seed}: {} orders", outcome.metrics.placed);
    }
}

/// An invariant, and a change to a snapshot that breaks it.
type Case = (&'static str, Box<dyn Fn(&mut Snapshot)>);

#[test]
fn a_snapshot_that_breaks_an_invariant_is_found_out() {
    let good = run(&Plan::of_scenario(&SCENARIOS[0], Vec::new())).unwrap().snapshot;
    let id = *good.orders.keys().next().unwrap();
    assert_eq!((good.orders[&id].status, check(&good)), (OrderStatus::Paid, vec![]));
    let other = OrderId::from_uuid(uuid::Uuid::nil());
    let cases: Vec<Case> = vec![
        ("no order is lost", Box::new(move |snapshot| _ = snapshot.promised.placed.insert(other))),
        ("no payment is lost", Box::new(move |snapshot| _ = snapshot.promised.paid.insert(other))),
        ("no cancellation is lost", Box::new(move |snapshot| _ = snapshot.promised.cancelled.insert(id))),
        ("an order matches its receipts", Box::new(move |snapshot| snapshot.receipts.get_mut(&id).unwrap().clear())),
        ("a refusal is kept", Box::new(move |snapshot| refuse(snapshot, id))),
        ("a stuck void holds up no money", Box::new(move |snapshot| _ = snapshot.promised.held_up.insert(id))),
        ("a key is for one request", Box::new(move |snapshot| _ = snapshot.promised.mixed_up.insert(id))),
        ("what is published has happened", Box::new(move |snapshot| _ = snapshot.events.remove(&id))),
        ("an order is placed once", Box::new(move |snapshot| _ = snapshot.events.remove(&id))),
        ("every event is published", Box::new(|snapshot| snapshot.published.as_mut().unwrap().clear())),
        ("money received is what Stripe received", Box::new(|snapshot| snapshot.stripe.intents[0].received += 1)),
        ("one charge an order", Box::new(|snapshot| snapshot.stripe.intents.push(snapshot.stripe.intents[0].clone()))),
        ("no more is refunded than received", Box::new(|snapshot| refund(snapshot, 1_000_000))),
        ("refunds match Stripe's", Box::new(|snapshot| refund(snapshot, 1))),
        ("a refused refund is not made", Box::new(move |snapshot| refuse_refund(snapshot, id))),
        (
            "what is charged is what is delivered",
            Box::new(move |snapshot| change(snapshot, id, |order| order.total.amount += 1)),
        ),
        ("paid orders do not expire", Box::new(move |snapshot| expire(snapshot, id))),
        ("no edit is lost", Box::new(move |snapshot| _ = snapshot.promised.edits.insert(id, [[].into()].into()))),
        ("a late invoice is noted once", Box::new(move |snapshot| leave_unpaid(snapshot, id))),
        ("no decision is lost", Box::new(move |snapshot| _ = snapshot.promised.reviewed.insert(id))),
        ("one transfer an order", Box::new(move |snapshot| transfer(snapshot, id, &["a", "b"]))),
        ("what is booked has come", Box::new(move |snapshot| transfer(snapshot, id, &["stranger"]))),
        ("no transfer is lost", Box::new(move |snapshot| _ = snapshot.promised.booked.insert(id, ["a".into()].into()))),
        ("a refusal is kept", Box::new(move |snapshot| refuse_transfer(snapshot, id))),
        ("the ledger is what the order says", Box::new(move |snapshot| snapshot.ledger.get_mut(&id).unwrap().clear())),
        (
            "stock is what was there less what is sold",
            Box::new(|snapshot| *snapshot.stock.values_mut().next().unwrap() += 1),
        ),
        ("one mail for each reason", Box::new(|snapshot| snapshot.mailbox.values_mut().for_each(|count| *count += 1))),
        ("one mail for each reason", Box::new(|snapshot| snapshot.mails.clear())),
        (
            "no report is lost",
            Box::new(|snapshot| _ = snapshot.reported.values_mut().map(|got| *got = Delivery::SpamReported).count()),
        ),
        ("no decision is lost", Box::new(move |snapshot| _ = snapshot.promised.fulfilled.insert(id))),
        ("what is over cannot be paid", Box::new(|snapshot| snapshot.stripe.intents.push(live(snapshot)))),
        ("a dispute's stages are told", Box::new(dispute)),
        ("what is given up is not made", Box::new(move |snapshot| give_up(snapshot, id))),
        ("one mail for each reason", Box::new(withhold)),
        ("a mail goes to its order's address", Box::new(|snapshot| snapshot.letters.values_mut().for_each(misdirect))),
        (
            "nobody mails their own words for nothing",
            Box::new(move |snapshot| change(snapshot, id, |order| order.payment.facts = KnownFacts::default())),
        ),
        ("no mail without a reason", Box::new(|snapshot| _ = snapshot.mailbox.insert("another".into(), 1))),
        ("one row an order", Box::new(copy_a_row)),
        ("one row an order", Box::new(|snapshot| sheet(snapshot).clear())),
        ("one row an order", Box::new(|snapshot| snapshot.rows.clear())),
        ("a row says what its order is", Box::new(|snapshot| sheet(snapshot).get_mut(&2).unwrap()[7] = json!(0))),
        ("a row is its order's", Box::new(|snapshot| _ = sheet(snapshot).insert(9, vec![json!("x")]))),
        ("a row is one order's", Box::new(move |snapshot| _ = snapshot.rows.insert(other, snapshot.rows[&id].clone()))),
        ("nothing is given up", Box::new(|snapshot| _ = snapshot.given_up.insert("send-email-dlq".into(), 1))),
        ("poison ends soon", Box::new(|snapshot| _ = snapshot.promised.poison.insert("send-email".into()))),
        ("no dead letters", Box::new(|snapshot| _ = snapshot.dead_letters.insert("send-email-dlq".into(), 1))),
        ("everything ends", Box::new(|snapshot| snapshot.restless = Some("a message".into()))),
    ];
    for (invariant, corrupt) in cases {
        let mut snapshot = good.clone();
        corrupt(&mut snapshot);
        let found: Vec<_> = check(&snapshot).into_iter().map(|violation| violation.invariant).collect();
        assert!(found.contains(&invariant), "{invariant}: {found:?}");
    }
}

/// Another intent of the order, which can be paid.
fn live(snapshot: &Snapshot) -> Intent {
    Intent {
        id: "pi_live".into(),
        status: "requires_payment_method".into(),
        received: 0,
        ..snapshot.stripe.intents[0].clone()
    }
}

/// An inquiry of which nobody was told.
fn dispute(snapshot: &mut Snapshot) {
    let (id, intent) = ("du_1".into(), snapshot.stripe.intents[0].id.clone());
    let status = "warning_needs_response".into();
    snapshot.stripe.disputes.push(Dispute { id, intent, status, amount: 100, taken: None });
}

/// A refund that was given up, and that Stripe made.
fn give_up(snapshot: &mut Snapshot, id: OrderId) {
    refund(snapshot, 100);
    let made = snapshot.stripe.refunds.iter_mut().map(|made| made.action = Some("rfd_1".into())).count();
    assert_eq!(made, 1);
    let (intent, state) = (snapshot.stripe.intents[0].id.as_str().into(), RefundActionState::Abandoned);
    change(snapshot, id, |order| {
        let (amount, reserved_at) = (Money { amount: 100, ..order.total }, order.placed_at);
        let (reason, requested, closed_at, refusal) = (RefundReason::Duplicate, None, None, None);
        let action = RefundAction { intent, amount, reason, requested, reserved_at, state, closed_at, refusal };
        order.payment.refund_actions.insert("rfd_1".into(), action);
    });
}

/// The rows of the first spreadsheet.
fn sheet(snapshot: &mut Snapshot) -> &mut BTreeMap<u32, Vec<Value>> {
    snapshot.sheets.entry("sandbox-orders".to_owned()).or_default()
}

fn copy_a_row(snapshot: &mut Snapshot) {
    let row = sheet(snapshot)[&2].clone();
    sheet(snapshot).insert(9, row);
}

fn refuse(snapshot: &mut Snapshot, order: OrderId) {
    snapshot.promised.placed.clear();
    snapshot.promised.refused.insert(order);
}

fn withhold(snapshot: &mut Snapshot) {
    snapshot.mailbox.clear();
    for mail in &mut snapshot.mails {
        mail.sending = Sending::Withheld { at: Timestamp::default() };
    }
}

fn misdirect(letter: &mut Letter) {
    letter.to = vec!["eve@example.com".to_owned()];
}

fn change(snapshot: &mut Snapshot, id: OrderId, to: impl FnOnce(&mut Order)) {
    snapshot.orders.entry(id).and_modify(to);
}

fn leave_unpaid(snapshot: &mut Snapshot, id: OrderId) {
    change(snapshot, id, |order| order.status = OrderStatus::Invoiced);
    snapshot.promised.unpaid.insert(id);
}

fn expire(snapshot: &mut Snapshot, id: OrderId) {
    change(snapshot, id, |order| {
        order.cancellation = Some(Cancellation::new(order.placed_at, CancelReason::Expired));
    });
}

/// Transfers that staff recorded, of which the bank knows one.
fn transfer(snapshot: &mut Snapshot, id: OrderId, references: &[&str]) {
    let total = snapshot.orders.get(&id).map_or(0, |order| order.total.amount);
    snapshot.promised.transfers.insert(id, [("a".into(), total), ("b".into(), total)].into());
    for reference in references {
        change(snapshot, id, |order| {
            let (direction, amount, id) = (TransferDirection::Received, order.total, (*reference).to_owned());
            let fact = TransferFact { direction, amount, action: None, reason: None, requested_at: None, id };
            order.payment.facts.apply(PaymentFact::Transfer(fact));
        });
    }
}

fn refuse_transfer(snapshot: &mut Snapshot, id: OrderId) {
    transfer(snapshot, id, &["a"]);
    snapshot.promised.not_booked.insert(id, ["a".into()].into());
}

fn refuse_refund(snapshot: &mut Snapshot, id: OrderId) {
    refund(snapshot, 1);
    snapshot.stripe.refunds[0].action = Some("rfd_1".into());
    snapshot.promised.refused_refunds.insert(id, ["rfd_1".into()].into());
}

fn refund(snapshot: &mut Snapshot, amount: i64) {
    let Intent { id: intent, .. } = snapshot.stripe.intents[0].clone();
    snapshot.stripe.refunds.push(Refund {
        id: "re_1".into(),
        intent,
        status: "succeeded".into(),
        amount,
        action: None,
    });
}

#[test]
fn a_seeded_bug_is_caught() {
    let bug = seeded_bugs().find(|bug| bug.name == "appended row").unwrap();
    assert!(matches!(bug.hunt(5).unwrap(), Verdict::Caught(_)), "rows below each other");
}
