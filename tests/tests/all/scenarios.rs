//! The whole path, and what may go wrong on it: every handler wired as the template says, with memory repositories, the
//! sandbox and a virtual clock.

mod accounts;
mod elsewhere;
mod invoices;
mod openid;
mod orders;
mod people;
mod reconcile;
mod refunds;
mod reserving;
pub mod shop;
mod shown;

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use domain::{OrderStatus, Role, Timestamp};
use edge::get_openapi::{DOCUMENT, REFERENCE};
use futures::future::join_all;
use http::{Method, Request, StatusCode};
use resilience::Clock as _;
use sandbox::{Fault, FaultKind, Provider};
use serde_json::json;
use suite::{Activity, Misbehaviour, Record};

use self::shop::{CUSTOMER, STAFF, STOCK, Shop, json_of, placed};

#[test]
fn an_order_is_placed_paid_mailed_and_in_the_sheet() {
    let shop = Shop::open();
    let placed = shop.order("key-1");
    assert_eq!(shop.status(&placed), OrderStatus::PendingPayment);
    assert_eq!(shop.pay(&placed, "pm_card_visa")["status"], "succeeded");
    shop.settle();
    shop.assert_paid_once(&placed);
    assert_eq!(shop.stock(), STOCK - 2);

    let path = format!("/v1/orders/{}/history", placed.order_id);
    let kinds = |role: Role, who: &str| -> BTreeSet<String> {
        let answer = shop.clock.run(shop.call_with(&shop.token(role, who), Method::GET, &path, None, None));
        let entries = json_of(&answer)["items"].as_array().unwrap().clone();
        entries.iter().filter_map(|entry| entry["kind"].as_str().map(str::to_owned)).collect()
    };
    let all = ["event", "ledger", "mail", "row", "webhook"].map(str::to_owned);
    assert_eq!(kinds(Role::Staff, STAFF), BTreeSet::from(all), "every entry is in the history");
    let owners = kinds(Role::Customer, CUSTOMER);
    assert!(!owners.contains("row") && owners.len() == 4, "the row's number is the number of all orders: {owners:?}");
}

#[test]
fn the_contract_goes_through_the_api_compressed() {
    let shop = Shop::open();
    for (path, whole) in [("/openapi.json", DOCUMENT), ("/reference", REFERENCE)] {
        let get = |accept: &str| {
            let request = Request::get(format!("http://shop.test{path}")).header("accept-encoding", accept);
            shop.clock.run(shop.suite.http(request.body(Bytes::new()).unwrap()))
        };
        let (plain, gzip) = (get("identity"), get("gzip, br"));
        assert!(plain.body() == whole.as_bytes() && plain.headers().get("content-encoding").is_none(), "{path}");
        assert_eq!(
            (&gzip.headers()["content-encoding"], &gzip.body()[..2]),
            (&"gzip".parse().unwrap(), &b"\x1f\x8b"[..])
        );
        assert!(gzip.body().len() * 10 < whole.len(), "{path}: {}", gzip.body().len());
        assert_ne!(plain.headers()["etag"], gzip.headers()["etag"]);
    }
}

#[test]
fn a_declined_card_can_be_followed_by_a_good_one() {
    let shop = Shop::open();
    let placed = shop.order("key-1");
    assert_eq!(shop.pay(&placed, "pm_card_visa_chargeDeclined")["error"]["code"], "card_declined");
    shop.settle();
    assert_eq!((shop.status(&placed), shop.mails().len()), (OrderStatus::PendingPayment, 0));
    shop.pay(&placed, "pm_card_visa");
    shop.settle();
    shop.assert_paid_once(&placed);
}

#[test]
fn three_d_secure_is_passed_before_the_money_comes() {
    let shop = Shop::open();
    let placed = shop.order("key-1");
    assert_eq!(shop.pay(&placed, "pm_card_threeDSecure2Required")["status"], "requires_action");
    shop.settle();
    assert_eq!(shop.status(&placed), OrderStatus::PendingPayment);
    shop.authenticate(&placed);
    shop.settle();
    shop.assert_paid_once(&placed);
}

#[test]
fn an_order_cancelled_before_payment_cannot_be_paid_any_more() {
    let shop = Shop::open();
    let placed = shop.order("key-1");
    let answer = shop.post(&format!("/v1/orders/{}/cancel", placed.order_id), None);
    assert_eq!(answer.status(), StatusCode::OK);
    shop.settle();
    assert!(shop.pay(&placed, "pm_card_visa")["error"].is_object(), "the intent is void");
    shop.settle();
    assert_eq!((shop.status(&placed), shop.mails()), (OrderStatus::Cancelled, vec!["order_cancelled".to_owned()]));
    assert_eq!((shop.stock(), shop.dead_letters()), (STOCK, 0));
    assert_eq!(shop.rows(), [(placed.order_id, "cancelled".to_owned())]);
}

#[test]
fn money_that_comes_after_a_cancel_goes_back() {
    let shop = Shop::open();
    let placed = shop.order("key-1");
    // The browser is faster than our consumer: the money is there before the intent can be voided.
    let answer = shop.post(&format!("/v1/orders/{}/cancel", placed.order_id), None);
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(shop.pay(&placed, "pm_card_visa")["status"], "succeeded");
    shop.settle();
    assert_eq!(shop.status(&placed), OrderStatus::Refunded);
    let stripe = shop.at_stripe();
    let refunds = stripe["refunds"].as_array().unwrap();
    assert_eq!((refunds.len(), &refunds[0]["amount"]), (1, &json!(2900)), "once, and all of it");
    assert_eq!((shop.stock(), shop.dead_letters()), (STOCK, 0));
    assert!(!shop.mails().contains(&"order_confirmation".to_owned()), "nobody is told that it was paid");
}

#[test]
fn an_order_cancelled_after_payment_is_refunded_once_and_its_goods_return() {
    let shop = Shop::open();
    let placed = shop.order("key-1");
    shop.pay(&placed, "pm_card_visa");
    shop.settle();
    shop.assert_paid_once(&placed);
    for _ in 0..2 {
        let answer = shop.post(&format!("/v1/orders/{}/cancel", placed.order_id), None);
        assert_eq!(answer.status(), StatusCode::OK, "a second cancel says the same");
    }
    shop.settle();
    assert_eq!((shop.status(&placed), shop.stock(), shop.dead_letters()), (OrderStatus::Refunded, STOCK, 0));
    assert_eq!(shop.at_stripe()["refunds"].as_array().unwrap().len(), 1);
    assert_eq!(shop.rows(), [(placed.order_id, "refunded".to_owned())]);
    assert_eq!(shop.mails(), ["order_cancelled", "order_confirmation", "order_refunded"]);
}

#[test]
fn a_webhook_that_comes_before_the_apis_answer_is_merged_all_the_same() {
    let shop = Shop::open();
    shop.suffers(Fault::new(FaultKind::Latency { millis: 3000 }).on("POST", "/v1/payment_intents").times(1));
    let webhooks = async {
        shop.clock.sleep(Duration::from_secs(1)).await;
        let told = shop.suite.run_until_idle(Some(&shop.sandbox), Duration::from_secs(1)).await.unwrap();
        assert!(shop.orders()[0].payment.intent.is_none(), "create-order still waits for its answer");
        assert_eq!(shop.orders()[0].payment.facts.intents().count(), 1, "and Stripe's word is there: {told:?}");
    };
    let (answer, ()) = shop.clock.run(futures::future::join(shop.place("key-1"), webhooks));
    let placed = placed(&answer);
    shop.pay(&placed, "pm_card_visa");
    shop.settle();
    shop.assert_paid_once(&placed);
}

#[test]
fn duplicated_and_reordered_webhooks_and_messages_change_nothing() {
    let shop = Shop::open();
    shop.suffers(Fault::new(FaultKind::WebhookDuplicate { copies: 3 }));
    shop.suffers(Fault::new(FaultKind::WebhookReorder { within_millis: 60_000 }));
    shop.suite.bus().misbehave(Misbehaviour { copies: 2, ..Misbehaviour::default() });
    let placed = shop.order("key-1");
    shop.pay(&placed, "pm_card_visa_chargeDeclined");
    shop.pay(&placed, "pm_card_visa");
    shop.settle();
    shop.assert_paid_once(&placed);
}

#[test]
fn with_stripe_down_the_order_stands_and_is_paid_later() {
    let shop = Shop::open();
    shop.suffers(Fault::new(FaultKind::Unavailable).at(Provider::Stripe));
    let answer = shop.clock.run(shop.place("key-1"));
    assert_eq!(answer.status(), StatusCode::CREATED, "{}", String::from_utf8_lossy(answer.body()));
    let waiting = placed(&answer);
    assert_eq!((waiting.client_secret.as_str(), shop.status(&waiting)), ("", OrderStatus::PendingPayment));

    shop.recovers();
    let answer = shop.post(&format!("/v1/orders/{}/payment-intent", waiting.order_id), None);
    assert!(answer.status().is_success(), "{}", String::from_utf8_lossy(answer.body()));
    let mut payable = shop.order("key-1");
    assert_eq!(payable.order_id, waiting.order_id, "the repeated request finds its own order");
    payable.order_id.clone_from(&waiting.order_id);
    shop.pay(&payable, "pm_card_visa");
    shop.settle();
    shop.assert_paid_once(&payable);
}

#[test]
fn a_rate_limit_of_sendgrids_delays_the_mail_and_doubles_nothing() {
    let shop = Shop::open();
    shop.suffers(Fault::new(FaultKind::TooManyRequests { retry_after: Some(30) }).at(Provider::Sendgrid).times(4));
    let placed = shop.order("key-1");
    shop.pay(&placed, "pm_card_visa");
    shop.settle();
    shop.assert_paid_once(&placed);
}

#[test]
fn another_spreadsheet_begins_with_rows_of_its_own() {
    let shop = Shop::open();
    let [first, second] = ["key-1", "key-2"].map(|key| shop.order(key));
    shop.wait(Duration::from_mins(1));
    let before = shop.rows();
    assert_eq!(before.len(), 2);
    shop.move_to("orders-2");
    for placed in [second, shop.order("key-3"), first] {
        let answer = shop.post(&format!("/v1/orders/{}/cancel", placed.order_id), None);
        assert_eq!(answer.status(), StatusCode::OK);
        shop.settle();
    }
    let rows = shop.rows_in("orders-2");
    assert_eq!(rows.iter().map(|(_, status)| status.as_str()).collect::<Vec<_>>(), ["cancelled"; 3]);
    assert_eq!(rows.into_iter().collect::<BTreeSet<_>>().len(), 3, "one row each");
    assert_eq!(shop.rows(), before, "the former one stays as it is");
}

#[test]
fn a_mail_that_cannot_be_sent_for_six_hours_is_sent_then() {
    let shop = Shop::open();
    shop.suffers(Fault::new(FaultKind::TooManyRequests { retry_after: Some(30) }).at(Provider::Sendgrid));
    let placed = shop.order("key-1");
    shop.pay(&placed, "pm_card_visa");
    shop.wait(Duration::from_hours(6));
    assert_eq!((shop.mails().len(), shop.dead_letters()), (0, 0));
    shop.recovers();
    shop.wait(Duration::from_mins(16));
    shop.assert_paid_once(&placed);
}

#[test]
fn a_mail_that_cannot_be_sent_for_long_becomes_a_dead_letter_and_is_sent_once_it_is_redriven() {
    let shop = Shop::open();
    shop.suffers(Fault::new(FaultKind::TooManyRequests { retry_after: Some(30) }).at(Provider::Sendgrid));
    let placed = shop.order("key-1");
    shop.pay(&placed, "pm_card_visa");
    shop.wait(Duration::from_hours(25));
    assert_eq!((shop.mails().len(), shop.dead_letters()), (0, 1));
    shop.recovers();
    assert_eq!(shop.suite.bus().redrive("send-email"), 1);
    shop.settle();
    shop.assert_paid_once(&placed);
}

#[test]
fn a_mail_whose_answer_was_lost_is_settled_by_sendgrids_report_and_not_sent_again() {
    let shop = Shop::open();
    shop.suffers(Fault::new(FaultKind::AnswerLost { millis: 1000 }).at(Provider::Sendgrid).times(1));
    let placed = shop.order("key-1");
    shop.pay(&placed, "pm_card_visa");
    let happened = shop.settle();
    let failed =
        |one: &&Activity| matches!(one, Activity::Consumed { function, failed: 1.., .. } if function == "send-email");
    assert!(happened.iter().find(failed).is_some(), "the first try did not know");
    shop.assert_paid_once(&placed);
}

#[test]
fn an_exhausted_quota_of_the_sheet_delays_the_row() {
    let shop = Shop::open();
    shop.suffers(Fault::new(FaultKind::TooManyRequests { retry_after: None }).at(Provider::Sheets).times(8));
    let placed = shop.order("key-1");
    shop.pay(&placed, "pm_card_visa");
    shop.settle();
    shop.assert_paid_once(&placed);
}

#[test]
fn a_poison_record_is_kept_with_its_content_and_the_shard_goes_on() {
    let shop = Shop::open();
    let keys = json!({ "pk": { "S": "ord_x" }, "sk": { "S": "event#0000000001#00" } });
    let content = json!({
        "eventID": "poison", "eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb",
        "awsRegion": "local",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_795_000_000, "Keys": keys, "SequenceNumber": "000000000000000000000",
            "NewImage": { "event": { "S": "{\"type\":\"order.teleported\"}" } }, "SizeBytes": 1,
            "StreamViewType": "NEW_IMAGE",
        },
    });
    let at = Timestamp::parse("2026-11-23T12:00:00Z").unwrap();
    shop.clock.run(shop.suite.inject("order-stream", Record { sequence: "000000000000000000000".into(), at, content }));
    let placed = shop.order("key-1");
    shop.pay(&placed, "pm_card_visa");
    shop.settle();
    assert_eq!((shop.status(&placed), shop.mails().len()), (OrderStatus::Paid, 1), "the shard went on");
    let letters = shop.suite.bus().messages("order-stream-dlq");
    assert_eq!(letters.len(), 1);
    assert!(letters[0].body.contains("order.teleported"), "with its content");
}

#[test]
fn a_consumer_that_dies_anywhere_leaves_one_mail_and_one_row() {
    for function in ["order-stream", "send-email", "sync-sheet", "stripe-webhook", "settle-payment"] {
        for n in 1..=12 {
            let shop = Shop::open();
            let placed = shop.order("key-1");
            shop.suite.kill_next(function, n);
            shop.pay(&placed, "pm_card_visa");
            shop.settle();
            assert_eq!(shop.status(&placed), OrderStatus::Paid, "{function} died at {n}");
            assert_eq!(shop.mails(), ["order_confirmation"], "{function} died at {n}");
            assert_eq!(shop.rows().len(), 1, "{function} died at {n}");
            assert_eq!(shop.dead_letters(), 0, "{function} died at {n}");
        }
    }
}

#[test]
fn create_order_that_dies_anywhere_leaves_one_order_for_the_repeated_request() {
    for n in 1..=10 {
        let shop = Shop::open();
        shop.suite.kill_next("create-order", n);
        let first = shop.clock.run(shop.place("key-1"));
        let placed = shop.order("key-1");
        assert_eq!((shop.orders().len(), shop.stock()), (1, STOCK - 2), "died at {n}, answered {}", first.status());
        shop.pay(&placed, "pm_card_visa");
        shop.settle();
        shop.assert_paid_once(&placed);
        assert_eq!(shop.at_stripe()["payment_intents"].as_array().unwrap().len(), 1, "died at {n}");
    }
}

#[test]
fn the_same_request_fifty_times_at_once_is_one_order_with_one_intent() {
    let shop = Shop::with_limits(0);
    let lost = Fault::new(FaultKind::AnswerLost { millis: 50 }).at(Provider::Stripe);
    shop.suffers(lost.probability(0.3));
    let answers = shop.clock.run(join_all((0..50).map(|_| shop.place("key-1"))));
    shop.recovers();
    let created = answers.iter().filter(|answer| answer.status().is_success());
    let orders: BTreeSet<String> = created.map(|answer| placed(answer).order_id).collect();
    assert_eq!((orders.len(), shop.orders().len(), shop.stock()), (1, 1, STOCK - 2));
    let placed = shop.order("key-1");
    assert_eq!(shop.at_stripe()["payment_intents"].as_array().unwrap().len(), 1);
    shop.pay(&placed, "pm_card_visa");
    shop.settle();
    shop.assert_paid_once(&placed);
}

#[test]
fn forged_webhooks_run_into_their_limit_and_true_ones_never_do() {
    let shop = Shop::open();
    let placed = shop.order("key-1");
    let forged = || {
        let request =
            http::Request::post("http://shop.test/v1/webhooks/stripe").header("stripe-signature", "t=1,v1=00");
        shop.clock.run(shop.suite.http(request.body("{}".into()).unwrap())).status().as_u16()
    };
    for _ in 0..60 {
        assert_eq!(forged(), 400);
    }
    assert_eq!(forged(), 429);
    shop.pay(&placed, "pm_card_visa");
    shop.settle();
    shop.assert_paid_once(&placed);
}
