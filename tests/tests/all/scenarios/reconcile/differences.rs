//! What Stripe has and the shop does not know, or the other way round: found, and healed where it can be.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::OrderStatus::{
    Cancelled, ChargedBack, Disputed, NeedsReview, Paid, PartiallyRefunded, PaymentProcessing, PendingPayment, Refunded,
};
use domain::{IntentFact, IntentStatus, OrderStatus, PaymentFact};
use futures::future::join;
use http::StatusCode;
use payments::reconcile_payments::{Bounds, Difference, Outcome, PassCursor, Reconciler, Report, Rules};
use resilience::{Clock as _, Deadline};
use sandbox::{Fault, FaultKind, Provider};
use serde_json::{Value, json};
use store::{Orders as _, ReceiptSource};

use super::super::shop::{PlacedOrder, STOCK, Shop};
use super::{drop_webhooks, intent_status, order, run, scheduled, unpaid};

/// Longer than what is on its way is left alone.
const A_WHILE: Duration = Duration::from_mins(15);
/// More effects than a run has that finds a difference of each kind.
const EFFECTS: u32 = 90;

fn reconcile(shop: &Shop) -> Value {
    run(shop, "reconcile-payments")
}

/// Orders of all sorts, with all that happened to them at Stripe never told.
struct UnreportedDifferences {
    shop: Shop,
    orders: Vec<(PlacedOrder, OrderStatus)>,
}

fn paid(shop: &Shop, key: &str) -> PlacedOrder {
    let placed = shop.order(key);
    shop.pay(&placed, "pm_card_visa");
    placed
}

fn at_stripe(shop: &Shop, path: &str, form: &str) -> String {
    let object = shop.control(path, form.to_owned());
    assert!(object["error"].is_null(), "{path} {form}: {object}");
    object["id"].as_str().unwrap().to_owned()
}

fn untold() -> UnreportedDifferences {
    let shop = Shop::with_limits(0);
    let told = paid(&shop, "told");
    shop.settle();
    drop_webhooks(&shop);
    let intent = |placed: &PlacedOrder| format!("payment_intent={}", placed.intent);
    let (waiting, money) = (shop.order("waiting"), paid(&shop, "money"));
    let part = paid(&shop, "part-of-it-back");
    at_stripe(&shop, "refunds", &format!("{}&amount=1000", intent(&part)));
    let (contested, lost) = (paid(&shop, "contested"), paid(&shop, "lost"));
    at_stripe(&shop, "disputes", &intent(&contested));
    let dispute = at_stripe(&shop, "disputes", &intent(&lost));
    at_stripe(&shop, &format!("disputes/{dispute}/close"), "outcome=lost");
    let debit = shop.order("debit");
    shop.pay(&debit, "pm_sepaDebit_success");
    let changed = shop.order("changed");
    at_stripe(&shop, &format!("payment_intents/{}", changed.intent), "amount=100");
    shop.pay(&changed, "pm_card_visa");
    at_stripe(&shop, "refunds", &intent(&told));
    shop.recovers();
    shop.clock.advance(A_WHILE);
    let orders = vec![
        (told, Refunded),
        (waiting, PendingPayment),
        (money, Paid),
        (part, PartiallyRefunded),
        (contested, Disputed),
        (lost, ChargedBack),
        (debit, PaymentProcessing),
        (changed, NeedsReview),
    ];
    UnreportedDifferences { shop, orders }
}

impl UnreportedDifferences {
    fn assert_healed(&self, what: &str) {
        self.shop.settle();
        for (number, (placed, status)) in self.orders.iter().enumerate() {
            assert_eq!(self.shop.status(placed), *status, "{what}: order {number}");
        }
        assert_eq!(self.shop.dead_letters(), 0, "{what}");
    }
}

/// All that is stored about orders and could have changed.
fn written(shop: &Shop) -> Vec<(String, u64, usize)> {
    let receipts = |id| shop.clock.run(shop.store().receipts(id)).unwrap().len();
    shop.orders().into_iter().map(|order| (order.id.to_string(), order.version, receipts(order.id))).collect()
}

/// A whole pass by hand, in runs of so long.
fn pass(shop: &Shop, rules: Rules, each: Duration) -> (Report, u32) {
    shop.clock.run(async {
        let stripe = shop.suite.stripe().await.unwrap();
        let (orders, clock, ids) = (shop.store(), &shop.clock, shop.suite.ids());
        let reconciler = Reconciler { orders, stripe: &stripe, clock, ids, rules };
        let (mut cursor, mut whole, mut runs) = (Some(PassCursor::start(&rules, clock)), Report::default(), 0);
        while let Some(from) = cursor.take() {
            let bounds = Bounds { deadline: Deadline::after(clock, each), pages: 100 };
            let (next, report) = reconciler.run(from, bounds).await;
            whole.join(report);
            runs += 1;
            assert!(runs < 1000, "a pass without end: {next:?}");
            cursor = next;
        }
        (whole, runs)
    })
}

const HOUR: Duration = Duration::from_hours(1);
const DRY: Rules = Rules { dry_run: true, ..Rules::DEFAULT };

fn found(report: Report) -> BTreeSet<Difference> {
    report.differences.into_iter().collect()
}

#[test]
fn what_no_webhook_told_is_found_and_taken_in() {
    let untold = untold();
    let answer = reconcile(&untold.shop);
    let kinds = json!({
        "missed_payment": 4, "differing_amount": 1, "missed_status": 1, "missed_refund": 2, "missed_dispute": 2,
    });
    assert_eq!((&answer["differences"], &answer["left"]), (&kinds, &json!(0)), "{answer}");
    assert_eq!((&answer["finished"], &answer["compared"]["intents"]), (&json!(true), &json!(8)));
    untold.assert_healed("one run");
    assert_eq!(untold.shop.mails().len(), 1 + 1 + 4 + 1, "each mail once: {:?}", untold.shop.mails());
    for (placed, status) in &untold.orders {
        let receipts = untold.shop.clock.run(untold.shop.store().receipts(order(&untold.shop, placed).id));
        let heard = receipts.unwrap().iter().any(|receipt| receipt.source == ReceiptSource::Reconciliation);
        assert_eq!(heard, *status != PendingPayment, "what changed an order left its receipt");
    }
}

#[test]
fn a_second_run_changes_nothing() {
    let untold = untold();
    reconcile(&untold.shop);
    untold.assert_healed("one run");
    let before = written(&untold.shop);
    let answer = reconcile(&untold.shop);
    assert_eq!((&answer["differences"], &answer["finished"]), (&json!({}), &json!(true)));
    assert_eq!(written(&untold.shop), before);
}

#[test]
fn a_dry_run_finds_the_same_and_writes_nothing() {
    let untold = untold();
    let before = written(&untold.shop);
    let (dry, _) = pass(&untold.shop, DRY, HOUR);
    assert_eq!(written(&untold.shop), before);
    assert_eq!((dry.differences.len(), dry.left()), (10, 10));
    let (real, _) = pass(&untold.shop, Rules::DEFAULT, HOUR);
    assert_eq!(real.left(), 0);
    let left = |difference: Difference| Difference { outcome: Outcome::Left, ..difference };
    assert_eq!(real.differences.into_iter().map(left).collect::<BTreeSet<_>>(), found(dry));
}

#[test]
fn a_pass_that_is_cut_into_many_runs_finds_the_same() {
    let (whole, one) = pass(&untold().shop, Rules::DEFAULT, HOUR);
    let untold = untold();
    untold.shop.suffers(Fault::new(FaultKind::Latency { millis: 900 }).at(Provider::Stripe));
    let (cut, many) = pass(&untold.shop, Rules::DEFAULT, Duration::from_secs(1));
    assert!(one == 1 && many > 6, "{many} runs");
    assert_eq!(found(cut), found(whole));
    untold.assert_healed("many runs");
}

#[test]
fn the_function_goes_on_where_its_last_run_stopped() {
    let untold = untold();
    let shop = &untold.shop;
    // The first three lists take longer than an invocation has.
    shop.suffers(Fault::new(FaultKind::Latency { millis: 95_000 }).on("GET", "/v1/").times(3));
    let answers: Vec<Value> = (0..3).map(|_| reconcile(shop)).collect();
    let finished: Vec<bool> = answers.iter().map(|answer| answer["finished"].as_bool().unwrap()).collect();
    assert_eq!(finished, [false, true, true], "{answers:?}");
    let intents: u64 = answers.iter().take(2).map(|answer| answer["compared"]["intents"].as_u64().unwrap()).sum();
    assert_eq!(intents, 8, "each intent once in two runs");
    assert_eq!(answers[2]["differences"], json!({}), "the third is another pass");
    untold.assert_healed("three runs");
}

#[test]
fn two_runs_at_once_heal_once() {
    let untold = untold();
    let call = || untold.shop.suite.call("reconcile-payments", scheduled("reconcile-payments"));
    let (one, other) = untold.shop.clock.run(join(call(), call()));
    assert_eq!((&one.unwrap()["finished"], &other.unwrap()["finished"]), (&json!(true), &json!(true)));
    untold.assert_healed("two runs");
    assert_eq!(untold.shop.mails().len(), 7, "each mail once: {:?}", untold.shop.mails());
    for (placed, _) in &untold.orders {
        let order = order(&untold.shop, placed);
        let ledger = untold.shop.clock.run(untold.shop.store().ledger(order.id)).unwrap();
        let objects: BTreeSet<_> = ledger.iter().map(|entry| (entry.kind, entry.object.clone())).collect();
        assert_eq!(objects.len(), ledger.len(), "every movement of money is booked once");
    }
}

#[test]
fn a_run_that_dies_anywhere_is_finished_by_the_next() {
    let mut deaths = 0;
    for n in 1..=EFFECTS {
        let untold = untold();
        untold.shop.suite.kill_next("reconcile-payments", n);
        let call = untold.shop.suite.call("reconcile-payments", scheduled("reconcile-payments"));
        deaths += u32::from(untold.shop.clock.run(call).is_err());
        let answer = reconcile(&untold.shop);
        assert_eq!((&answer["finished"], &answer["left"]), (&json!(true), &json!(0)), "died at {n}");
        untold.assert_healed(&format!("died at {n}"));
    }
    assert!(deaths > 40, "{deaths} deaths");
}

#[test]
fn too_many_requests_end_the_run_and_the_next_goes_on() {
    let untold = untold();
    let too_many = Fault::new(FaultKind::TooManyRequests { retry_after: None });
    untold.shop.suffers(too_many.on("GET", "/v1/refunds"));
    let answer = reconcile(&untold.shop);
    assert_eq!((&answer["finished"], &answer["stopped"]), (&json!(false), &json!("rate limited")));
    assert_eq!(answer["differences"]["missed_payment"], 4, "what came before is healed");
    untold.shop.recovers();
    let answer = reconcile(&untold.shop);
    assert_eq!((&answer["finished"], &answer["compared"]["intents"]), (&json!(true), &json!(0)), "{answer}");
    untold.assert_healed("429");
}

#[test]
fn money_for_an_order_that_is_not_there_is_reported_until_it_went_back() {
    let shop = Shop::open();
    drop_webhooks(&shop);
    let stranger = "ord_00000000000000000000000000000009";
    let form = format!("amount=2500&currency=eur&metadata[order_id]={stranger}");
    let intent = at_stripe(&shop, "payment_intents", &form);
    // In the same account, and nobody's here.
    at_stripe(&shop, "payment_intents", "amount=700&currency=eur");
    shop.clock.advance(A_WHILE);
    for _ in 0..2 {
        let answer = reconcile(&shop);
        assert_eq!(answer["differences"], json!({ "money_without_order": 1 }), "{answer}");
        assert_eq!((&answer["left"], &answer["compared"]["not_ours"]), (&json!(1), &json!(1)));
    }
    let (report, _) = pass(&shop, DRY, HOUR);
    let difference = &report.differences[0];
    assert_eq!((difference.order_id.unwrap().to_string(), &*difference.object), (stranger.to_owned(), &*intent));
    at_stripe(&shop, "refunds", &format!("payment_intent={intent}"));
    shop.clock.advance(A_WHILE);
    assert_eq!(reconcile(&shop)["differences"], json!({}));
}

#[test]
fn money_that_was_waiting_is_taken_in_by_its_order() {
    let shop = Shop::open();
    let placed = shop.order("key-1");
    let elsewhere = Shop::open();
    drop_webhooks(&elsewhere);
    let form = format!("amount=2900&currency=eur&metadata[order_id]={}", placed.order_id);
    at_stripe(&elsewhere, "payment_intents", &form);
    elsewhere.clock.advance(A_WHILE);
    assert_eq!(reconcile(&elsewhere)["differences"], json!({ "money_without_order": 1 }));
    let late = elsewhere.order("key-1");
    assert_eq!(late.order_id, placed.order_id, "ids follow from customer and key");
    assert_eq!(elsewhere.status(&late), Paid);
}

#[test]
fn money_that_stripe_does_not_have_is_reported() {
    let shop = Shop::open();
    let placed = unpaid(&shop, "key-1");
    let before = order(&shop, &placed);
    let fact = IntentFact {
        id: "pi_invented".into(),
        status: IntentStatus::Succeeded,
        seen_at: 1,
        created: 1,
        amount: before.total,
        received: before.total,
        order_id: Some(before.id),
    };
    let change = before.apply_facts(vec![PaymentFact::PaymentIntent(fact)], "test", shop.clock.now()).unwrap();
    shop.clock.run(shop.store().save(&change, None)).unwrap();
    shop.clock.advance(A_WHILE);
    let answer = reconcile(&shop);
    // The intent that it has at Stripe is not the one that it says it was paid by, so nobody is to pay it.
    assert_eq!(answer["differences"]["money_missing"], 1, "{answer}");
    assert_eq!(answer["left"], 1);
}

#[test]
fn an_order_that_waits_for_an_intent_that_stripe_does_not_know_is_reported() {
    let shop = Shop::open();
    super::with_unknown_intent(&shop, 1);
    shop.clock.advance(A_WHILE);
    assert_eq!(reconcile(&shop)["differences"], json!({ "unknown_intent": 1 }));
}

#[test]
fn what_settle_payment_gave_up_on_is_settled() {
    let shop = Shop::open();
    let (unpaid, paid) = (unpaid(&shop, "key-1"), paid(&shop, "key-2"));
    shop.settle();
    shop.suffers(Fault::new(FaultKind::Unavailable).at(Provider::Stripe));
    for placed in [&unpaid, &paid] {
        let answer = shop.post(&format!("/v1/orders/{}/cancel", placed.order_id), None);
        assert_eq!(answer.status(), StatusCode::OK);
    }
    shop.wait(Duration::from_hours(25));
    assert_eq!(shop.dead_letters(), 2, "settle-payment tried for long enough");
    shop.recovers();
    shop.clock.advance(A_WHILE);
    let answer = reconcile(&shop);
    assert_eq!(answer["differences"], json!({ "live_intent": 1, "unsettled_money": 1 }), "{answer}");
    assert_eq!(answer["left"], 0);
    shop.settle();
    assert_eq!((shop.status(&unpaid), shop.status(&paid), shop.stock()), (Cancelled, Refunded, STOCK));
    assert_eq!(intent_status(&shop, &unpaid), "canceled");
    assert_eq!(shop.at_stripe()["refunds"].as_array().unwrap().len(), 1);
    assert_eq!(reconcile(&shop)["differences"], json!({}));
}

#[test]
fn an_intent_that_another_one_has_taken_the_place_of_is_voided() {
    let shop = Shop::open();
    let placed = unpaid(&shop, "key-1");
    drop_webhooks(&shop);
    let form = format!(
        "amount=2900&currency=eur&metadata[order_id]={}&payment_method=pm_card_visa_chargeDeclined",
        placed.order_id
    );
    let second = at_stripe(&shop, "payment_intents", &form);
    shop.clock.advance(A_WHILE);
    // The pass that learns of it leaves it alone: somebody may be at it.
    assert_eq!(reconcile(&shop)["differences"], json!({ "missed_status": 1 }));
    shop.clock.advance(A_WHILE);
    assert_eq!(reconcile(&shop)["differences"], json!({ "live_intent": 1 }));
    let second = PlacedOrder { intent: second, ..placed.clone() };
    assert_eq!((intent_status(&shop, &second), shop.status(&placed)), ("canceled".to_owned(), PendingPayment));
    shop.recovers();
    shop.pay(&placed, "pm_card_visa");
    shop.settle();
    shop.assert_paid_once(&placed);
}

#[test]
fn what_changes_about_older_objects_is_found_by_stripes_events() {
    let shop = Shop::open();
    let (contested, refunded) = (paid(&shop, "key-1"), paid(&shop, "key-2"));
    let dispute = at_stripe(&shop, "disputes", &format!("payment_intent={}", contested.intent));
    let refund = at_stripe(&shop, "refunds", &format!("payment_intent={}&amount=1000", refunded.intent));
    shop.settle();
    assert_eq!((shop.status(&contested), shop.status(&refunded)), (Disputed, PartiallyRefunded));
    shop.clock.advance(Duration::from_hours(20 * 24));
    drop_webhooks(&shop);
    at_stripe(&shop, &format!("disputes/{dispute}/close"), "outcome=lost");
    at_stripe(&shop, &format!("refunds/{refund}/fail"), "");
    shop.clock.advance(A_WHILE);
    let answer = reconcile(&shop);
    assert_eq!(answer["differences"], json!({ "missed_dispute": 1, "missed_refund": 1 }), "{answer}");
    assert_eq!(
        (&answer["compared"]["intents"], &answer["compared"]["orders"]),
        (&json!(0), &json!(0)),
        "nothing is young"
    );
    assert_eq!((shop.status(&contested), shop.status(&refunded)), (ChargedBack, Paid));
    let before = written(&shop);
    assert_eq!((&reconcile(&shop)["differences"], written(&shop)), (&json!({}), before));
}

#[test]
fn what_is_on_its_way_is_left_alone() {
    let shop = Shop::open();
    let placed = paid(&shop, "key-1");
    assert_eq!(reconcile(&shop)["differences"], json!({}), "its webhook has not had the time");
    shop.settle();
    shop.assert_paid_once(&placed);
}

#[test]
fn a_fifth_of_the_webhooks_lost_and_refunds_in_the_dashboard_leave_no_difference() {
    let shop = Shop::with_limits(0);
    shop.suffers(Fault::new(FaultKind::WebhookDrop { acknowledged: true }).at(Provider::Stripe).probability(0.2));
    let orders: Vec<PlacedOrder> = (0..40).map(|number| paid(&shop, &format!("key-{number}"))).collect();
    for placed in orders.iter().step_by(7) {
        at_stripe(&shop, "refunds", &format!("payment_intent={}", placed.intent));
    }
    shop.settle();
    shop.clock.advance(A_WHILE);
    let lost = orders.iter().filter(|placed| shop.status(placed) == PendingPayment).count();
    assert!(lost > 0, "some are not known to be paid");
    let (healing, _) = pass(&shop, Rules::DEFAULT, HOUR);
    assert_eq!(healing.left(), 0);
    for (number, placed) in orders.iter().enumerate() {
        assert_eq!(shop.status(placed), if number % 7 == 0 { Refunded } else { Paid });
    }
    let before = written(&shop);
    let (again, _) = pass(&shop, Rules::DEFAULT, HOUR);
    assert_eq!((again.differences, written(&shop)), (vec![], before));
}
