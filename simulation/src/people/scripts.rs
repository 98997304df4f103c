//! Canonical stories of one order, always the same: what crash points are walked on.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use futures::future::LocalBoxFuture;

use super::browser::Reply;
use super::customer::Customer;
use super::dashboard;
use super::staff::Staff;
use super::wishes::{Method, cart};
use crate::world::World;

/// A story of one order.
pub struct Script {
    /// What it is called.
    pub name: &'static str,
    play: for<'a> fn(&'a Customer) -> LocalBoxFuture<'a, ()>,
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// All of them.
pub const SCRIPTS: &[Script] = &[
    Script { name: "place and pay", play: |customer| Box::pin(pay(customer, Method::Card)) },
    Script { name: "declined, then paid", play: |customer| Box::pin(pay(customer, Method::Declined)) },
    Script { name: "3-D Secure", play: |customer| Box::pin(pay(customer, Method::Secure)) },
    Script { name: "a debit that comes through", play: |customer| Box::pin(pay(customer, Method::Debit)) },
    Script { name: "cancel before paying", play: |customer| Box::pin(cancel(customer, None)) },
    Script { name: "cancel after paying", play: |customer| Box::pin(cancel(customer, Some(Method::Card))) },
    Script {
        name: "cancel while the bank is at work",
        play: |customer| Box::pin(cancel(customer, Some(Method::Debit))),
    },
    Script { name: "a refund that fails", play: |customer| Box::pin(cancel(customer, Some(Method::RefundFails))) },
    Script { name: "late money", play: |customer| Box::pin(late_money(customer)) },
    Script { name: "two tabs", play: |customer| Box::pin(two_tabs(customer)) },
    Script { name: "a dispute", play: |customer| Box::pin(pay(customer, Method::Disputed)) },
    Script { name: "fulfilled, then refunded", play: |customer| Box::pin(refunds(customer, true, &[None])) },
    Script {
        name: "two refunds at once",
        play: |customer| Box::pin(refunds(customer, false, &[Some(500), Some(500)])),
    },
    Script {
        name: "more refunds than money",
        play: |customer| Box::pin(refunds(customer, false, &[Some(2000), None])),
    },
    Script { name: "never paid", play: |customer| Box::pin(async { drop(place(customer).await) }) },
    Script { name: "a refund in the dashboard", play: |customer| Box::pin(from_the_dashboard(customer)) },
];

/// Nothing but that.
pub static PLACE_AND_PAY: Script =
    Script { name: "place and pay", play: |customer| Box::pin(pay(customer, Method::Card)) };
/// Money goes back in two parts.
pub static TWO_REFUNDS: Script = Script { name: "two refunds", play: |customer| Box::pin(two_refunds(customer)) };
/// Everybody wants the last pieces at once.
pub static RUSH: Script = Script { name: "a rush", play: |customer| Box::pin(rush(customer)) };
/// The money comes before the order, or with it.
pub static MONEY_FIRST: Script = Script { name: "money first", play: |customer| Box::pin(money_first(customer)) };

impl Script {
    /// Plays it with the `n`-th customer of a run.
    pub async fn play(&self, world: &Rc<World>, n: u64) {
        if let Some(customer) = Customer::new(world, n) {
            (self.play)(&customer).await;
        }
    }
}

async fn place(customer: &Customer) -> Option<Reply> {
    customer.place(&cart(&[("mug", 2)], "ada@example.com"), 1).await
}

async fn pay(customer: &Customer, method: Method) {
    let Some(placed) = place(customer).await else { return };
    customer.pay(Some(&placed), method).await;
    customer.come_back().await;
}

async fn cancel(customer: &Customer, after: Option<Method>) {
    match after {
        Some(method) => pay(customer, method).await,
        None => drop(place(customer).await),
    }
    customer.cancel().await;
}

/// The customer calls it off in one tab and pays in the other, before anybody has voided the intent.
async fn late_money(customer: &Customer) {
    let Some(placed) = place(customer).await else { return };
    futures::join!(customer.pay(Some(&placed), Method::Card), customer.cancel());
}

async fn two_tabs(customer: &Customer) {
    let Some(placed) = place(customer).await else { return };
    futures::join!(customer.pay(Some(&placed), Method::Secure), customer.pay(None, Method::Card));
    customer.come_back().await;
}

async fn refunds(customer: &Customer, is_sent: bool, amounts: &[Option<u32>]) {
    pay(customer, Method::Card).await;
    let staff = Staff::of(&customer.browser.world, customer.order, Rc::clone(&customer.browser.chance));
    if is_sent {
        staff.fulfil().await;
    }
    futures::future::join_all((0..).zip(amounts).map(|(n, amount)| staff.refund(n, *amount))).await;
}

async fn from_the_dashboard(customer: &Customer) {
    let Some(placed) = place(customer).await else { return };
    customer.pay(Some(&placed), Method::Card).await;
    customer.browser.think(Duration::from_secs(30)).await;
    dashboard::act(&customer.browser, customer.order, placed.text("/payment/intent_id")).await;
}

async fn two_refunds(customer: &Customer) {
    let Some(placed) = place(customer).await else { return };
    customer.pay(Some(&placed), Method::Card).await;
    let Some(intent) = placed.text("/payment/intent_id") else { return };
    for amount in ["100", "200"] {
        customer.browser.think(Duration::from_mins(3)).await;
        let form = [("payment_intent", intent), ("amount", amount)];
        customer.browser.stripe(customer.order, "/_sandbox/stripe/refunds", &form).await;
    }
}

async fn rush(customer: &Customer) {
    customer.browser.think(Duration::from_secs(2)).await;
    let Some(placed) = customer.place(&cart(&[("rare", 2)], "ada@example.com"), 1).await else { return };
    customer.pay(Some(&placed), Method::Card).await;
    customer.come_back().await;
}

async fn money_first(customer: &Customer) {
    let order = customer.order.to_string();
    let form = [
        ("amount", "2900"),
        ("currency", "eur"),
        ("metadata[order_id]", &order),
        ("payment_method", Method::Secure.id()),
    ];
    let paid = async {
        let path = "/_sandbox/stripe/payment_intents";
        let Some(intent) = customer.browser.stripe(customer.order, path, &form).await else { return };
        customer.browser.think(Duration::from_secs(3)).await;
        let path = format!("{path}/{}/authenticate", intent.text("/id").unwrap_or_default());
        customer.browser.stripe(customer.order, &path, &[("outcome", "success")]).await;
    };
    let placed = async {
        customer.browser.think(Duration::from_secs(6)).await;
        // Whoever has paid does not give up.
        while place(customer).await.is_none() {}
    };
    futures::join!(paid, placed);
}
