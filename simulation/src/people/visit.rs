//! A customer's visit, and what others do to the order meanwhile.

use std::rc::Rc;
use std::time::Duration;

use resilience::Clock as _;

use super::browser::Reply;
use super::customer::Customer;
use super::staff::Staff;
use super::workload::{Method, Workload};
use super::{actions, bank, dashboard, service};
use crate::world::World;

/// How many customers hoard, of 100. Who they are is drawn by itself: others do the same without them.
const HOARDERS: u32 = 1;

/// The `n`-th customer's visit, until nothing is left to do.
pub async fn shop(world: Rc<World>, n: u64) {
    let Some(customer) = Customer::new(&world, n) else { return };
    let workload = Workload::drawn(&customer.browser.rng);
    customer.browser.think(Duration::from_mins(2)).await;
    let hoards = async {
        if world.rng(2000 + n).percent(HOARDERS) {
            Box::pin(actions::hoard(&customer)).await;
        }
    };
    let order = async {
        match customer.of_a_service().filter(|_| workload.by_invoice) {
            Some(service) => Box::pin(service::order(&service, &workload)).await,
            None => Box::pin(live(&customer, &workload)).await,
        }
    };
    futures::join!(order, hoards);
}

async fn live(customer: &Customer, workload: &Workload) {
    let Some(placed) = customer.place(&workload.cart, workload.clicks).await else { return };
    if workload.reloads {
        customer.look().await;
        customer.place(&workload.cart, 1).await;
        customer.mix_up().await;
    }
    let mind = async {
        if workload.cancels {
            customer.browser.think(Duration::from_mins(1)).await;
            customer.cancel().await;
        }
    };
    // Boxed: what a customer does holds the futures of the functions that answer.
    let buying = async { futures::join!(Box::pin(buy(customer, workload, &placed)), mind) };
    futures::join!(buying, Box::pin(elsewhere(customer, workload, &placed)), Box::pin(staff(customer, workload)));
    if workload.reloads && workload.edits > 0 {
        customer.place(&workload.cart, 1).await;
    }
}

/// Pays in every open tab, perhaps for different carts.
async fn buy(customer: &Customer, workload: &Workload, placed: &Reply) {
    if workload.late {
        customer.browser.world.clock.sleep(Duration::from_mins(50)).await;
        customer.browser.think(Duration::from_mins(30)).await;
    }
    let other_tab = async {
        if workload.two_tabs && workload.pays.is_some() {
            customer.pay(None, Method::Card).await;
        }
    };
    let paying = async {
        if let Some(method) = workload.pays {
            customer.pay(Some(placed), method).await;
        }
    };
    futures::join!(paying, other_tab, Box::pin(edits(customer, workload)));
    if workload.pays.is_none() {
        return;
    }
    if workload.edits > 0 {
        customer.pay(None, Method::Card).await;
    }
    customer.come_back().await;
}

/// Edits the cart as often as its customer wants, at once.
pub async fn edits(customer: &Customer, workload: &Workload) {
    let edits = (0..workload.edits).map(|_| async {
        customer.browser.think(Duration::from_secs(40)).await;
        customer.edit(&workload.other_lines(&customer.browser.rng)).await;
    });
    futures::future::join_all(edits).await;
}

/// What happens at Stripe without the shop.
async fn elsewhere(customer: &Customer, workload: &Workload, placed: &Reply) {
    let intent = placed.text("/payment/intent_id");
    if workload.dashboard {
        dashboard::act(&customer.browser, customer.order, intent).await;
    }
    if workload.disputed {
        bank::dispute(&customer.browser, customer.order, intent).await;
    }
    if workload.pays_elsewhere {
        customer.browser.think(Duration::from_mins(5)).await;
        let amount = customer.browser.world.amount(500 + customer.browser.rng.below(4_000)).to_string();
        dashboard::pay(&customer.browser, customer.order, &amount).await;
        Staff::about(customer).decide().await;
    }
}

async fn staff(customer: &Customer, workload: &Workload) {
    if workload.staff {
        Staff::about(customer).work().await;
    }
}
