//! Staff: send what is paid, give money back, decide what is in doubt.

use std::rc::Rc;
use std::time::Duration;

use domain::{OrderId, RefundActionId};
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

    /// Notes the transfer that pays the order.
    pub async fn mark_paid(&self, reference: &str) {
        self.browser.think(Duration::from_secs(2)).await;
        let ask = Ask::post(self.order, "mark-paid").with(json!({ "reference": reference }));
        let Some(reply) = self.browser.ask(ask).await else { return };
        self.browser.world.promises.note(|promised| {
            let told = if reply.is_good() { &mut promised.booked } else { &mut promised.not_booked };
            told.entry(self.order).or_default().insert(reference.to_owned());
        });
    }

    /// Gives so much back, or all that is left; now and then by two clicks at once.
    pub async fn refund(&self, n: u32, amount: Option<u32>) {
        self.browser.think(Duration::from_secs(2)).await;
        let mut body = json!({ "reason": "requested_by_customer" });
        if let Some(amount) = amount {
            body["amount"] = amount.into();
        }
        let key = format!("refund-{n}");
        let ask = Ask::post(self.order, "refunds").with_key(&key).with(body);
        let clicks = if self.browser.chance.percent(30) { 2 } else { 1 };
        let clicked = (0..clicks).map(|_| self.browser.ask(ask.clone()));
        for reply in futures::future::join_all(clicked).await.into_iter().flatten() {
            self.remember(&key, &reply);
        }
    }

    fn remember(&self, key: &str, reply: &Reply) {
        let Ok(key) = key.parse() else { return };
        let id = RefundActionId::derived(self.order, &key).to_string();
        self.browser.world.promises.note(|promised| match reply.body["amount"].as_i64().filter(|_| reply.is_good()) {
            Some(amount) => _ = promised.refunds.entry(self.order).or_default().insert(id, amount),
            None => _ = promised.refused_refunds.entry(self.order).or_default().insert(id),
        });
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
