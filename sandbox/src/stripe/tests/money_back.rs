//! Refunds and disputes.

use super::*;

fn refund(shop: &mut Shop, intent: &str, rest: &str) -> Reply {
    shop.post("/v1/refunds", &format!("payment_intent={intent}{rest}"))
}

#[test]
fn refunds_never_exceed_the_charge() {
    let mut shop = Shop::new();
    let paid = shop.pay("pm_card_visa");
    let (id, charge) = (paid.id(), paid.text("latest_charge").to_owned());
    let over = refund(&mut shop, &id, "&amount=2001");
    assert_eq!(
        (over.status, over.code(), over.body["error"]["param"].as_str()),
        (400, "invalid_request_error", Some("amount"))
    );
    assert_eq!(refund(&mut shop, &id, "&amount=0").code(), "parameter_invalid_integer");
    shop.told();
    let part = refund(&mut shop, &id, "&amount=500&reason=requested_by_customer&metadata[refund]=r1");
    assert_eq!((part.text("status"), part.text("charge")), ("succeeded", charge.as_str()));
    assert_eq!(shop.told(), ["refund.created", "charge.refunded"]);
    let over = refund(&mut shop, &id, "&amount=1501");
    assert_eq!(over.code(), "invalid_request_error", "Stripe gives no code");
    let message = over.body["error"]["message"].as_str().unwrap();
    assert_eq!(message, "Refund amount ($15.01 usd) is greater than unrefunded amount on charge ($15.00 usd)");
    assert_eq!(refund(&mut shop, &id, "").body["amount"], 1500, "the rest");
    assert_eq!(refund(&mut shop, &id, "").code(), "charge_already_refunded");
    let charge = shop.get(&format!("/v1/charges/{charge}?expand[]=refunds"));
    assert_eq!((&charge.body["amount_refunded"], &charge.body["refunded"]), (&json!(2000), &json!(true)));
    assert_eq!(charge.body["refunds"]["data"].as_array().unwrap().len(), 2);
    let list = shop.get(&format!("/v1/refunds?payment_intent={id}"));
    assert_eq!(list.body["data"].as_array().unwrap().len(), 2);
}

#[test]
fn what_was_not_taken_cannot_be_refunded() {
    let mut shop = Shop::new();
    let open = shop.post("/v1/payment_intents", "amount=2000&currency=usd").id();
    assert_eq!(refund(&mut shop, &open, "").code(), "payment_intent_unexpected_state");
    let debit = shop.pay("pm_usBankAccount").id();
    assert_eq!(refund(&mut shop, &debit, "").code(), "payment_intent_unexpected_state");
    assert_eq!(refund(&mut shop, "pi_nope", "").code(), "resource_missing");
    assert_eq!(shop.post("/v1/refunds", "amount=5").code(), "parameter_missing");
    assert_eq!(shop.post("/v1/refunds", "charge=ch_nope").code(), "resource_missing");
}

#[test]
fn a_refund_can_fail_later_and_the_money_is_refundable_again() {
    let mut shop = Shop::new();
    let id = shop.pay("pm_card_visa").id();
    let first = refund(&mut shop, &id, "").id();
    shop.told();
    let failed = shop.control(&format!("refunds/{first}/fail"), &json!({}));
    assert_eq!((failed.text("status"), failed.text("failure_reason")), ("failed", "expired_or_canceled_card"));
    assert_eq!(shop.told(), ["refund.failed", "refund.updated", "charge.refund.updated"]);
    shop.control(&format!("refunds/{first}/fail"), &json!({}));
    assert!(shop.told().is_empty(), "it fails once");
    assert_eq!(refund(&mut shop, &id, "").body["amount"], 2000);
}

#[test]
fn test_cards_make_refunds_fail_or_wait_by_themselves() {
    let mut shop = Shop::new();
    let id = shop.pay("pm_card_refundFail").id();
    let fails = refund(&mut shop, &id, "");
    assert_eq!(fails.text("status"), "succeeded", "at first");
    let id = shop.pay("pm_card_pendingRefund").id();
    let waits = refund(&mut shop, &id, "");
    assert_eq!(waits.text("status"), "pending");
    shop.pass(2);
    assert_eq!(shop.get(&format!("/v1/refunds/{}", fails.id())).text("status"), "failed");
    assert_eq!(shop.get(&format!("/v1/refunds/{}", waits.id())).text("status"), "succeeded");
}

#[test]
fn a_refund_is_cancelled_only_while_the_customer_has_something_to_do() {
    let mut shop = Shop::new();
    let intent = shop.pay("pm_card_pendingRefund").id();
    let id = refund(&mut shop, &intent, "").id();
    assert_eq!(shop.post(&format!("/v1/refunds/{id}/cancel"), "").status, 400);
    shop.control(&format!("refunds/{id}/settle"), &json!({ "outcome": "requires_action" }));
    assert_eq!(shop.post(&format!("/v1/refunds/{id}/cancel"), "").text("status"), "canceled");
    assert_eq!(refund(&mut shop, &intent, "").body["amount"], 2000);
    let changed = shop.post(&format!("/v1/refunds/{id}"), "metadata[a]=b");
    assert_eq!(changed.body["metadata"]["a"], "b");
}

#[test]
fn a_dispute_takes_the_money_and_winning_it_brings_it_back() {
    let mut shop = Shop::new();
    let id = shop.pay("pm_card_visa").id();
    shop.told();
    let dispute = shop.control("disputes", &json!({ "payment_intent": id, "amount": 1500 }));
    assert_eq!((dispute.text("status"), &dispute.body["amount"]), ("needs_response", &json!(1500)));
    assert_eq!(shop.told(), ["charge.dispute.created", "charge.dispute.funds_withdrawn"]);
    assert_eq!(refund(&mut shop, &id, "").code(), "charge_disputed");
    assert_eq!(shop.control("disputes", &json!({ "payment_intent": id })).status, 400, "one at a time");

    let dispute = dispute.id();
    let answered = shop.post(&format!("/v1/disputes/{dispute}"), "evidence[uncategorized_text]=sent");
    assert_eq!(answered.text("status"), "under_review");
    let won = shop.control(&format!("disputes/{dispute}/close"), &json!({ "outcome": "won" }));
    assert_eq!(won.text("status"), "won");
    let told = shop.told();
    assert_eq!(told, ["charge.dispute.updated", "charge.dispute.closed", "charge.dispute.funds_reinstated"]);
    assert_eq!(shop.control(&format!("disputes/{dispute}/close"), &json!({ "outcome": "lost" })).status, 400);
}

#[test]
fn a_test_card_disputes_by_itself_and_can_be_lost() {
    let mut shop = Shop::new();
    let id = shop.pay("pm_card_createDispute").id();
    let list = shop.get(&format!("/v1/disputes?payment_intent={id}"));
    let dispute = list.body["data"][0]["id"].as_str().unwrap().to_owned();
    shop.told();
    assert_eq!(shop.post(&format!("/v1/disputes/{dispute}/close"), "").text("status"), "lost");
    assert_eq!(shop.told(), ["charge.dispute.closed"]);
}
