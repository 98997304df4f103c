//! What happens to an order's money elsewhere: in Stripe's dashboard, at the customer's bank, days later.

use std::time::Duration;

use domain::OrderStatus::{
    self, Cancelled, ChargedBack, Disputed, NeedsReview, Paid, PartiallyRefunded, PaymentProcessing, PendingPayment,
};
use sandbox::{Fault, FaultKind, Provider};
use suite::Activity;

use super::shop::{PlacedOrder, Shop};

fn paid() -> (Shop, PlacedOrder) {
    let shop = Shop::open();
    let placed = shop.order("key-1");
    shop.pay(&placed, "pm_card_visa");
    shop.settle();
    assert_eq!(shop.status(&placed), Paid);
    (shop, placed)
}

/// Does something at Stripe, lets the shop hear of it, and gives the object and the order's status.
fn after(shop: &Shop, placed: &PlacedOrder, path: &str, form: &str) -> (String, OrderStatus) {
    let object = shop.control(path, form.to_owned());
    assert!(object["error"].is_null(), "{path} {form}: {object}");
    shop.settle();
    (object["id"].as_str().unwrap().to_owned(), shop.status(placed))
}

#[test]
fn money_that_does_not_fit_its_order_needs_a_review() {
    for (amount, currency) in [(2499, "eur"), (2501, "eur"), (2500, "usd")] {
        let shop = Shop::open();
        let placed = shop.order("key-1");
        let form = format!("amount={amount}&currency={currency}&metadata[order_id]={}", placed.order_id);
        let (_, status) = after(&shop, &placed, "payment_intents", &form);
        assert_eq!((status, shop.mails().len()), (NeedsReview, 0), "{amount} {currency}");
        assert_eq!(shop.rows()[0].1, "needs_review");
    }
}

#[test]
fn an_intent_that_somebody_changed_at_stripe_needs_a_review_once_it_is_paid() {
    let shop = Shop::open();
    let placed = shop.order("key-1");
    let path = format!("payment_intents/{}", placed.intent);
    assert_eq!(after(&shop, &placed, &path, "amount=100").1, PendingPayment);
    shop.pay(&placed, "pm_card_visa");
    shop.settle();
    assert_eq!(shop.status(&placed), NeedsReview);
}

#[test]
fn money_for_an_order_that_nobody_knows_is_taken_in_and_breaks_nothing() {
    let (shop, placed) = paid();
    let stranger = "ord_00000000000000000000000000000009";
    shop.control("payment_intents", format!("amount=2500&currency=eur&metadata[order_id]={stranger}"));
    let taken = |happened: &Activity| matches!(happened, Activity::Delivered { status: 200, .. });
    let delivered = shop.settle().into_iter().filter(|happened| matches!(happened, Activity::Delivered { .. }));
    let delivered: Vec<_> = delivered.collect();
    assert!(delivered.len() == 3 && delivered.iter().all(taken), "{delivered:?}");
    shop.assert_paid_once(&placed);
}

#[test]
fn a_refund_from_the_dashboard_flows_back_and_so_does_its_failure() {
    let (shop, placed) = paid();
    let form = format!("payment_intent={}&amount=1000", placed.intent);
    let (refund, status) = after(&shop, &placed, "refunds", &form);
    assert_eq!(status, PartiallyRefunded);
    assert_eq!(after(&shop, &placed, &format!("refunds/{refund}/fail"), "in_seconds=259200").1, PartiallyRefunded);
    shop.clock.advance(Duration::from_hours(72));
    shop.settle();
    assert_eq!(shop.status(&placed), Paid);
}

#[test]
fn a_dispute_holds_the_order_until_the_bank_decides() {
    for (outcome, end, end_of_part) in [("won", Paid, Paid), ("lost", ChargedBack, Paid)] {
        for (part, end) in [("", end), ("&amount=1000", end_of_part)] {
            let (shop, placed) = paid();
            let form = format!("payment_intent={}{part}", placed.intent);
            let (dispute, status) = after(&shop, &placed, "disputes", &form);
            assert_eq!(status, Disputed);
            assert_eq!(after(&shop, &placed, &format!("disputes/{dispute}/review"), "").1, Disputed);
            let decision = format!("outcome={outcome}");
            assert_eq!(after(&shop, &placed, &format!("disputes/{dispute}/close"), &decision).1, end, "{outcome}");
        }
    }
}

#[test]
fn an_inquiry_changes_nothing_unless_it_becomes_a_dispute() {
    let (shop, placed) = paid();
    let form = format!("payment_intent={}&inquiry=true", placed.intent);
    let (first, status) = after(&shop, &placed, "disputes", &form);
    assert_eq!(status, Paid);
    assert_eq!(after(&shop, &placed, &format!("disputes/{first}/close"), "").1, Paid);
    let (second, status) = after(&shop, &placed, "disputes", &form);
    assert_eq!(status, Paid);
    assert_eq!(after(&shop, &placed, &format!("disputes/{second}/escalate"), "").1, Disputed);
}

#[test]
fn a_debit_takes_days_and_ends_either_way() {
    for (method, outcome, end) in [
        ("pm_sepaDebit_success", "success", Paid),
        // By then its goods were held for too long.
        ("pm_sepaDebit_success", "fail", Cancelled),
        ("pm_sepaDebit_insufficientFunds", "fail", Cancelled),
    ] {
        let shop = Shop::open();
        let placed = shop.order("key-1");
        assert_eq!(shop.pay(&placed, method)["status"], "processing");
        let path = format!("payment_intents/{}/settle", placed.intent);
        let later = format!("outcome={outcome}&in_seconds=259200");
        assert_eq!(after(&shop, &placed, &path, &later).1, PaymentProcessing);
        shop.clock.advance(Duration::from_hours(72));
        shop.settle();
        assert_eq!(shop.status(&placed), end, "{method} {outcome}");
    }
}

#[test]
fn a_payment_that_no_webhook_told_of_is_an_event_and_found_by_the_return_page() {
    let shop = Shop::open();
    let placed = shop.order("key-1");
    shop.settle();
    shop.suffers(Fault::new(FaultKind::WebhookDrop { acknowledged: false }).at(Provider::Stripe).on_event("payment_"));
    shop.pay(&placed, "pm_card_visa");
    shop.settle();
    assert_eq!(shop.status(&placed), PendingPayment, "nobody told");
    let events = shop.at_stripe()["events"].clone();
    assert_eq!(
        (events[0]["type"].as_str(), &events[0]["pending_webhooks"]),
        (Some("payment_intent.succeeded"), &1.into())
    );
    // The return page asks Stripe.
    shop.post(&format!("/v1/orders/{}/confirm-payment", placed.order_id), None);
    shop.settle();
    shop.assert_paid_once(&placed);
}
