//! A customer places an order, pays for it, looks at it, edits it and cancels it.

use std::rc::Rc;
use std::time::Duration;

use domain::{CustomerId, IdempotencyKey, OrderId};
use serde_json::{Value, json};

use super::browser::{Ask, Browser, Reply};
use super::workload::{Method, cart, lines};
use crate::fixture::Token;
use crate::world::World;

/// A customer with one order.
#[derive(Clone, Debug)]
pub struct Customer {
    pub browser: Browser,
    pub order: OrderId,
    key: String,
}

/// What the shop returned for the payment.
#[derive(Clone, Debug)]
pub struct Payable {
    intent: String,
    secret: String,
}

impl Customer {
    /// The `n`-th customer of a run.
    pub fn new(world: &Rc<World>, n: u64) -> Option<Self> {
        let rng = Rc::new(world.rng(1000 + n));
        let token = world.customers.get(usize::try_from(n).ok()? % world.customers.len())?.clone();
        let key = format!("order-{n}");
        let order = order(&token, &key)?;
        Some(Self { browser: Browser { world: Rc::clone(world), token, rng }, order, key })
    }

    /// The same customer with the `n`-th other order.
    pub fn with_another_order(&self, n: u32) -> Option<Self> {
        let key = format!("{}-{n}", self.key);
        let order = order(&self.browser.token, &key)?;
        Some(Self { browser: self.browser.clone(), order, key })
    }

    /// The service that orders in the same shop, with the same order.
    pub fn of_a_service(&self) -> Option<Self> {
        let token = self.browser.world.service.clone();
        let order = order(&token, &self.key)?;
        Some(Self { browser: Browser { token, ..self.browser.clone() }, order, key: self.key.clone() })
    }

    /// Places the order, with that many clicks at once; `None` when it was refused or the outcome is unknown.
    pub async fn place(&self, cart: &Value, clicks: u32) -> Option<Reply> {
        let mut cart = cart.clone();
        cart["currency"] = self.browser.world.currency.to_uppercase().into();
        let ask = Ask::post(self.order, "").with_key(&self.key).with(cart);
        let clicked = (0..clicks.max(1)).map(|_| async {
            let reply = self.browser.ask(ask.clone()).await;
            if reply.as_ref().is_some_and(Reply::is_good) {
                self.browser.world.promises.record(|promised| {
                    promised.placed.insert(self.order);
                });
            }
            reply
        });
        let replies = futures::future::join_all(clicked).await;
        if replies.iter().all(|reply| reply.as_ref().is_some_and(|reply| !reply.is_good())) {
            self.browser.world.promises.record(|promised| {
                promised.refused.insert(self.order);
            });
        }
        replies.into_iter().flatten().find(Reply::is_good)
    }

    /// Whether the shop refused the order for good.
    pub fn is_refused(&self) -> bool {
        self.browser.world.promises.all().refused.contains(&self.order)
    }

    /// Reuses the idempotency key for another request, by mistake. The shop must not treat it as the same request.
    pub async fn mix_up(&self) {
        let ask = Ask::post(self.order, "").with_key(&self.key).with(cart(&[("mug", 9)], "ada@example.com"));
        if self.browser.ask_once(&ask).await.is_some_and(|reply| reply.is_good()) {
            self.browser.world.promises.record(|promised| {
                promised.mixed_up.insert(self.order);
            });
        }
    }

    /// Looks at the order.
    pub async fn look(&self) {
        self.browser.ask_once(&Ask::get(self.order)).await;
    }

    /// Pays with the payment intent of an earlier answer, or with a new one.
    pub async fn pay(&self, placed: Option<&Reply>, method: Method) {
        let Some(payable) = self.payable(placed).await else { return };
        self.browser.think(Duration::from_secs(20)).await;
        let answer = self.confirm(&payable, method).await;
        match (method, status(answer.as_ref())) {
            (Method::Secure, Some("requires_action")) => self.authenticate(&payable, true).await,
            (Method::SecureFailed, Some("requires_action")) => {
                self.authenticate(&payable, false).await;
                self.confirm(&payable, Method::Card).await;
            }
            (Method::Declined, _) if answer.as_ref().is_some_and(|reply| reply.status == 402) => {
                self.browser.think(Duration::from_secs(10)).await;
                self.confirm(&payable, Method::Card).await;
            }
            // The connection broke: the customer presses the button again.
            (_, None) => drop(self.confirm(&payable, method).await),
            _ => {}
        }
    }

    async fn payable(&self, placed: Option<&Reply>) -> Option<Payable> {
        if let Some(payable) = placed.and_then(payable) {
            return Some(payable);
        }
        payable(&self.browser.ask(Ask::post(self.order, "payment-intent")).await?)
    }

    async fn confirm(&self, payable: &Payable, method: Method) -> Option<Reply> {
        let path = format!("/v1/payment_intents/{}/confirm", payable.intent);
        let form = [
            ("client_secret", payable.secret.as_str()),
            ("payment_method", method.id()),
            ("return_url", "http://shop.test/back"),
        ];
        let answer = self.browser.stripe(self.order, &path, &form).await;
        self.remember(answer.as_ref());
        answer
    }

    async fn authenticate(&self, payable: &Payable, passes: bool) {
        self.browser.think(Duration::from_secs(30)).await;
        let path = format!("/_sandbox/stripe/payment_intents/{}/authenticate", payable.intent);
        let outcome = if passes { "success" } else { "fail" };
        let answer = self.browser.stripe(self.order, &path, &[("outcome", outcome)]).await;
        self.remember(answer.as_ref());
    }

    fn remember(&self, answer: Option<&Reply>) {
        if status(answer) == Some("succeeded") {
            self.browser.world.promises.record(|promised| {
                promised.paid.insert(self.order);
            });
        }
    }

    /// Returns from Stripe to the shop.
    pub async fn come_back(&self) {
        self.browser.ask(Ask::post(self.order, "confirm-payment")).await;
    }

    /// Edits the cart.
    pub async fn edit(&self, of: &[(impl AsRef<str>, u32)]) {
        let reply = self.browser.ask(Ask::patch(self.order).with(json!({ "lines": lines(of) }))).await;
        let is_done = reply.as_ref().is_some_and(Reply::is_good);
        // The outcome of a request without an answer is unknown, also when its retry came too late.
        if is_done || reply.is_none_or(|reply| reply.is_repeat) {
            self.browser.world.promises.record(|promised| {
                let edits = if is_done { &mut promised.edits } else { &mut promised.perhaps_edits };
                edits
                    .entry(self.order)
                    .or_default()
                    .insert(of.iter().map(|(sku, n)| (sku.as_ref().to_owned(), *n)).collect());
            });
        }
    }

    /// Has the bank transfer the order's current total. Returns the amount.
    pub async fn transfer(&self, reference: &str) -> Option<i64> {
        let amount = self.browser.ask(Ask::get(self.order)).await?.body["total"].as_i64()?;
        self.browser.world.promises.record(|promised| {
            promised.transfers.entry(self.order).or_default().insert(reference.to_owned(), amount);
        });
        Some(amount)
    }

    /// Cancels the order.
    pub async fn cancel(&self) {
        let reply = self.browser.ask(Ask::post(self.order, "cancel")).await;
        if reply.is_some_and(|reply| reply.is_good()) {
            self.browser.world.promises.record(|promised| {
                promised.cancelled.insert(self.order);
            });
        }
    }
}

/// The order that this idempotency key places.
fn order(token: &Token, key: &str) -> Option<OrderId> {
    Some(OrderId::derived(token.id.parse::<CustomerId>().ok()?, &key.parse::<IdempotencyKey>().ok()?))
}

fn payable(reply: &Reply) -> Option<Payable> {
    let text = |pointer| reply.text(pointer).map(str::to_owned);
    Some(Payable { intent: text("/payment/intent_id")?, secret: text("/payment/client_secret")? })
}

fn status(reply: Option<&Reply>) -> Option<&str> {
    reply?.text("/status")
}
