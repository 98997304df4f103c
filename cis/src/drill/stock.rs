//! Many concurrent buyers and few pieces: exactly as many orders as pieces, all other buyers are told so, and no buyer
//! pays for goods that are gone.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use clap::Args;
use domain::{Order, OrderStatus, Reservation, Sku};
use futures::{StreamExt as _, stream};
use resilience::{Ids as _, RandomIds};
use store::Catalogue as _;
use tokio::time::sleep;

use super::{DrillError, Findings, faults, patience};
use crate::records::{Records, StoredOrder};
use crate::shop::{PlacedOrder, Shop, ShopError};
use crate::stack::Stack;

/// How often the orders are looked at until all are paid.
const LOOK: Duration = Duration::from_secs(1);
/// How often a buyer retries.
const TRIES: usize = 200;

/// What is drilled.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// How many different customers want one piece each.
    #[arg(long, default_value_t = 1000)]
    buyers: usize,
    /// How many pieces there are.
    #[arg(long, default_value_t = 10)]
    units: u32,
    /// How many of the customers wait for an answer at the same time.
    #[arg(long, default_value_t = 100)]
    at_once: usize,
    /// How long everything may take to settle afterwards, in seconds.
    #[arg(long, default_value_t = 300)]
    patience: u64,
}

/// The outcome of a purchase.
enum PurchaseOutcome {
    Ordered(Box<Shop>, PlacedOrder),
    SoldOut,
    Other(ShopError),
}

/// Lets all of them buy, those who may pay, and compares.
///
/// # Errors
///
/// A promise was broken, or the stack does not answer.
pub async fn run(options: &Options) -> Result<(), DrillError> {
    let stack = Stack::load()?.ok_or(DrillError::NoStack)?;
    let (shop, records) = (Shop::new(&stack)?, Records::of(&stack)?);
    faults::switch_off(&shop).await?;
    let sku = format!("drill-{}", RandomIds.fresh().simple());
    shop.put_product(&sku, "Drill", 1_000, options.units).await?;

    let began = Instant::now();
    let buyers = stream::iter(0..options.buyers).map(|number| buy(&shop, &sku, number));
    let bought: Vec<PurchaseOutcome> = buyers.buffer_unordered(options.at_once.max(1)).collect().await;
    println!("{} buyers answered in {:.1} s", options.buyers, began.elapsed().as_secs_f64());
    let mut findings = Findings::default();
    let (mut ordered, mut sold_out) = (vec![], 0);
    for bought in bought {
        match bought {
            PurchaseOutcome::Ordered(shop, placed) => ordered.push((shop, placed)),
            PurchaseOutcome::SoldOut => sold_out += 1,
            PurchaseOutcome::Other(error) => println!("neither sold nor refused: {error}"),
        }
    }
    for (shop, placed) in &ordered {
        patience::pay(shop, placed).await?;
    }
    let units = usize::try_from(options.units).unwrap_or(usize::MAX);
    println!("{} ordered, {sold_out} were told that it is sold out", ordered.len());
    findings.expect(ordered.len() == units.min(options.buyers), "exactly as many orders as pieces");
    findings.expect(ordered.len() + sold_out == options.buyers, "all other buyers are told that it is sold out");
    compare(&records, &sku, &ordered, options, &mut findings).await?;
    super::audit(&stack, &mut findings).await?;
    findings.end()
}

/// One customer orders one piece, until there is an answer that another try would not change.
async fn buy(shop: &Shop, sku: &str, number: usize) -> PurchaseOutcome {
    let shop = match shop.another_customer() {
        Ok(shop) => shop,
        Err(error) => return PurchaseOutcome::Other(error),
    };
    let (key, email) = (RandomIds.fresh().to_string(), format!("buyer-{number}@example.com"));
    for _ in 0..TRIES {
        match shop.place_pieces(&key, &email, sku, 1).await {
            Ok(placed) => return PurchaseOutcome::Ordered(Box::new(shop), placed),
            Err(ShopError::Refused { status: 409, body, .. }) if is_out_of_stock(&body) => {
                return PurchaseOutcome::SoldOut;
            }
            Err(ShopError::NoAnswer(..) | ShopError::Refused { status: 429 | 500.., .. }) => patience::pause().await,
            Err(error) => return PurchaseOutcome::Other(error),
        }
    }
    PurchaseOutcome::Other(ShopError::Refused {
        what: "no final answer".to_owned(),
        status: 0,
        body: serde_json::Value::Null,
    })
}

fn is_out_of_stock(body: &serde_json::Value) -> bool {
    body["type"].as_str().is_some_and(|name| name.ends_with("/out-of-stock"))
}

/// Compares the tables and Stripe with the answers that the buyers got.
async fn compare(
    records: &Records,
    sku: &str,
    ordered: &[(Box<Shop>, PlacedOrder)],
    options: &Options,
    findings: &mut Findings,
) -> Result<(), DrillError> {
    let sku: Sku = sku.parse().map_err(DrillError::NoSku)?;
    let told: BTreeSet<String> = ordered.iter().map(|(_, placed)| placed.order_id.clone()).collect();
    let began = Instant::now();
    let stored = loop {
        let stored: Vec<StoredOrder> =
            records.all().await?.into_iter().filter(|stored| is_of(&stored.order, &sku)).collect();
        let is_settled =
            stored.len() >= told.len() && stored.iter().all(|stored| stored.order.status == OrderStatus::Paid);
        if is_settled || began.elapsed() > Duration::from_secs(options.patience) {
            break stored;
        }
        sleep(LOOK).await;
    };
    println!("settled after {:.1} s", began.elapsed().as_secs_f64());
    let ids: BTreeSet<String> = stored.iter().map(|stored| stored.order.id.to_string()).collect();
    findings.expect(ids == told, "the orders in the table are those that their customers know");
    let all = |holds: fn(&Order) -> bool| stored.iter().all(|stored| holds(&stored.order));
    findings.expect(all(|order| order.status == OrderStatus::Paid), "each of them is paid");
    findings.expect(all(|order| order.reservation == Reservation::Confirmed), "no reservation is left");
    let left = records.catalogue().products(std::slice::from_ref(&sku)).await?.first().map(|product| product.stock);
    findings.expect(left == Some(0), &format!("nothing is left in stock ({left:?})"));
    let charged = charged(records, &stored, &told).await?;
    findings.expect(charged, "every charged buyer has an order and was charged once");
    Ok(())
}

fn is_of(order: &Order, sku: &Sku) -> bool {
    order.lines.iter().any(|line| line.sku == *sku)
}

/// Whether Stripe has one payment for each of the orders, and none for an unknown order.
async fn charged(records: &Records, stored: &[StoredOrder], told: &BTreeSet<String>) -> Result<bool, DrillError> {
    let Some(since) = stored.iter().map(|stored| stored.order.placed_at).min() else { return Ok(told.is_empty()) };
    let known = records.ids().await?;
    let mut payments: BTreeMap<String, usize> = BTreeMap::new();
    for intent in records.all_at_stripe(since).await?.succeeded() {
        let is_known = intent.order_id.is_some_and(|id| known.contains(&id));
        let order = intent.order_id.filter(|_| is_known).map_or_else(|| intent.id.to_string(), |id| id.to_string());
        *payments.entry(order).or_default() += 1;
    }
    let nobodys = payments.keys().filter(|payer| payer.starts_with("pi_")).count();
    Ok(nobodys == 0 && told.iter().all(|id| payments.get(id) == Some(&1)))
}
