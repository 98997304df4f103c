//! A customer's bank: it withdraws disputed money, and keeps it when it is not convinced.

use std::time::Duration;

use domain::OrderId;

use super::browser::Browser;

/// Inquires about a payment or withdraws its money, and decides in the end, or never.
pub async fn dispute(browser: &Browser, order: OrderId, intent: Option<&str>) {
    let Some(intent) = intent else { return };
    browser.think(Duration::from_mins(10)).await;
    let asks_first = browser.rng.percent(30);
    let form = [("payment_intent", intent), ("inquiry", if asks_first { "true" } else { "false" })];
    let Some(opened) = browser.stripe(order, "/_sandbox/stripe/disputes", &form).await else { return };
    let Some(id) = opened.text("/id") else { return };
    let path = |what| format!("/_sandbox/stripe/disputes/{id}/{what}");
    if asks_first && browser.rng.percent(60) {
        browser.think(Duration::from_mins(20)).await;
        browser.stripe(order, &path("escalate"), &[]).await;
    }
    if browser.rng.percent(50) {
        browser.think(Duration::from_mins(20)).await;
        browser.stripe(order, &path("review"), &[]).await;
    }
    if browser.rng.percent(85) {
        close(browser, order, id, if browser.rng.percent(50) { "won" } else { "lost" }).await;
    }
}

/// Decides about a dispute.
pub async fn close(browser: &Browser, order: OrderId, id: &str, outcome: &str) {
    browser.think(Duration::from_mins(40)).await;
    browser.stripe(order, &format!("/_sandbox/stripe/disputes/{id}/close"), &[("outcome", outcome)]).await;
}
