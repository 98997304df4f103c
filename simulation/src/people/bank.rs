//! A customer's bank: it withdraws disputed money, and keeps it when it is not convinced.

use std::time::Duration;

use domain::OrderId;

use super::browser::Browser;

/// What a bank takes, of a payment that may have been refunded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Claim {
    /// All that is left.
    Rest,
    /// Less than the cheapest cart.
    Part,
    /// More than the dearest cart, as with fees and exchange rates.
    Above,
}

impl Claim {
    fn drawn(browser: &Browser) -> Self {
        match browser.rng.below(100) {
            0..40 => Self::Part,
            40..55 => Self::Above,
            _ => Self::Rest,
        }
    }

    /// In minor units.
    const fn amount(self) -> Option<&'static str> {
        match self {
            Self::Rest => None,
            Self::Part => Some("400"),
            Self::Above => Some("1000000"),
        }
    }
}

/// Inquires about a payment or withdraws its money, all that is left of it, a part or more than it came to, and decides in
/// the end, or never. Some payments are disputed twice, and some losses appealed.
pub async fn dispute(browser: &Browser, order: OrderId, intent: Option<&str>) {
    let Some(intent) = intent else { return };
    browser.think(Duration::from_mins(10)).await;
    let claim = Claim::drawn(browser);
    one(browser, order, intent, claim).await;
    if claim == Claim::Part && browser.rng.percent(30) {
        one(browser, order, intent, Claim::Part).await;
    }
}

async fn one(browser: &Browser, order: OrderId, intent: &str, claim: Claim) {
    let asks_first = browser.rng.percent(30);
    let mut form = vec![("payment_intent", intent), ("inquiry", if asks_first { "true" } else { "false" })];
    form.extend(claim.amount().map(|amount| ("amount", amount)));
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
    if browser.rng.percent(10) {
        browser.think(Duration::from_mins(20)).await;
        browser.stripe(order, &path("prevent"), &[]).await;
    }
    if browser.rng.percent(15) {
        return;
    }
    let outcome = if browser.rng.percent(50) { "won" } else { "lost" };
    close(browser, order, id, outcome).await;
    if outcome == "lost" && browser.rng.percent(40) {
        browser.think(Duration::from_mins(20)).await;
        browser.stripe(order, &path("appeal"), &[]).await;
        if browser.rng.percent(80) {
            close(browser, order, id, if browser.rng.percent(60) { "won" } else { "lost" }).await;
        }
    }
}

/// Decides about a dispute.
pub async fn close(browser: &Browser, order: OrderId, id: &str, outcome: &str) {
    browser.think(Duration::from_mins(40)).await;
    browser.stripe(order, &format!("/_sandbox/stripe/disputes/{id}/close"), &[("outcome", outcome)]).await;
}
