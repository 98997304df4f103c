//! What staff do in Stripe's dashboard, without the shop.

use std::time::Duration;

use domain::OrderId;
use sandbox::{Fault, FaultKind};

use super::browser::Browser;
use super::workload::Method;

/// Refunds some or all of a payment.
pub async fn act(browser: &Browser, order: OrderId, intent: Option<&str>) {
    let Some(intent) = intent else { return };
    browser.think(Duration::from_mins(3)).await;
    let amount = browser.world.amount(100 + browser.rng.below(900)).to_string();
    let part: &[(&str, &str)] = &[("payment_intent", intent), ("amount", &amount)];
    let form = if browser.rng.percent(50) { part } else { &part[..1] };
    browser.stripe(order, "/_sandbox/stripe/refunds", form).await;
}

/// Begins a payment for an order that nobody can cancel until faults stop, as only its page ends that of a Checkout Session.
pub async fn begin_for_good(browser: &Browser, order: OrderId) {
    let id = order.to_string();
    let form = [
        ("amount", "2900"),
        ("currency", browser.world.currency),
        ("metadata[order_id]", &id),
        ("payment_method", Method::Declined.id()),
    ];
    let begun = browser.stripe(order, "/_sandbox/stripe/payment_intents", &form).await;
    if let Some(intent) = begun.as_ref().and_then(|begun| begun.text("/id")) {
        let fault = Fault::new(FaultKind::Unavailable).on("POST", &format!("/v1/payment_intents/{intent}/cancel"));
        browser.world.sandbox.lock().faults.add(fault);
    }
}

/// A payment for an order that did not go through the shop, such as a payment link or a terminal.
pub async fn pay(browser: &Browser, order: OrderId, amount: &str) {
    let id = order.to_string();
    let form = [("amount", amount), ("currency", browser.world.currency), ("metadata[order_id]", &id)];
    let paid = browser.stripe(order, "/_sandbox/stripe/payment_intents", &form).await;
    if let Some(intent) = paid.as_ref().and_then(|paid| paid.text("/id")) {
        browser.world.promises.record(|promised| {
            promised.elsewhere.insert(intent.to_owned());
        });
    }
}
