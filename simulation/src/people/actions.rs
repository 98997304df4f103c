//! What the people in the scenarios do.

use std::time::Duration;

use resilience::Clock as _;
use store::Orders as _;

use super::browser::Reply;
use super::customer::Customer;
use super::service::never_pay;
use super::staff::Staff;
use super::workload::{Method, by_invoice, cart};
use super::{bank, dashboard};
use crate::world::other_product;

/// Expired orders are cancelled within this time after their reservation ends.
const EXPIRED_AFTER: Duration = Duration::from_mins(70);

pub async fn place(customer: &Customer) -> Option<Reply> {
    customer.place(&cart(&[("mug", 2)], "ada@example.com"), 1).await
}

pub async fn pay(customer: &Customer, method: Method) {
    let Some(placed) = place(customer).await else { return };
    customer.pay(Some(&placed), method).await;
    customer.come_back().await;
}

pub async fn cancel(customer: &Customer, after: Option<Method>) {
    match after {
        Some(method) => pay(customer, method).await,
        None => drop(place(customer).await),
    }
    customer.cancel().await;
}

/// When an outage begins that [`cancel_in_an_outage`] runs into.
pub const OUTAGE_AFTER: Duration = Duration::from_mins(5);

/// The customer has paid when the providers go down, and cancels then.
pub async fn cancel_in_an_outage(customer: &Customer) {
    pay(customer, Method::Card).await;
    customer.browser.world.clock.sleep(OUTAGE_AFTER + Duration::from_mins(1)).await;
    customer.cancel().await;
}

/// How long a message that nobody can handle may stay in a queue.
const POISON_ENDS: Duration = Duration::from_mins(10);

/// In each queue is a message that nobody can read; it is a dead letter in time, and others are handled meanwhile.
pub async fn beside_poison(customer: &Customer) {
    let world = &customer.browser.world;
    let bus = world.suite.bus();
    let queues = &world.suite.wiring().queues;
    let consumed = || world.suite.wiring().queue_mappings.iter().map(|mapping| mapping.queue.as_str());
    for queue in consumed() {
        bus.send(queue, "not an event".to_owned(), std::collections::BTreeMap::new());
    }
    cancel(customer, Some(Method::Card)).await;
    world.clock.sleep(POISON_ENDS).await;
    for queue in consumed() {
        let dead_letters = queues.get(queue).and_then(|queue| queue.redrive.as_ref());
        if dead_letters.is_none_or(|redrive| bus.purge(&redrive.dead_letters) != 1) {
            world.promises.record(|promised| _ = promised.poison.insert(queue.to_owned()));
        }
    }
}

/// The customer cancels in one tab and pays in the other, before the intent is voided.
pub async fn late_money(customer: &Customer) {
    let Some(placed) = place(customer).await else { return };
    futures::join!(customer.pay(Some(&placed), Method::Card), customer.cancel());
}

pub async fn two_tabs(customer: &Customer) {
    let Some(placed) = place(customer).await else { return };
    futures::join!(customer.pay(Some(&placed), Method::Secure), customer.pay(None, Method::Card));
    customer.come_back().await;
}

pub async fn refunds(customer: &Customer, is_sent: bool, amounts: &[Option<u32>]) {
    pay(customer, Method::Card).await;
    let staff = Staff::about(customer);
    if is_sent {
        staff.fulfil().await;
    }
    futures::future::join_all((0..).zip(amounts).map(|(n, amount)| staff.refund(n, *amount))).await;
}

pub async fn from_the_dashboard(customer: &Customer) {
    let Some(placed) = place(customer).await else { return };
    customer.pay(Some(&placed), Method::Card).await;
    customer.browser.think(Duration::from_secs(30)).await;
    dashboard::act(&customer.browser, customer.order, placed.text("/payment/intent_id")).await;
}

pub async fn two_refunds(customer: &Customer) {
    let Some(placed) = place(customer).await else { return };
    customer.pay(Some(&placed), Method::Card).await;
    let Some(intent) = placed.text("/payment/intent_id") else { return };
    for amount in ["100", "200"] {
        customer.browser.think(Duration::from_mins(3)).await;
        let form = [("payment_intent", intent), ("amount", amount)];
        customer.browser.stripe(customer.order, "/_sandbox/stripe/refunds", &form).await;
    }
}

pub async fn rush(customer: &Customer) {
    customer.browser.think(Duration::from_secs(2)).await;
    let Some(placed) = customer.place(&cart(&[("rare", 2)], "ada@example.com"), 1).await else { return };
    customer.pay(Some(&placed), Method::Card).await;
    customer.come_back().await;
}

/// How often a customer who has paid tries to place the order, each time with all the tries of a browser.
const STUBBORN: usize = 100;

pub async fn money_first(customer: &Customer) {
    let order = customer.order.to_string();
    let form = [
        ("amount", "2900"),
        ("currency", customer.browser.world.currency),
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
        // A customer who has paid does not give up soon, unless the shop refuses for good.
        for _ in 0..STUBBORN {
            if place(customer).await.is_some() || customer.is_refused() {
                return;
            }
        }
    };
    futures::join!(paid, placed);
}

/// The customer pays when the reservation ends and the job that cancels expired orders runs.
pub async fn pay_at_the_last_moment(customer: &Customer) {
    let Some(placed) = place(customer).await else { return };
    customer.browser.world.clock.sleep(Duration::from_mins(58)).await;
    customer.browser.think(Duration::from_mins(7)).await;
    customer.pay(Some(&placed), Method::Card).await;
    customer.browser.think(Duration::from_mins(20)).await;
    customer.come_back().await;
}

/// The first customer leaves the goods until others have bought them, and then pays all the same. A customer who was
/// too late comes again.
pub async fn late_and_gone(customer: &Customer) {
    let rare = cart(&[("rare", 2)], "ada@example.com");
    if customer.place(&rare, 1).await.is_some() {
        customer.browser.world.clock.sleep(EXPIRED_AFTER + EXPIRED_AFTER).await;
        dashboard::pay(&customer.browser, customer.order, "1800").await;
        return;
    }
    customer.browser.world.clock.sleep(EXPIRED_AFTER).await;
    let Some(placed) = customer.place(&rare, 1).await else { return };
    customer.pay(Some(&placed), Method::Card).await;
    customer.come_back().await;
}

/// How many orders a hoarder places at once: more than may wait for payment.
const HOARD: u32 = 12;

/// The customer wants more than may wait for payment: places many orders at once, and has each hold more as soon as it is
/// there.
pub async fn hoard(customer: &Customer) {
    let product = other_product(0);
    let (pieces, more) = if customer.browser.rng.percent(50) { (1, 60) } else { (30, 70) };
    let cart = cart(&[(&product, pieces)], "ada@example.com");
    let orders = (0..HOARD).filter_map(|n| customer.with_another_order(n)).map(|order| {
        let (cart, product) = (&cart, product.as_str());
        async move {
            order.browser.think(Duration::from_secs(3)).await;
            if order.place(cart, 1).await.is_some() {
                order.edit(&[(product, more)]).await;
            }
        }
    });
    futures::future::join_all(orders).await;
}

pub async fn edit_in_one_tab(customer: &Customer) {
    let Some(placed) = place(customer).await else { return };
    let edit = async {
        customer.browser.think(Duration::from_secs(40)).await;
        customer.edit(&[("mug", 3)]).await;
    };
    futures::join!(customer.pay(Some(&placed), Method::Secure), edit);
    customer.pay(None, Method::Card).await;
    customer.come_back().await;
}

pub async fn edit_and_pay(customer: &Customer) {
    if place(customer).await.is_none() {
        return;
    }
    customer.edit(&[("pot", 1)]).await;
    customer.pay(None, Method::Card).await;
    customer.come_back().await;
}

/// A service that has ordered by invoice.
async fn invoice(customer: &Customer) -> Option<Customer> {
    let service = customer.of_a_service()?;
    service.place(&by_invoice(cart(&[("mug", 2)], "ada@example.com")), 1).await?;
    Some(service)
}

pub async fn invoiced(customer: &Customer) {
    let Some(service) = invoice(customer).await else { return };
    let Some(came) = service.transfer("RE 1").await else { return };
    let staff = Staff::about(&service);
    futures::join!(staff.mark_paid("RE 1", came), staff.mark_paid("RE 1", came));
}

/// The cart changes while the transfer for the former total is in flight.
pub async fn transfer_of_former_total(customer: &Customer) {
    let Some(service) = invoice(customer).await else { return };
    let Some(came) = service.transfer("RE 1").await else { return };
    service.edit(&[("mug", 3)]).await;
    Staff::about(&service).mark_paid("RE 1", came).await;
}

pub async fn late_invoice(customer: &Customer) {
    let Some(service) = invoice(customer).await else { return };
    service.edit(&[("mug", 3)]).await;
    never_pay(&service).await;
}

pub async fn transferred_back(customer: &Customer) {
    let Some(service) = invoice(customer).await else { return };
    let Some(came) = service.transfer("RE 1").await else { return };
    let Some(again) = service.transfer("RE 2").await else { return };
    let staff = Staff::about(&service);
    futures::join!(staff.mark_paid("RE 1", came), staff.mark_paid("RE 2", again));
    futures::join!(staff.transfer_back(1, Some(300)), staff.transfer_back(2, None));
}

/// The bank takes the money, and decides.
pub async fn disputed(customer: &Customer, outcome: &str) {
    let Some(placed) = place(customer).await else { return };
    customer.pay(Some(&placed), Method::Card).await;
    customer.come_back().await;
    let Some(intent) = placed.text("/payment/intent_id") else { return };
    let (browser, order) = (&customer.browser, customer.order);
    let opened = browser.stripe(order, "/_sandbox/stripe/disputes", &[("payment_intent", intent)]).await;
    let Some(id) = opened.as_ref().and_then(|opened| opened.text("/id")) else { return };
    bank::close(browser, order, id, outcome).await;
}

/// The customer pays by card, and pays something else by another way; staff decide.
pub async fn pay_twice(customer: &Customer) {
    let Some(placed) = place(customer).await else { return };
    customer.pay(Some(&placed), Method::Card).await;
    customer.come_back().await;
    dashboard::pay(&customer.browser, customer.order, "500").await;
    Staff::about(customer).decide().await;
}

/// How long a refund may take while another of the order's intents cannot be voided.
const HELD_UP: Duration = Duration::from_hours(2);

/// The customer pays and cancels, and another intent of the order cannot be voided. The money goes back meanwhile.
pub async fn cancel_beside_a_stuck_void(customer: &Customer) {
    let Some(placed) = place(customer).await else { return };
    dashboard::begin_for_good(&customer.browser, customer.order).await;
    customer.pay(Some(&placed), Method::Card).await;
    customer.come_back().await;
    customer.cancel().await;
    let world = &customer.browser.world;
    world.clock.sleep(HELD_UP).await;
    let order = world.store.memory().find(customer.order).await.ok().flatten();
    let is_held_up = order.is_some_and(|order| order.payment.facts.refunded() < order.payment.facts.captured());
    if is_held_up && world.promises.all().cancelled.contains(&customer.order) {
        world.promises.record(|promised| _ = promised.held_up.insert(customer.order));
    }
}

/// Into how many parts one payment is refunded.
const PARTS: u32 = 28;

pub async fn many_refunds(customer: &Customer) {
    let Some(placed) = place(customer).await else { return };
    customer.pay(Some(&placed), Method::Card).await;
    customer.come_back().await;
    let Some(intent) = placed.text("/payment/intent_id") else { return };
    for _ in 0..PARTS {
        let form = [("payment_intent", intent), ("amount", "100")];
        customer.browser.stripe(customer.order, "/_sandbox/stripe/refunds", &form).await;
    }
}

/// The customer cancels an order that has expired, and the money comes after that.
pub async fn cancel_when_expired(customer: &Customer) {
    if place(customer).await.is_none() {
        return;
    }
    customer.browser.world.clock.sleep(EXPIRED_AFTER).await;
    customer.cancel().await;
    customer.browser.think(Duration::from_mins(2)).await;
    dashboard::pay(&customer.browser, customer.order, "2900").await;
}

/// Part of the money is refunded in the dashboard, and the customer cancels before the shop hears of it.
pub async fn cancel_after_the_dashboard(customer: &Customer) {
    let Some(placed) = place(customer).await else { return };
    customer.pay(Some(&placed), Method::Card).await;
    customer.come_back().await;
    let Some(intent) = placed.text("/payment/intent_id") else { return };
    let form = [("payment_intent", intent), ("amount", "1000")];
    customer.browser.stripe(customer.order, "/_sandbox/stripe/refunds", &form).await;
    customer.cancel().await;
}

/// The customer cancels an order that was paid more than a week ago.
pub async fn cancel_after_a_week(customer: &Customer) {
    pay(customer, Method::Card).await;
    customer.browser.world.clock.sleep(Duration::from_hours(8 * 24)).await;
    customer.cancel().await;
}
