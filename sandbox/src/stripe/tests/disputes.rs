//! Disputes and the money that they move.

use super::*;

/// Opens a dispute about a payment, with what the test says of it.
fn dispute(shop: &mut Shop, intent: &str, rest: &Value) -> Reply {
    let mut body = json!({ "payment_intent": intent });
    body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    let opened = shop.control("disputes", &body);
    assert_eq!(opened.status, 200, "{}", opened.body);
    opened
}

fn does(shop: &mut Shop, dispute: &str, what: &str, rest: &Value) -> Reply {
    let done = shop.control(&format!("disputes/{dispute}/{what}"), rest);
    assert_eq!(done.status, 200, "{what}: {}", done.body);
    done
}

fn refund(shop: &mut Shop, intent: &str, amount: i64) -> Reply {
    shop.post("/v1/refunds", &format!("payment_intent={intent}&amount={amount}"))
}

/// Amount, fee and category of what was booked.
fn moved(dispute: &Reply) -> Vec<(i64, i64, String)> {
    let booked = dispute.body["balance_transactions"].as_array().unwrap();
    let one = |entry: &Value| {
        let number = |name: &str| entry[name].as_i64().unwrap();
        assert_eq!(number("net"), number("amount") - number("fee"));
        (number("amount"), number("fee"), entry["reporting_category"].as_str().unwrap().to_owned())
    };
    booked.iter().map(one).collect()
}

fn booked(entries: &[(i64, i64, &str)]) -> Vec<(i64, i64, String)> {
    entries.iter().map(|(amount, fee, category)| (*amount, *fee, (*category).to_owned())).collect()
}

/// Refunded, lost and held, of the newest payment.
fn balance(shop: &Shop) -> (i64, i64, i64) {
    let balance = shop.stripe.balances().next().unwrap();
    (balance.refunded, balance.lost, balance.held)
}

#[test]
fn a_chargeback_books_a_withdrawal_and_a_win_its_reversal() {
    let mut shop = Shop::new();
    let id = shop.pay("pm_card_visa").id();
    let opened = dispute(&mut shop, &id, &json!({}));
    assert_eq!(moved(&opened), booked(&[(-2000, 1500, "dispute")]));
    assert_eq!(balance(&shop), (0, 0, 2000));
    let won = does(&mut shop, &opened.id(), "close", &json!({ "outcome": "won" }));
    assert_eq!(moved(&won), booked(&[(-2000, 1500, "dispute"), (2000, -1500, "dispute_reversal")]));
    assert_eq!(balance(&shop), (0, 0, 0));
}

#[test]
fn an_inquiry_books_nothing_until_it_becomes_a_chargeback() {
    let mut shop = Shop::new();
    let id = shop.pay("pm_card_visa").id();
    let inquiry = dispute(&mut shop, &id, &json!({ "inquiry": true }));
    assert_eq!((moved(&inquiry), balance(&shop)), (vec![], (0, 0, 0)));
    let due = inquiry.body["evidence_details"]["due_by"].as_i64().unwrap();
    assert!(due > shop.now.seconds(), "an inquiry has a deadline");
    shop.pass(60);
    let taken = does(&mut shop, &inquiry.id(), "escalate", &json!({}));
    assert_eq!(moved(&taken), booked(&[(-2000, 1500, "dispute")]));
    assert_eq!(taken.body["evidence_details"]["due_by"], due + 60, "and a chargeback its own");
    assert_eq!(taken.body["payment_method_details"]["card"]["case_type"], "chargeback");
}

#[test]
fn a_lost_dispute_can_be_appealed_and_won_or_lost_for_good() {
    for (outcome, after) in [("won", (0, 0, 0)), ("lost", (0, 2000, 0))] {
        let mut shop = Shop::new();
        let id = shop.pay("pm_card_visa").id();
        let dispute = dispute(&mut shop, &id, &json!({})).id();
        does(&mut shop, &dispute, "close", &json!({ "outcome": "lost" }));
        assert_eq!(balance(&shop), (0, 2000, 0));
        shop.told();
        assert_eq!(does(&mut shop, &dispute, "appeal", &json!({})).text("status"), "appeal_needs_response");
        assert_eq!(balance(&shop), (0, 0, 2000), "open once more");
        let answered = shop.post(&format!("/v1/disputes/{dispute}"), "evidence[uncategorized_text]=sent");
        assert_eq!(answered.text("status"), "appeal_under_review");
        assert_eq!(shop.told(), ["charge.dispute.updated", "charge.dispute.updated"]);
        assert_eq!(shop.control(&format!("disputes/{dispute}/prevent"), &json!({})).status, 400, "too late for that");
        let closed = does(&mut shop, &dispute, "close", &json!({ "outcome": outcome }));
        assert_eq!((closed.text("status"), balance(&shop)), (outcome, after));
        let told = shop.told();
        assert_eq!(told.contains(&"charge.dispute.funds_reinstated".to_owned()), outcome == "won", "{told:?}");
        assert_eq!(moved(&closed).len(), if outcome == "won" { 2 } else { 1 });
    }
    let mut shop = Shop::new();
    let id = shop.pay("pm_card_visa").id();
    let open = dispute(&mut shop, &id, &json!({})).id();
    assert_eq!(shop.control(&format!("disputes/{open}/appeal"), &json!({})).status, 400, "nothing is lost yet");
}

#[test]
fn a_prevented_dispute_costs_nothing_unless_the_customer_was_refunded_out_of_it() {
    for (inquiry, by, entries, lost) in [
        (false, "block", vec![(-2000, 1500, "dispute"), (2000, -1500, "dispute_reversal")], 0),
        (true, "block", vec![], 0),
        (false, "resolution", vec![(-2000, 1500, "dispute")], 2000),
        (true, "resolution", vec![(-2000, 1500, "dispute")], 2000),
    ] {
        let mut shop = Shop::new();
        let id = shop.pay("pm_card_visa").id();
        let dispute = dispute(&mut shop, &id, &json!({ "inquiry": inquiry })).id();
        let over = does(&mut shop, &dispute, "prevent", &json!({ "by": by }));
        assert_eq!((over.text("status"), moved(&over)), ("prevented", booked(&entries)), "{inquiry} {by}");
        assert_eq!(over.body["payment_method_details"]["card"]["case_type"], by);
        assert_eq!(balance(&shop), (0, lost, 0));
        assert_eq!(shop.control(&format!("disputes/{dispute}/review"), &json!({})).code(), "dispute_already_closed");
    }
}

#[test]
fn a_loss_after_a_partial_refund_takes_only_the_rest() {
    let mut shop = Shop::new();
    let id = shop.pay("pm_card_visa").id();
    refund(&mut shop, &id, 500).id();
    let whole = dispute(&mut shop, &id, &json!({ "amount": 2000 }));
    assert_eq!(moved(&whole), booked(&[(-2000, 1500, "dispute")]), "the bank takes all of it at first");
    assert_eq!(balance(&shop), (500, 0, 1500));
    shop.told();
    let lost = does(&mut shop, &whole.id(), "close", &json!({ "outcome": "lost" }));
    assert_eq!(moved(&lost), booked(&[(-2000, 1500, "dispute"), (500, 0, "dispute_reversal")]));
    assert_eq!(shop.told(), ["charge.dispute.closed", "charge.dispute.funds_reinstated"]);
    assert_eq!(balance(&shop), (500, 1500, 0));
    assert_eq!(refund(&mut shop, &id, 1).code(), "charge_disputed", "nothing is left");

    does(&mut shop, &whole.id(), "appeal", &json!({}));
    let won = does(&mut shop, &whole.id(), "close", &json!({ "outcome": "won" }));
    assert_eq!(moved(&won), booked(&[(-2000, 1500, "dispute"), (2000, -1500, "dispute_reversal")]));
    assert_eq!((balance(&shop), refund(&mut shop, &id, 1500).status), ((500, 0, 0), 200));
}

#[test]
fn a_dispute_over_what_was_not_refunded_takes_no_more_than_that() {
    let mut shop = Shop::new();
    let id = shop.pay("pm_card_visa").id();
    refund(&mut shop, &id, 500).id();
    let part = dispute(&mut shop, &id, &json!({ "amount": 1000 })).id();
    let lost = does(&mut shop, &part, "close", &json!({ "outcome": "lost" }));
    assert_eq!(moved(&lost), booked(&[(-1000, 1500, "dispute")]), "the refunded part was another one");
    assert_eq!(balance(&shop), (500, 1000, 0));
}

#[test]
fn after_a_part_is_lost_the_rest_can_be_refunded() {
    let mut shop = Shop::new();
    let id = shop.pay("pm_card_visa").id();
    let part = dispute(&mut shop, &id, &json!({ "amount": 500 })).id();
    assert_eq!(refund(&mut shop, &id, 100).code(), "charge_disputed", "while it is open");
    does(&mut shop, &part, "close", &json!({ "outcome": "lost" }));
    refund(&mut shop, &id, 200).id();
    let over = refund(&mut shop, &id, 1301);
    assert_eq!((over.status, over.code()), (400, "invalid_request_error"));
    assert_eq!(shop.post("/v1/refunds", &format!("payment_intent={id}")).body["amount"], 1300, "the rest");
    assert_eq!(balance(&shop), (1500, 500, 0));
    assert_eq!(refund(&mut shop, &id, 1).code(), "charge_disputed");
}

#[test]
fn a_dispute_may_be_about_more_than_the_charge() {
    let mut shop = Shop::new();
    let id = shop.pay("pm_card_visa").id();
    let above = dispute(&mut shop, &id, &json!({ "amount": 2150 }));
    assert_eq!((&above.body["amount"], moved(&above)), (&json!(2150), booked(&[(-2150, 1500, "dispute")])));
    let lost = does(&mut shop, &above.id(), "close", &json!({ "outcome": "lost" }));
    assert_eq!(moved(&lost).len(), 1, "nothing was refunded");
    assert_eq!(balance(&shop), (0, 2000, 0), "of the charge no more than the charge");
}

#[test]
fn a_dispute_of_a_refunded_charge_moves_no_money() {
    let mut shop = Shop::new();
    let id = shop.pay("pm_card_visa").id();
    refund(&mut shop, &id, 2000).id();
    shop.told();
    let late = dispute(&mut shop, &id, &json!({ "amount": 2000 }));
    assert_eq!((late.text("status"), moved(&late)), ("needs_response", vec![]));
    assert_eq!(shop.told(), ["charge.dispute.created"]);
    let lost = does(&mut shop, &late.id(), "close", &json!({ "outcome": "lost" }));
    assert_eq!((moved(&lost), shop.told()), (vec![], vec!["charge.dispute.closed".to_owned()]));
    assert_eq!(balance(&shop), (2000, 0, 0));
}

#[test]
fn a_dispute_in_the_cardholders_currency_is_about_the_whole_charge() {
    let mut shop = Shop::new();
    let id = shop.pay("pm_card_visa").id();
    let foreign = dispute(&mut shop, &id, &json!({ "amount": 1850, "currency": "eur" }));
    assert_eq!((foreign.text("currency"), &foreign.body["amount"]), ("eur", &json!(1850)));
    assert_eq!(foreign.body["balance_transactions"][0]["currency"], "usd");
    assert_eq!(moved(&foreign), booked(&[(-2000, 1500, "dispute")]));
    does(&mut shop, &foreign.id(), "close", &json!({ "outcome": "lost" }));
    assert_eq!(balance(&shop), (0, 2000, 0));
    let unnamed = shop.control("disputes", &json!({ "payment_intent": id, "currency": "eur" }));
    assert_eq!(unnamed.status, 400, "an amount in that currency is needed");
}

#[test]
fn two_disputes_share_a_charge() {
    let mut shop = Shop::new();
    let id = shop.pay("pm_card_visa").id();
    let first = dispute(&mut shop, &id, &json!({ "amount": 1500 })).id();
    let second = dispute(&mut shop, &id, &json!({ "amount": 800 }));
    assert_eq!(balance(&shop), (0, 0, 2000), "no more than the charge");
    does(&mut shop, &first, "close", &json!({ "outcome": "lost" }));
    assert_eq!(refund(&mut shop, &id, 1).code(), "charge_disputed", "the other one is open");
    does(&mut shop, &second.id(), "close", &json!({ "outcome": "won" }));
    assert_eq!(balance(&shop), (0, 1500, 0));
    assert_eq!(refund(&mut shop, &id, 500).status, 200);

    let id = shop.pay("pm_card_createMultipleDisputes").id();
    let list = shop.get(&format!("/v1/disputes?payment_intent={id}"));
    let amounts: Vec<_> = list.body["data"].as_array().unwrap().iter().map(|one| one["amount"].clone()).collect();
    assert_eq!(amounts, [1000, 1000], "as Stripe's test card does");
}

#[test]
fn the_account_settles_in_its_own_currency() {
    let mut shop = Shop::new();
    shop.control("settlement", &json!({ "currency": "chf", "rate_millionths": 912_500 }));
    let id = shop.pay("pm_card_visa").id();
    refund(&mut shop, &id, 500).id();
    let opened = dispute(&mut shop, &id, &json!({ "amount": 2000 }));
    let entry = &opened.body["balance_transactions"][0];
    assert_eq!((entry["currency"].as_str(), entry["exchange_rate"].to_string()), (Some("chf"), "0.9125".to_owned()));
    assert_eq!((opened.text("currency"), &opened.body["amount"]), ("usd", &json!(2000)), "the dispute is the bank's");
    let lost = does(&mut shop, &opened.id(), "close", &json!({ "outcome": "lost" }));
    assert_eq!(moved(&lost), booked(&[(-1825, 1500, "dispute"), (456, 0, "dispute_reversal")]));
    assert_eq!(balance(&shop), (500, 1500, 0), "in the payment's currency");
    shop.control("settlement", &json!({}));
    let more = shop.control("disputes", &json!({ "payment_intent": id, "amount": 1 }));
    assert_eq!((more.status, more.body["error"]["param"].as_str()), (400, Some("amount")), "nothing is left");
}

#[test]
fn test_mode_decides_by_the_evidence() {
    for (inquiry, text, status) in [
        (false, "winning_evidence", "won"),
        (false, "losing_evidence", "lost"),
        (true, "escalate_inquiry_evidence", "needs_response"),
        (false, "escalate_inquiry_evidence", "under_review"),
        (true, "we sent it", "warning_under_review"),
    ] {
        let mut shop = Shop::new();
        let id = shop.pay(if inquiry { "pm_card_createDisputeInquiry" } else { "pm_card_createDispute" }).id();
        let open = shop.get(&format!("/v1/disputes?payment_intent={id}")).body["data"][0].clone();
        let path = format!("/v1/disputes/{}", open["id"].as_str().unwrap());
        let staged = shop.post(&path, "evidence[customer_name]=Ada&submit=false");
        assert_eq!(staged.body["status"], open["status"], "staged only");
        let details = &staged.body["evidence_details"];
        assert_eq!((&details["has_evidence"], &details["submission_method"]), (&json!(true), &json!("not_submitted")));
        let answered = shop.post(&path, &format!("evidence[uncategorized_text]={text}"));
        assert_eq!(answered.text("status"), status, "{text}");
        assert_eq!(answered.body["evidence"]["customer_name"], "Ada", "what was staged is kept");
        assert_eq!(answered.body["evidence_details"]["submission_count"], 1);
    }
}
