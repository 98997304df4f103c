//! Staff: send what is paid, give money back, decide what is in doubt.

use std::rc::Rc;
use std::time::Duration;

use domain::OrderId;
use serde_json::{Value, json};

use super::browser::{Ask, Browser, Reply};
use crate::chance::Chance;
use crate::world::World;

/// Somebody of the staff, about one order.
#[derive(Clone, Debug)]
pub struct Staff {
    browser: Browser,
    order: OrderId,
}

impl Staff {
    /// Somebody who looks after this order.
    pub fn of(world: &Rc<World>, order: OrderId, chance: Rc<Chance>) -> Self {
        Self { browser: Browser { world: Rc::clone(world), token: world.staff.clone(), chance }, order }
    }

    /// Does what comes to mind about an order, some of it at once.
    pub async fn work(&self) {
        let chance = &self.browser.chance;
        self.browser.think(Duration::from_mins(2)).await;
        if chance.percent(40) {
            self.fulfil().await;
        }
        if chance.percent(60) {
            let most = 1 + chance.below(3);
            let refunds: Vec<_> =
                (0..most).map(|n| (n, chance.percent(70).then(|| 100 + chance.below(2_000)))).collect();
            futures::future::join_all(refunds.into_iter().map(|(n, amount)| self.refund(n, amount))).await;
        }
        if chance.percent(30) {
            self.review().await;
        }
    }

    /// Says that it was sent.
    pub async fn fulfil(&self) {
        self.browser.ask(Ask::post(self.order, "fulfil")).await;
    }

    /// Gives so much back, or all that is left; now and then by two clicks at once.
    pub async fn refund(&self, n: u32, amount: Option<u32>) {
        self.browser.think(Duration::from_secs(2)).await;
        let mut body = json!({ "reason": "requested_by_customer" });
        if let Some(amount) = amount {
            body["amount"] = amount.into();
        }
        let ask = Ask::post(self.order, "refunds").with_key(&format!("refund-{n}")).with(body);
        let clicks = if self.browser.chance.percent(30) { 2 } else { 1 };
        let clicked = (0..clicks).map(|_| self.browser.ask(ask.clone()));
        for reply in futures::future::join_all(clicked).await.into_iter().flatten().filter(Reply::is_good) {
            let (Some(id), Some(amount)) = (reply.text("/refund_id"), reply.body["amount"].as_i64()) else { continue };
            self.browser.world.promises.note(|promised| {
                promised.refunds.entry(self.order).or_default().insert(id.to_owned(), amount);
            });
        }
    }

    /// Decides about it, should it need that.
    pub async fn review(&self) {
        let Some(reply) = self.browser.ask(Ask::get(self.order)).await else { return };
        if reply.text("/status") != Some("needs_review") {
            return;
        }
        let decisions = ["accept", "refund_excess", "refund_all"];
        let decision = Value::from(*self.browser.chance.pick(&decisions).unwrap_or(&decisions[0]));
        self.browser.ask(Ask::post(self.order, "resolve-review").with(json!({ "decision": decision }))).await;
    }
}
