//! Staff fulfil paid orders, make refunds, and review orders.

use std::rc::Rc;
use std::time::Duration;

use domain::{OrderId, RefundActionId};
use serde_json::json;

use super::browser::{Ask, Browser, Reply};
use super::customer::Customer;
use crate::rng::SimRng;
use crate::world::World;

/// The possible decisions of a review.
const DECISIONS: [&str; 3] = ["accept", "refund_excess", "refund_all"];
/// How often staff look whether an order needs a review.
const LOOKS: u32 = 3;

/// A staff member who handles one order.
#[derive(Clone, Debug)]
pub struct Staff {
    browser: Browser,
    order: OrderId,
}

impl Staff {
    /// A staff member for this order.
    pub fn of(world: &Rc<World>, order: OrderId, rng: Rc<SimRng>) -> Self {
        Self { browser: Browser { world: Rc::clone(world), token: world.staff.clone(), rng }, order }
    }

    /// A staff member for a customer's order.
    pub fn about(customer: &Customer) -> Self {
        Self::of(&customer.browser.world, customer.order, Rc::clone(&customer.browser.rng))
    }

    /// Does several things to an order, some of them at once.
    pub async fn work(&self) {
        let rng = &self.browser.rng;
        self.browser.think(Duration::from_mins(2)).await;
        if rng.percent(40) {
            self.fulfil().await;
        }
        if rng.percent(60) {
            let most = 1 + rng.below(3);
            let refunds: Vec<_> = (0..most)
                .map(|n| (n, rng.percent(70).then(|| self.browser.world.amount(100 + rng.below(2_000)))))
                .collect();
            futures::future::join_all(refunds.into_iter().map(|(n, amount)| self.refund(n, amount))).await;
        }
        if rng.percent(30) {
            self.review().await;
        }
    }

    /// Marks the order as fulfilled.
    pub async fn fulfil(&self) {
        if self.browser.ask(Ask::post(self.order, "fulfil")).await.is_some_and(|reply| reply.is_good()) {
            self.browser.world.promises.record(|promised| {
                promised.fulfilled.insert(self.order);
            });
        }
    }

    /// Records the transfer that pays the order.
    pub async fn mark_paid(&self, reference: &str, amount: i64) {
        self.browser.think(Duration::from_secs(2)).await;
        let ask = Ask::post(self.order, "mark-paid").with(json!({ "reference": reference, "amount": amount }));
        let (order, id, reply) = (self.order, reference.to_owned(), self.browser.ask(ask).await);
        self.browser.world.promises.record(|promised| match reply {
            Some(reply) if reply.is_good() => _ = promised.booked.entry(order).or_default().insert(id),
            Some(_) => _ = promised.not_booked.entry(order).or_default().insert(id),
            None => _ = promised.unanswered.insert((order, id)),
        });
    }

    /// Refunds this amount, or all that is left; sometimes with two clicks at once.
    pub async fn refund(&self, n: u32, amount: Option<u32>) {
        self.browser.think(Duration::from_secs(2)).await;
        let mut body = json!({ "reason": "requested_by_customer" });
        if let Some(amount) = amount {
            body["amount"] = amount.into();
        }
        let key = format!("refund-{n}");
        let ask = Ask::post(self.order, "refunds").with_key(&key).with(body);
        let clicks = if self.browser.rng.percent(30) { 2 } else { 1 };
        let clicked = (0..clicks).map(|_| self.browser.ask(ask.clone()));
        for reply in futures::future::join_all(clicked).await {
            self.remember(&key, reply.as_ref());
        }
    }

    /// Records that money was returned by bank transfer.
    pub async fn transfer_back(&self, n: u32, amount: Option<u32>) {
        self.browser.think(Duration::from_secs(2)).await;
        let mut body = json!({ "reason": "requested_by_customer", "transfer_reference": format!("BACK {n}") });
        if let Some(amount) = amount {
            body["amount"] = amount.into();
        }
        let key = format!("back-{n}");
        let ask = Ask::post(self.order, "refunds").with_key(&key).with(body);
        self.remember(&key, self.browser.ask(ask).await.as_ref());
    }

    fn remember(&self, key: &str, reply: Option<&Reply>) {
        let Ok(key) = key.parse() else { return };
        let (order, id) = (self.order, RefundActionId::derived(self.order, &key).to_string());
        let amount = |reply: &Reply| reply.body["amount"].as_i64().filter(|_| reply.is_good());
        self.browser.world.promises.record(|promised| match reply.map(amount) {
            Some(Some(amount)) => _ = promised.refunds.entry(order).or_default().insert(id, amount),
            Some(None) => _ = promised.refused_refunds.entry(order).or_default().insert(id),
            None => _ = promised.unanswered.insert((order, id)),
        });
    }

    /// Waits until the order needs a review, and has two people decide at once.
    pub async fn decide(&self) {
        for _ in 0..LOOKS {
            self.browser.think(Duration::from_mins(4)).await;
            futures::join!(self.review(), self.review());
        }
    }

    /// Decides the order's review, if it needs one.
    pub async fn review(&self) {
        let Some(reply) = self.browser.ask(Ask::get(self.order)).await else { return };
        if reply.text("/status") != Some("needs_review") {
            return;
        }
        let decision = *self.browser.rng.pick(&DECISIONS).unwrap_or(&DECISIONS[0]);
        let ask = Ask::post(self.order, "resolve-review").with(json!({ "decision": decision }));
        if self.browser.ask(ask).await.is_some_and(|reply| reply.is_good()) {
            self.browser.world.promises.record(|promised| {
                promised.reviewed.insert(self.order);
            });
        }
    }
}
