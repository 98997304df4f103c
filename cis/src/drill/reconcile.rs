//! Webhooks that never come, and refunds made in Stripe's dashboard: one pass of the reconciliation finds and heals all
//! of it, and another has nothing to do.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::{Duration, Instant};

use clap::Args;
use domain::{Order, OrderId, OrderStatus};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use http::Method;
use payments::reconcile_payments::{Kind, Report, Rules};
use resilience::{Ids as _, RandomIds};
use serde_json::json;
use tokio::time::sleep;

use super::{DrillError, Findings, faults, patience};
use crate::reconcile;
use crate::records::Records;
use crate::shop::Shop;
use crate::stack::Stack;

/// What each order costs, in euro cents.
const TOTAL: i64 = 2_000;
/// The amount of the partial refunds; the others are full.
const PART: i64 = 700;
/// One in this many orders is refunded in the dashboard: 3 %.
const REFUNDED: usize = 33;
/// How many customers are at it at once.
const CUSTOMERS: usize = 8;
/// How often it is looked whether webhooks are still on their way.
const LOOK: Duration = Duration::from_millis(500);

/// What is drilled.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// How many orders are placed and paid.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(2..))]
    count: u32,
    /// Share of Stripe's webhooks that are lost for good.
    #[arg(long, default_value_t = 0.2)]
    lost: f64,
    /// How long webhooks may be on their way, in seconds.
    #[arg(long, default_value_t = 120)]
    patience: u64,
}

/// Loses webhooks, reconciles, and compares.
///
/// # Errors
///
/// A promise was broken, or the stack does not answer.
pub async fn run(options: &Options) -> Result<(), DrillError> {
    let stack = Stack::load()?.ok_or(DrillError::NoStack)?;
    let (shop, records) = (Shop::new(&stack)?, Records::of(&stack)?);
    faults::switch_off(&shop).await?;
    let orders = bought(&shop, options).await?;
    let refunded = refunded(&shop, &records, &orders, options).await?;
    let lost = arrived(&shop, Duration::from_secs(options.patience)).await?;
    println!("{} orders paid, {} refunded in the dashboard, {lost} webhooks lost", orders.len(), refunded.len());

    let mut findings = Findings::default();
    let before = pass(&stack, true).await?;
    // The first payment and the first refund have no webhook: a reconciler that finds no difference has not looked.
    let kinds = before.kinds();
    for (kind, count) in &kinds {
        println!("       {count} × {kind}");
    }
    let is_missed = |kind: Kind| kinds.contains_key(&kind);
    findings.expect(is_missed(Kind::MissedPayment), "payments were missed, else this proves nothing");
    findings.expect(is_missed(Kind::MissedRefund), "refunds were missed, else this proves nothing");
    let began = Instant::now();
    let healing = pass(&stack, false).await?;
    let (found, seconds) = (healing.differences.len(), began.elapsed().as_secs_f64());
    findings.expect(healing.left() == 0, &format!("a pass of {seconds:.1} s heals all of {found} differences"));
    let after = pass(&stack, true).await?.differences.len();
    findings.expect(after == 0, &format!("the difference is {after} then"));
    let wrong = wrong(&records, &orders, &refunded).await?;
    for text in &wrong {
        println!("       {text}");
    }
    findings.expect(wrong.is_empty(), "each order's money and status are what they should be");
    super::audit(&stack, &mut findings).await?;

    let versions = versions(&records).await?;
    let second = pass(&stack, false).await?.differences.len();
    let is_same = versions == self::versions(&records).await?;
    findings.expect(second == 0 && is_same, "a second pass changes nothing, no order's version either");
    findings.end()
}

/// Orders that are paid at Stripe, the first of them without a webhook.
async fn bought(shop: &Shop, options: &Options) -> Result<Vec<OrderId>, DrillError> {
    let sku = format!("drill-{}", RandomIds.fresh().simple());
    shop.put_product(&sku, "Drill", TOTAL, options.count).await?;
    let mut orders = vec![losing(shop, 1.0, buy(shop, &sku, 0)).await?];
    let others = stream::iter(1..options.count).map(|number| buy(shop, &sku, number));
    let others = others.buffer_unordered(CUSTOMERS).try_collect::<Vec<_>>();
    orders.extend(losing(shop, options.lost, others).await?);
    Ok(orders)
}

async fn buy(shop: &Shop, sku: &str, number: u32) -> Result<OrderId, DrillError> {
    let shop = shop.another_customer()?;
    let (key, email) = (RandomIds.fresh().to_string(), format!("customer-{number}@example.com"));
    let placed = patience::again(async || shop.place_pieces(&key, &email, sku, 1).await).await?;
    patience::pay(&shop, &placed).await?;
    placed.order_id.parse().map_err(DrillError::NoOrder)
}

/// What was refunded in the dashboard, in cents; the first refund without a webhook.
async fn refunded(
    shop: &Shop,
    records: &Records,
    orders: &[OrderId],
    options: &Options,
) -> Result<BTreeMap<OrderId, i64>, DrillError> {
    let mut refunded = BTreeMap::new();
    for (number, id) in orders.iter().skip(1).step_by(REFUNDED).enumerate() {
        let (amount, share) =
            (if number % 2 == 0 { PART } else { TOTAL }, if number == 0 { 1.0 } else { options.lost });
        let intent = records.read(*id).await?.order.payment.intent;
        let form = json!({ "payment_intent": intent, "amount": amount });
        let refund = async { Ok(shop.sandbox(Method::POST, "/_sandbox/stripe/refunds", Some(&form)).await?) };
        losing(shop, share, refund).await?;
        refunded.insert(*id, amount);
    }
    Ok(refunded)
}

/// Does something while this share of Stripe's webhooks is lost.
async fn losing<T>(
    shop: &Shop,
    share: f64,
    work: impl Future<Output = Result<T, DrillError>>,
) -> Result<T, DrillError> {
    faults::lose_webhooks(shop, share).await?;
    let done = work.await?;
    faults::switch_off(shop).await?;
    Ok(done)
}

/// How many webhooks were lost, once all others have arrived or patience is over.
async fn arrived(shop: &Shop, patience: Duration) -> Result<u64, DrillError> {
    let began = Instant::now();
    loop {
        let counts = shop.sandbox(Method::GET, "/_sandbox/webhooks", None).await?;
        let under_way = ["waiting", "in_flight"].iter().filter_map(|name| counts[name].as_u64()).sum::<u64>();
        if under_way == 0 || began.elapsed() > patience {
            return Ok(counts["dropped"].as_u64().unwrap_or_default());
        }
        sleep(LOOK).await;
    }
}

async fn pass(stack: &Stack, dry_run: bool) -> Result<Report, DrillError> {
    // Nothing is on its way: there is nothing to wait for.
    Ok(reconcile::pass(stack, Rules { grace: Duration::ZERO, dry_run, ..Rules::DEFAULT }).await?)
}

/// Orders that do not match what happened to them.
async fn wrong(
    records: &Records,
    orders: &[OrderId],
    refunded: &BTreeMap<OrderId, i64>,
) -> Result<Vec<String>, DrillError> {
    let stored: Vec<_> = records.each(orders.iter().copied()).try_collect().await?;
    let told = |order: &Order| (order.status, order.payment.facts.captured(), order.payment.facts.refunded());
    let wrong = stored.iter().filter_map(|stored| {
        let back = refunded.get(&stored.order.id).copied().unwrap_or_default();
        let status = match back {
            0 => OrderStatus::Paid,
            TOTAL => OrderStatus::Refunded,
            _ => OrderStatus::PartiallyRefunded,
        };
        let (is, should) = (told(&stored.order), (status, TOTAL, back));
        (is != should).then(|| format!("{}: {is:?}, not {should:?}", stored.order.id))
    });
    Ok(wrong.collect())
}

async fn versions(records: &Records) -> Result<BTreeMap<OrderId, u64>, DrillError> {
    let all = records.all().await?;
    Ok(all.into_iter().map(|stored| (stored.order.id, stored.order.version)).collect())
}
