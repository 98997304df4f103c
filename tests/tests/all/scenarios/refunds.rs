//! Money that goes back: on request, because something is wrong with it, or because it came too late. After each, what
//! the order knows, what its ledger says and what Stripe has are the same.

use std::time::Duration;

use bytes::Bytes;
use domain::{Change, MAX_REQUESTED_REFUNDS, Order, OrderStatus, PaymentMethod, RefundProgress};
use futures::future::join_all;
use http::Response;
use sandbox::{Fault, FaultKind};
use serde_json::{Value, json};
use store::{Catalogue as _, Orders as _, PlaceOutcome, ProductEdit, ReceiptSource, StockEdit};
use testkit::Sample;

use super::shop::{PlacedOrder, STOCK, Shop, json_of};

const TOTAL: i64 = 2900;
const REFUNDS: &str = "/v1/refunds";

/// A shop without limits, and an order that was paid in it.
fn paid() -> (Shop, PlacedOrder) {
    let shop = Shop::with_limits(0);
    let placed = shop.order("key-1");
    shop.pay(&placed, "pm_card_visa");
    shop.settle();
    assert_eq!(shop.status(&placed), OrderStatus::Paid);
    (shop, placed)
}

async fn ask(shop: &Shop, placed: &PlacedOrder, key: &str, amount: Option<i64>) -> Response<Bytes> {
    let body = match amount {
        Some(amount) => json!({"amount": amount, "reason": "requested_by_customer"}),
        None => json!({"reason": "requested_by_customer"}),
    };
    shop.staff(&format!("/v1/orders/{}/refunds", placed.order_id), Some(key), &body).await
}

fn refund(shop: &Shop, placed: &PlacedOrder, key: &str, amount: Option<i64>) -> (u16, Value) {
    let answer = shop.clock.run(ask(shop, placed, key, amount));
    (answer.status().as_u16(), json_of(&answer))
}

/// The status of a refund that is well answered.
#[track_caller]
fn refunded(shop: &Shop, placed: &PlacedOrder, key: &str, amount: Option<i64>) -> String {
    let (status, body) = refund(shop, placed, key, amount);
    assert_eq!(status, 201, "{body}");
    body["status"].as_str().unwrap().to_owned()
}

fn decide(shop: &Shop, placed: &PlacedOrder, decision: &str) -> (u16, Value) {
    let path = format!("/v1/orders/{}/resolve-review", placed.order_id);
    let answer = shop.clock.run(shop.staff(&path, None, &json!({ "decision": decision })));
    (answer.status().as_u16(), json_of(&answer))
}

fn order(shop: &Shop, placed: &PlacedOrder) -> Order {
    let id = placed.order_id.parse().unwrap();
    shop.orders().into_iter().find(|order| order.id == id).unwrap()
}

fn save(shop: &Shop, change: &Change) {
    shop.clock.run(shop.store().save(change, None)).unwrap();
}

/// Amounts of the refunds that Stripe made for good, sorted.
fn at_stripe(shop: &Shop) -> Vec<i64> {
    let refunds = shop.at_stripe()["refunds"].as_array().cloned().unwrap();
    let made = refunds.iter().filter(|refund| !["failed", "canceled"].contains(&refund["status"].as_str().unwrap()));
    let mut amounts: Vec<i64> = made.map(|refund| refund["amount"].as_i64().unwrap()).collect();
    amounts.sort_unstable();
    amounts
}

/// Order, ledger and Stripe agree to the cent, no more went back than came, and nothing lies about.
#[track_caller]
fn assert_books_agree(shop: &Shop, placed: &PlacedOrder) {
    let order = order(shop, placed);
    let facts = &order.payment.facts;
    let known = (facts.captured(), facts.refunded(), facts.lost());
    let ledger = shop.clock.run(shop.store().ledger(order.id)).unwrap();
    let booked: i64 = ledger.iter().map(|entry| entry.amount.amount).sum();
    let balances = shop.balances();
    let of_order = balances.iter().filter(|balance| balance["metadata"]["order_id"] == placed.order_id.as_str());
    let has = |name: &str| of_order.clone().map(|balance| balance[name].as_i64().unwrap()).sum::<i64>();
    assert_eq!(known, (has("received"), has("refunded"), has("lost")), "the order knows what Stripe has");
    assert_eq!(booked, known.0 - known.1 - known.2, "the ledger says the same");
    assert!(known.1 <= known.0 && order.payment.kept() >= 0, "{known:?}");
    assert_eq!(shop.dead_letters(), 0);
}

#[test]
fn many_refunds_at_once_never_exceed_the_charge() {
    let (shop, placed) = paid();
    let mut left: Vec<String> = (0..40).map(|number| format!("refund-{number}")).collect();
    let mut accepted = 0;
    // Whoever finds the order too busy asks again with the same key.
    while !left.is_empty() {
        let answers = shop.clock.run(join_all(left.iter().map(|key| ask(&shop, &placed, key, Some(500)))));
        accepted += answers.iter().filter(|answer| answer.status() == 201).count();
        let busy = |(key, answer): (String, Response<Bytes>)| match answer.status().as_u16() {
            503 => Some(key),
            201 => None,
            _ => {
                let problem = json_of(&answer);
                assert_eq!(problem["type"], "/problems/refund-too-large", "{problem}");
                assert_eq!(problem["refundable"], 400, "{problem}");
                None
            }
        };
        left = left.into_iter().zip(answers).filter_map(busy).collect();
    }
    shop.settle();
    assert_eq!((accepted, at_stripe(&shop)), (5, vec![500; 5]));
    assert_books_agree(&shop, &placed);
    assert_eq!(refunded(&shop, &placed, "rest", None), "succeeded");
    shop.settle();
    assert_eq!(shop.status(&placed), OrderStatus::Refunded);
    assert_books_agree(&shop, &placed);
}

#[test]
fn an_order_has_room_for_fifty_requested_refunds_and_the_dashboard_makes_more() {
    let (shop, placed) = paid();
    for n in 0..MAX_REQUESTED_REFUNDS {
        assert_eq!(refunded(&shop, &placed, &format!("refund-{n}"), Some(1)), "succeeded");
    }
    let most = i64::try_from(MAX_REQUESTED_REFUNDS).unwrap();
    let (status, problem) = refund(&shop, &placed, "one-more", Some(1));
    assert_eq!((status, problem["type"].as_str()), (409, Some("/problems/too-many-refunds")), "{problem}");
    assert_eq!(at_stripe(&shop).len(), MAX_REQUESTED_REFUNDS, "Stripe was not asked");
    assert_eq!(refunded(&shop, &placed, "refund-0", Some(1)), "succeeded", "a repetition is none more");
    for _ in 0..5 {
        shop.control("refunds", format!("payment_intent={}&amount=100", placed.intent));
    }
    shop.settle();
    let known = order(&shop, &placed).payment.facts.refunded();
    assert_eq!((known, at_stripe(&shop).len()), (most + 500, MAX_REQUESTED_REFUNDS + 5));
    assert_books_agree(&shop, &placed);
    shop.post(&format!("/v1/orders/{}/cancel", placed.order_id), None);
    shop.settle();
    assert_eq!(shop.status(&placed), OrderStatus::Refunded, "what follows from a decision is no request");
    assert_books_agree(&shop, &placed);
}

#[test]
fn one_key_is_one_refund_and_two_are_two_of_the_same_amount() {
    let (shop, placed) = paid();
    let answers = shop.clock.run(join_all((0..20).map(|_| ask(&shop, &placed, "one", Some(500)))));
    let good: Vec<Value> = answers.iter().filter(|answer| answer.status() == 201).map(json_of).collect();
    assert!(!good.is_empty() && good.iter().all(|body| body["refund_id"] == good[0]["refund_id"]), "{good:?}");
    shop.settle();
    assert_eq!(at_stripe(&shop), [500]);
    let again = shop.clock.run(ask(&shop, &placed, "one", Some(500)));
    assert_eq!((again.status().as_u16(), again.headers()["idempotent-replayed"].to_str().unwrap()), (201, "true"));
    assert_eq!(json_of(&again)["status"], "succeeded");
    let (status, other) = refund(&shop, &placed, "one", Some(501));
    assert_eq!((status, other["type"].as_str()), (422, Some("/problems/idempotency-key-reused")));

    assert_eq!(refunded(&shop, &placed, "two", Some(500)), "succeeded");
    shop.settle();
    assert_eq!(at_stripe(&shop), [500, 500]);
    assert_eq!(shop.mails(), ["order_confirmation", "order_refunded", "order_refunded"]);
    assert_books_agree(&shop, &placed);
}

#[test]
fn trouble_at_stripe_leaves_one_refund_however_it_ends() {
    for kind in [
        FaultKind::AnswerLost { millis: 0 },
        FaultKind::Unreachable,
        FaultKind::ConnectionReset,
        FaultKind::Unavailable,
        FaultKind::TooManyRequests { retry_after: None },
    ] {
        for times in [1, 20] {
            let (shop, placed) = paid();
            shop.suffers(Fault::new(kind.clone()).on("POST", REFUNDS).times(times));
            let first = refunded(&shop, &placed, "one", Some(500));
            assert!(["pending", "succeeded"].contains(&first.as_str()), "{kind:?} {times}: {first}");
            assert_eq!(order(&shop, &placed).refundable(), TOTAL - 500, "{kind:?}: reserved, or made");
            shop.settle();
            assert_eq!(at_stripe(&shop), [500], "{kind:?} {times}");
            assert_eq!(refunded(&shop, &placed, "one", Some(500)), "succeeded", "{kind:?} {times}");
            assert_eq!(shop.alerts(), Vec::<String>::new(), "{kind:?} {times}");
            assert_books_agree(&shop, &placed);
        }
    }
}

/// Stripe saves a 500 and says it again for ever: the refund is given up, and its amount is free for another.
#[test]
fn a_refund_whose_key_stripe_spent_is_given_up_and_staff_hear_of_it() {
    let (shop, placed) = paid();
    shop.suffers(Fault::new(FaultKind::InternalError).on("POST", REFUNDS).times(1));
    assert_eq!(refunded(&shop, &placed, "one", Some(500)), "pending");
    shop.settle();
    assert_eq!(refunded(&shop, &placed, "one", Some(500)), "failed");
    let known = order(&shop, &placed);
    assert_eq!(
        (known.refundable(), at_stripe(&shop), shop.alerts()),
        (TOTAL, vec![], vec!["refund failed".to_owned()])
    );
    assert_eq!(refunded(&shop, &placed, "two", Some(500)), "succeeded");
    shop.settle();
    assert_eq!(at_stripe(&shop), [500]);
    assert_books_agree(&shop, &placed);
}

#[test]
fn nobody_asks_under_a_key_that_stripe_may_have_forgotten() {
    // Whether the refund was made, of which neither an answer nor a webhook told, is seen in Stripe's list alone.
    for (kind, made) in [(FaultKind::AnswerLost { millis: 0 }, true), (FaultKind::Unreachable, false)] {
        let (shop, placed) = paid();
        shop.suffers(Fault::new(FaultKind::WebhookDrop { acknowledged: true }));
        shop.suffers(Fault::new(kind.clone()).on("POST", REFUNDS).times(1));
        shop.suffers(Fault::new(FaultKind::Unreachable).on("POST", REFUNDS));
        shop.suffers(Fault::new(FaultKind::Unreachable).on("GET", REFUNDS));
        assert_eq!(refunded(&shop, &placed, "one", Some(500)), "pending");
        shop.wait(Duration::from_hours(25));
        assert_eq!(shop.dead_letters(), 1, "nothing could be done");
        shop.clock.advance(Duration::from_hours(24));
        shop.recovers();
        assert_eq!(shop.suite.bus().redrive("settle-payment"), 1);
        shop.settle();
        let (end, amounts) = if made { ("succeeded", vec![500]) } else { ("failed", vec![]) };
        assert_eq!((refunded(&shop, &placed, "one", Some(500)).as_str(), at_stripe(&shop)), (end, amounts), "{kind:?}");
        assert_eq!(shop.alerts().len(), usize::from(!made));
        assert_books_agree(&shop, &placed);
    }
}

#[test]
fn refund_order_that_dies_anywhere_leaves_one_refund() {
    for n in 1..=14 {
        for repeats in [true, false] {
            let (shop, placed) = paid();
            shop.suite.kill_next("refund-order", n);
            let first = shop.clock.run(ask(&shop, &placed, "one", Some(500))).status().as_u16();
            if repeats {
                assert_eq!(refunded(&shop, &placed, "one", Some(500)), "succeeded", "died at {n}");
            }
            shop.settle();
            let reserved = order(&shop, &placed).payment.refund_actions.len();
            assert_eq!(
                at_stripe(&shop),
                vec![500; reserved],
                "died at {n}, answered {first}: what is reserved is made"
            );
            assert!(reserved == 1 || !repeats && first >= 500, "died at {n}, answered {first}");
            assert_books_agree(&shop, &placed);
        }
    }
}

#[test]
fn settle_payment_that_dies_anywhere_leaves_one_refund() {
    for n in 1..=14 {
        let (shop, placed) = paid();
        shop.suffers(Fault::new(FaultKind::Unreachable).on("POST", REFUNDS));
        assert_eq!(refunded(&shop, &placed, "one", Some(500)), "pending");
        assert_eq!(refunded(&shop, &placed, "two", Some(500)), "pending");
        shop.recovers();
        shop.suite.kill_next("settle-payment", n);
        shop.settle();
        assert_eq!(at_stripe(&shop), [500, 500], "died at {n}");
        assert_books_agree(&shop, &placed);
    }
}

/// Both carry out the same refund at the same time.
#[test]
fn refund_order_and_settle_payment_at_once_make_one_refund() {
    for slow in [0, 200, 1500, 3000] {
        let (shop, placed) = paid();
        shop.suffers(Fault::new(FaultKind::Latency { millis: slow }).on("POST", REFUNDS).times(1));
        let settling = shop.suite.run_until_idle(Some(&shop.sandbox), Duration::from_mins(10));
        let asked = async { ask(&shop, &placed, "one", Some(500)).await.status().as_u16() };
        let (status, settled) = shop.clock.run(futures::future::join(asked, settling));
        settled.unwrap();
        shop.settle();
        assert_eq!((status, at_stripe(&shop)), (201, vec![500]), "{slow}");
        assert_books_agree(&shop, &placed);
    }
}

#[test]
fn a_refund_that_the_dashboard_overtook_is_refused_and_its_amount_is_free() {
    let (shop, placed) = paid();
    shop.suffers(Fault::new(FaultKind::WebhookDrop { acknowledged: true }));
    shop.control("refunds", format!("payment_intent={}&amount=2500", placed.intent));
    let (status, problem) = refund(&shop, &placed, "one", Some(500));
    assert_eq!((status, problem["type"].as_str()), (409, Some("/problems/refund-refused")), "{problem}");
    assert_eq!(problem["provider_code"], Value::Null, "Stripe has no code for an amount above the rest");
    let (again, same) = refund(&shop, &placed, "one", Some(500));
    assert_eq!((again, &same["detail"]), (status, &problem["detail"]), "a repetition is told the same");
    let known = order(&shop, &placed);
    assert_eq!(
        (known.status, known.refundable()),
        (OrderStatus::PartiallyRefunded, 400),
        "what Stripe lists is learnt"
    );
    assert_eq!(refunded(&shop, &placed, "two", None), "succeeded");
    shop.settle();
    assert_eq!((at_stripe(&shop), shop.alerts()), (vec![400, 2500], vec!["refund failed".to_owned()]));
    assert_books_agree(&shop, &placed);

    let (status, problem) = refund(&shop, &placed, "three", None);
    assert_eq!((status, problem["refundable"].as_i64()), (409, Some(0)), "{problem}");
}

#[test]
fn everything_given_back_at_the_dashboard_is_refused_with_stripes_word() {
    let (shop, placed) = paid();
    shop.suffers(Fault::new(FaultKind::WebhookDrop { acknowledged: true }));
    shop.control("refunds", format!("payment_intent={}", placed.intent));
    let (status, problem) = refund(&shop, &placed, "one", Some(500));
    assert_eq!((status, problem["provider_code"].as_str()), (409, Some("charge_already_refunded")), "{problem}");
    assert_eq!(shop.status(&placed), OrderStatus::Refunded);
    shop.settle();
    assert_books_agree(&shop, &placed);
}

#[test]
fn a_cancelled_orders_rest_goes_back_when_the_dashboard_was_faster() {
    for amount in [1000, TOTAL] {
        let (shop, placed) = paid();
        shop.suffers(Fault::new(FaultKind::WebhookDrop { acknowledged: true }));
        shop.control("refunds", format!("payment_intent={}&amount={amount}", placed.intent));
        shop.post(&format!("/v1/orders/{}/cancel", placed.order_id), None);
        shop.settle();
        assert_eq!(shop.status(&placed), OrderStatus::Refunded, "{amount}");
        assert_eq!((at_stripe(&shop).iter().sum::<i64>(), shop.alerts().len()), (TOTAL, 0), "{amount}");
        assert_eq!(shop.stock(), STOCK);
        assert_books_agree(&shop, &placed);
    }
}

#[test]
fn a_refund_that_fails_days_later_reopens_its_amount_and_tells_staff() {
    let (shop, placed) = paid();
    let (_, made) = refund(&shop, &placed, "one", None);
    shop.settle();
    assert_eq!(shop.status(&placed), OrderStatus::Refunded);
    shop.clock.advance(Duration::from_hours(72));
    shop.control(&format!("refunds/{}/fail", made["stripe_refund_id"].as_str().unwrap()), String::new());
    shop.settle();
    let known = order(&shop, &placed);
    assert_eq!((known.status, known.refundable()), (OrderStatus::Paid, TOTAL));
    assert_eq!(shop.alerts(), ["refund failed"]);
    assert_eq!(refunded(&shop, &placed, "one", None), "failed");
    assert_books_agree(&shop, &placed);
    assert_eq!(refunded(&shop, &placed, "two", None), "succeeded");
    shop.settle();
    assert_eq!(shop.status(&placed), OrderStatus::Refunded);
    assert_books_agree(&shop, &placed);
}

#[test]
fn a_stuck_void_holds_up_no_refund() {
    let shop = Shop::with_limits(0);
    let placed = shop.order("key-1");
    let form = format!(
        "amount={TOTAL}&currency=eur&metadata[order_id]={}&payment_method=pm_card_visa_chargeDeclined",
        placed.order_id
    );
    let second = shop.control("payment_intents", form)["id"].as_str().unwrap().to_owned();
    // As with the intent of a Checkout Session, which only its session can end.
    let cancel = format!("/v1/payment_intents/{second}/cancel");
    shop.suffers(Fault::new(FaultKind::Unavailable).on("POST", &cancel));
    shop.pay(&placed, "pm_card_visa");
    shop.settle();
    let answer = shop.post(&format!("/v1/orders/{}/cancel", placed.order_id), None);
    assert_eq!(answer.status(), 200);
    shop.settle();
    assert_eq!((shop.status(&placed), at_stripe(&shop)), (OrderStatus::Refunded, vec![TOTAL]));
    assert_eq!(order(&shop, &placed).intents_to_void().map(|id| id.as_str().to_owned()).collect::<Vec<_>>(), [second]);
}

#[test]
fn a_dispute_freezes_the_money_and_alerts_until_it_is_decided() {
    for (outcome, status, alerts) in [
        ("won", OrderStatus::Paid, vec!["payment disputed", "dispute won"]),
        ("lost", OrderStatus::ChargedBack, vec!["payment disputed", "dispute lost"]),
    ] {
        let (shop, placed) = paid();
        let dispute = shop.control("disputes", format!("payment_intent={}", placed.intent));
        // Before anybody told us, Stripe knows.
        let (refused, problem) = refund(&shop, &placed, "one", Some(500));
        assert_eq!((refused, problem["provider_code"].as_str()), (409, Some("charge_disputed")), "{problem}");
        shop.settle();
        assert_eq!(shop.status(&placed), OrderStatus::Disputed);
        let (refused, problem) = refund(&shop, &placed, "two", Some(500));
        assert_eq!((refused, problem["type"].as_str()), (409, Some("/problems/not-refundable")), "{problem}");
        assert_eq!(problem["order_status"], "disputed");
        shop.control(&format!("disputes/{}/close", dispute["id"].as_str().unwrap()), format!("outcome={outcome}"));
        shop.settle();
        let told: Vec<String> = shop.alerts().into_iter().filter(|alert| alert != "refund failed").collect();
        assert_eq!((shop.status(&placed), told), (status, alerts.iter().map(|alert| (*alert).to_owned()).collect()));
        assert_books_agree(&shop, &placed);
    }
}

/// So much money in this currency comes for the order from somewhere else than its own intent.
fn in_doubt(amount: i64, currency: &str) -> (Shop, PlacedOrder) {
    let shop = Shop::with_limits(0);
    let placed = shop.order("key-1");
    shop.control(
        "payment_intents",
        format!("amount={amount}&currency={currency}&metadata[order_id]={}", placed.order_id),
    );
    shop.settle();
    assert_eq!((shop.status(&placed), shop.alerts()), (OrderStatus::NeedsReview, vec!["needs review".to_owned()]));
    assert_eq!(shop.mails(), Vec::<String>::new());
    (shop, placed)
}

#[test]
fn money_that_does_not_fit_waits_for_a_decision_and_each_is_carried_out() {
    for (amount, currency) in [(TOTAL - 1, "eur"), (TOTAL + 100, "eur"), (TOTAL, "usd")] {
        let (shop, placed) = in_doubt(amount, currency);
        assert_eq!(decide(&shop, &placed, "accept").0, 200);
        assert_eq!(decide(&shop, &placed, "accept").0, 200, "again");
        let (status, problem) = decide(&shop, &placed, "refund_all");
        assert_eq!((status, problem["type"].as_str()), (409, Some("/problems/nothing-to-review")));
        shop.settle();
        assert_eq!((shop.status(&placed), shop.mails()), (OrderStatus::Paid, vec!["order_confirmation".to_owned()]));
        assert_books_agree(&shop, &placed);

        let (shop, placed) = in_doubt(amount, currency);
        let (status, decided) = decide(&shop, &placed, "refund_all");
        assert_eq!((status, decided["refund_due"].as_i64()), (200, Some(amount)), "{decided}");
        shop.settle();
        assert_eq!((shop.status(&placed), at_stripe(&shop)), (OrderStatus::Refunded, vec![amount]));
        assert_eq!(
            (shop.mails(), shop.stock()),
            (vec!["order_cancelled".to_owned(), "order_refunded".to_owned()], STOCK)
        );
        assert_books_agree(&shop, &placed);

        let (shop, placed) = in_doubt(amount, currency);
        let (status, decided) = decide(&shop, &placed, "refund_excess");
        if amount <= TOTAL {
            assert_eq!((status, decided["type"].as_str()), (409, Some("/problems/no-excess")), "{decided}");
            assert_eq!(shop.status(&placed), OrderStatus::NeedsReview);
            continue;
        }
        assert_eq!((status, decided["refund_due"].as_i64()), (200, Some(100)), "{decided}");
        shop.settle();
        assert_eq!((shop.status(&placed), at_stripe(&shop)), (OrderStatus::PartiallyRefunded, vec![100]));
        assert_eq!(shop.mails(), ["order_confirmation", "order_refunded"]);
        assert_books_agree(&shop, &placed);
    }
}

/// The page with the order's own intent may still be open somewhere.
#[test]
fn an_order_that_money_came_for_from_elsewhere_cannot_be_paid_once_more() {
    for (amount, status) in [(TOTAL, OrderStatus::Paid), (TOTAL - 1, OrderStatus::NeedsReview)] {
        let shop = Shop::with_limits(0);
        let placed = shop.order("key-1");
        shop.control("payment_intents", format!("amount={amount}&currency=eur&metadata[order_id]={}", placed.order_id));
        shop.settle();
        assert_eq!(shop.status(&placed), status);
        if status == OrderStatus::NeedsReview {
            assert_eq!(decide(&shop, &placed, "accept").0, 200);
            shop.settle();
        }
        assert!(shop.pay(&placed, "pm_card_visa")["error"].is_object(), "{amount}: its own intent was given up");
        shop.settle();
        assert_eq!((shop.status(&placed), order(&shop, &placed).payment.kept()), (OrderStatus::Paid, amount));
        assert_eq!(shop.mails(), ["order_confirmation"], "{amount}");
        assert_books_agree(&shop, &placed);
    }
}

#[test]
fn of_two_payments_one_goes_back() {
    let (shop, placed) = paid();
    shop.control("payment_intents", format!("amount={TOTAL}&currency=eur&metadata[order_id]={}", placed.order_id));
    shop.settle();
    assert_eq!((shop.status(&placed), shop.alerts()), (OrderStatus::NeedsReview, vec!["needs review".to_owned()]));
    let (status, problem) = refund(&shop, &placed, "one", None);
    assert_eq!((status, problem["order_status"].as_str()), (409, Some("needs_review")), "people decide first");
    assert_eq!(decide(&shop, &placed, "refund_excess").0, 200);
    shop.settle();
    assert_eq!((order(&shop, &placed).payment.kept(), at_stripe(&shop)), (TOTAL, vec![TOTAL]));
    assert_eq!(
        (shop.mails(), shop.stock()),
        (vec!["order_confirmation".to_owned(), "order_refunded".to_owned()], STOCK - 2)
    );
    assert_books_agree(&shop, &placed);
}

/// An order that was not paid in time: its intent is void, its goods are on sale again.
fn expired() -> (Shop, PlacedOrder) {
    let shop = Shop::with_limits(0);
    let placed = shop.order("key-1");
    shop.control(&format!("payment_intents/{}/cancel", placed.intent), String::new());
    shop.settle();
    shop.clock.advance(Duration::from_hours(2));
    let now = resilience::Clock::now(&shop.clock);
    save(&shop, &order(&shop, &placed).expire("expiry", now).unwrap());
    shop.settle();
    assert_eq!((shop.status(&placed), shop.stock()), (OrderStatus::Cancelled, STOCK));
    (shop, placed)
}

fn pay_late(shop: &Shop, placed: &PlacedOrder) {
    shop.control("payment_intents", format!("amount={TOTAL}&currency=eur&metadata[order_id]={}", placed.order_id));
    shop.settle();
}

#[test]
fn late_money_takes_an_expired_order_up_again_while_there_are_goods() {
    let (shop, placed) = expired();
    pay_late(&shop, &placed);
    assert_eq!((shop.status(&placed), shop.stock()), (OrderStatus::Paid, STOCK - 2));
    assert_eq!(
        (shop.mails(), at_stripe(&shop)),
        (vec!["order_cancelled".to_owned(), "order_confirmation".to_owned()], vec![])
    );
    assert_books_agree(&shop, &placed);
}

#[test]
fn late_money_goes_back_and_says_why_when_the_goods_are_gone() {
    let (shop, placed) = expired();
    let edit = ProductEdit {
        sku: "mug".parse().unwrap(),
        name: "Mug".into(),
        prices: [("eur".parse().unwrap(), 1450)].into(),
        stock: Some(StockEdit::to(1)),
        active: true,
        at: resilience::Clock::now(&shop.clock),
        by: None,
    };
    shop.clock.run(shop.store().put(&edit)).unwrap();
    pay_late(&shop, &placed);
    assert_eq!((shop.status(&placed), shop.stock(), at_stripe(&shop)), (OrderStatus::Refunded, 1, vec![TOTAL]));
    assert_eq!(shop.mails(), ["order_cancelled", "order_refunded"]);
    let told: Vec<String> = shop.mailbox().iter().filter_map(|mail| mail["text"].as_str().map(str::to_owned)).collect();
    assert!(
        told[0].contains("did not receive your payment in time") && told[0].contains("you have not been charged"),
        "{}",
        told[0]
    );
    assert!(
        told[1].contains("had been sold by then") && told[1].contains("payment of 29.00 EUR in full"),
        "{}",
        told[1]
    );
    assert_books_agree(&shop, &placed);
}

#[test]
fn staff_are_told_once_whatever_becomes_of_whoever_tells_them() {
    for n in 1..=8 {
        let (shop, placed) = paid();
        shop.suite.kill_next("send-email", n);
        shop.control("disputes", format!("payment_intent={}", placed.intent));
        shop.settle();
        let mails = shop.mailbox();
        assert_eq!((shop.alerts(), shop.dead_letters()), (vec!["payment disputed".to_owned()], 0), "died at {n}");
        let alert = mails.iter().find(|mail| mail["subject"].as_str().unwrap().ends_with("payment disputed")).unwrap();
        assert_eq!(alert["to"][0]["email"], "alerts@shop.example");
        let text = alert["text"].as_str().unwrap();
        assert!(text.contains(&placed.order_id) && !text.contains("Ada"), "{text}");
    }
}

/// What came by bank transfer goes back by one: staff note it, and the note is the evidence.
#[test]
fn a_transfer_is_given_back_by_a_transfer_that_is_noted_once() {
    let shop = Shop::with_limits(0);
    let now = resilience::Clock::now(&shop.clock);
    let due_at = now.plus(Duration::from_hours(24));
    let sample = Sample { lines: &[("mug", "Mug", 2, 1450)], placed_at: now, ..Sample::default() };
    let mut placement = sample.place();
    placement.order.payment.method = PaymentMethod::Invoice { due_at, overdue_since: None };
    placement.order.status = OrderStatus::Invoiced;
    let PlaceOutcome::New(invoiced) = shop.clock.run(shop.store().place(&placement)).unwrap() else { panic!() };
    save(&shop, &invoiced.mark_paid("IN-1", None, "c", now).unwrap().unwrap());
    let placed = PlacedOrder { order_id: invoiced.id.to_string(), intent: String::new(), client_secret: String::new() };

    let path = format!("/v1/orders/{}/refunds", placed.order_id);
    let note = |key: &str, body: Value| {
        let answer = shop.clock.run(shop.staff(&path, Some(key), &body));
        (answer.status().as_u16(), json_of(&answer))
    };
    let body = json!({"reason": "requested_by_customer", "amount": 900, "transfer_reference": "OUT-1"});
    let (status, first) = note("one", body.clone());
    assert_eq!((status, first["status"].as_str(), first["refundable"].as_i64()), (201, Some("succeeded"), Some(2000)));
    assert_eq!(note("one", body.clone()), (201, first));
    let (status, problem) = note("two", body);
    assert_eq!((status, problem["field"].as_str()), (422, Some("transfer_reference")), "one transfer, one refund");
    let (status, problem) = note("three", json!({"reason": "duplicate"}));
    assert_eq!((status, problem["field"].as_str()), (422, Some("transfer_reference")), "{problem}");
    let (status, rest) = note("four", json!({"reason": "duplicate", "transfer_reference": "OUT-2"}));
    assert_eq!((status, rest["amount"].as_i64(), rest["refundable"].as_i64()), (201, Some(2000), Some(0)), "{rest}");

    let known = order(&shop, &placed);
    let receipts = shop.clock.run(shop.store().receipts(known.id)).unwrap();
    let noted: Vec<_> = receipts.iter().filter(|receipt| receipt.source == ReceiptSource::Staff).collect();
    assert_eq!((noted.len(), known.status), (2, OrderStatus::Refunded));
    let heard = noted.iter().flat_map(|receipt| receipt.facts.clone());
    let mut rebuilt = invoiced.mark_paid("IN-1", None, "c", now).unwrap().unwrap().order.payment.facts;
    rebuilt.extend(heard);
    assert_eq!(rebuilt, known.payment.facts, "the order is what its receipts say");
    let ledger = shop.clock.run(shop.store().ledger(known.id)).unwrap();
    assert_eq!(ledger.iter().map(|entry| entry.amount.amount).collect::<Vec<_>>(), [TOTAL, -900, -2000]);
    assert_eq!(
        known.refund(noted[0].facts.iter().find_map(action).unwrap()).unwrap().progress,
        RefundProgress::Succeeded
    );
}

fn action(fact: &domain::PaymentFact) -> Option<&str> {
    match fact {
        domain::PaymentFact::Transfer(transfer) => transfer.action.as_deref(),
        _ => None,
    }
}
