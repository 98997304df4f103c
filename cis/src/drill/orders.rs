//! Many orders at once while webhooks come twice and out of order, providers fail and consumers are killed.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use clap::Args;
use futures::StreamExt as _;
use futures::stream;
use resilience::{Ids as _, RandomIds};
use serde_json::Value;

use super::findings::{self, Orders};
use super::{DrillError, Findings, faults, kill, patience};
use crate::shop::{Shop, ShopError};
use crate::stack::{Kind, Stack};

/// How many customers are at it at once.
const CUSTOMERS: usize = 8;
/// How long faults go on after the last order.
const FAULTS_AFTERWARDS: Duration = Duration::from_secs(10);
/// How often the outside world is looked at while it settles.
const LOOK: Duration = Duration::from_secs(2);

/// What is drilled.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// How many orders.
    #[arg(long, default_value_t = 200)]
    pub count: usize,
    /// Probability that a webhook comes twice, and that it comes out of order.
    #[arg(long, default_value_t = 0.2)]
    pub webhook_faults: f64,
    /// Probability that a call of Stripe, SendGrid or Google fails.
    #[arg(long, default_value_t = 0.1)]
    pub provider_faults: f64,
    /// Kills a consumer's process about every this many seconds; 0: never. Only the cloud stack has processes.
    #[arg(long, default_value_t = 3)]
    pub kill_every: u64,
    /// Processes of all functions are killed while faults are on, those that answer HTTP too.
    #[arg(long)]
    pub kill: bool,
    /// How long everything may take to settle after the last order, in seconds.
    #[arg(long, default_value_t = 600)]
    pub patience: u64,
}

/// Places and pays, lets it settle, and compares.
///
/// # Errors
///
/// A promise was broken, or the stack does not answer.
pub async fn run(options: &Options) -> Result<(), DrillError> {
    let stack = Stack::load()?.ok_or(DrillError::NoStack)?;
    let shop = Shop::new(&stack)?;
    faults::switch_off(&shop).await?;
    faults::switch_on(&shop, options.webhook_faults, options.provider_faults).await?;
    let (began, killed) = (Instant::now(), kill::KillCounts::default());
    let victims = Cell::new(if options.kill { kill::Victims::Everybody } else { kill::Victims::Consumers });
    let kills = async {
        if stack.kind == Kind::Cloud && options.kill_every > 0 {
            kill::at_random(&stack, Duration::from_secs(options.kill_every), &victims, &killed).await;
        }
        std::future::pending::<Result<(Orders, Vec<String>), DrillError>>().await
    };
    let work = async {
        let orders = customers(&shop, options.count).await;
        let seconds = began.elapsed().as_secs_f64();
        println!("{} of {} orders placed and paid in {seconds:.1} s", orders.len(), options.count);
        // Faults go on while mails and rows are made; they end when what is left is theirs alone.
        tokio::time::sleep(FAULTS_AFTERWARDS).await;
        victims.set(kill::Victims::Consumers);
        report(&faults::switch_off(&shop).await?);
        let findings = settle(&shop, &orders, Duration::from_secs(options.patience)).await?;
        Ok((orders, findings))
    };
    let (orders, findings) = tokio::select! {
        done = work => done,
        never = kills => never,
    }?;
    let seconds = began.elapsed().as_secs_f64();
    println!("settled after {seconds:.1} s; killed: {killed}");
    findings.iter().take(20).for_each(|finding| println!("BROKEN {finding}"));
    let gave_up = options.count.saturating_sub(orders.len());
    let mut checked = Findings::default();
    checked.expect(gave_up == 0, "every order is placed and paid");
    checked.expect(findings.is_empty(), "each order has one payment, one confirmation mail and one right row");
    super::audit(&stack, &mut checked).await?;
    checked.end()
}

/// The orders that their customers got placed and paid.
async fn customers(shop: &Shop, count: usize) -> Orders {
    let orders = RefCell::new(Orders::new());
    let customers = stream::iter(0..count).map(|number| customer(shop, number));
    customers
        .buffer_unordered(CUSTOMERS)
        .for_each(async |ended| match ended {
            Ok((id, shop)) => drop(orders.borrow_mut().insert(id, shop)),
            Err(error) => println!("a customer gave up: {error}"),
        })
        .await;
    orders.into_inner()
}

/// One customer: places with one key until an answer comes, and pays until Stripe says that it is paid.
async fn customer(shop: &Shop, number: usize) -> Result<(String, Shop), ShopError> {
    let shop = shop.another_customer()?;
    let (key, email) = (RandomIds.fresh().to_string(), format!("customer-{number}@example.com"));
    let placed = patience::again(async || shop.place(&key, &email).await).await?;
    patience::pay(&shop, &placed).await?;
    Ok((placed.order_id, shop))
}

/// Waits until everything is as promised, or patience ends; answers with what is not.
async fn settle(shop: &Shop, orders: &Orders, patience: Duration) -> Result<Vec<String>, ShopError> {
    let began = Instant::now();
    let mut last = usize::MAX;
    loop {
        let findings = findings::of(shop, orders).await?;
        if findings.is_empty() || began.elapsed() > patience {
            return Ok(findings);
        }
        if findings.len() != last {
            println!("{:>6.1} s: {} not settled yet", began.elapsed().as_secs_f64(), findings.len());
            last = findings.len();
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn report(faults: &[Value]) {
    let hits: Vec<_> = faults
        .iter()
        .filter(|fault| fault["hits"].as_u64() > Some(0))
        .map(|fault| {
            let provider = fault["provider"].as_str().unwrap_or("webhooks");
            format!("{provider} {} × {}", fault["hits"], fault["kind"].as_str().unwrap_or_default())
        })
        .collect();
    println!("faults: {}", hits.join(", "));
}
