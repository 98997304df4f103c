//! One charge, and more concurrent refunds than it can bear: no more is refunded than received, each accepted refund
//! exists once at Stripe, and the ledger agrees.

mod requests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use clap::Args;
use domain::{KnownFacts, Order, OrderId, OrderStatus, RefundActionState, RefundFact};
use futures::future::join_all;
use resilience::{Ids as _, RandomIds};
use serde_json::Value;
use tokio::time::sleep;

use super::{DrillError, Findings, faults, patience};
use crate::records::{Records, RecordsError, ledger};
use crate::shop::Shop;
use crate::stack::Stack;

use requests::{AcceptedRefund, Outcome, Request};

/// The charge, in euro cents.
const CHARGE: i64 = 10_000;
/// How often the outside world is looked at while it settles.
const LOOK: Duration = Duration::from_secs(1);

/// What is drilled.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// How many refunds are asked for at once.
    #[arg(long, default_value_t = 200)]
    parallel: usize,
    /// Probability that a call of Stripe fails; twice that, that a webhook comes twice, or out of order.
    #[arg(long, default_value_t = 0.1)]
    provider_faults: f64,
    /// How long everything may take to settle afterwards, in seconds.
    #[arg(long, default_value_t = 300)]
    patience: u64,
}

/// Charges once, refunds at once, lets it settle and compares.
///
/// # Errors
///
/// A promise was broken, or the stack does not answer.
pub async fn run(options: &Options) -> Result<(), DrillError> {
    let stack = Stack::load()?.ok_or(DrillError::NoStack)?;
    let (shop, records) = (Shop::new(&stack)?, Records::of(&stack)?);
    faults::switch_off(&shop).await?;
    let order = charged(&shop, &records).await?;
    println!("{order}: {CHARGE} cents paid");

    faults::switch_on(&shop, options.provider_faults * 2.0, options.provider_faults).await?;
    let (requests, began) = (requests::of(CHARGE, options.parallel), Instant::now());
    let asked: i64 = requests.iter().filter(|request| !request.is_repeated).map(|request| request.amount).sum();
    let outcomes = join_all(requests.iter().map(|request| ask(&shop, order, request))).await;
    let seconds = began.elapsed().as_secs_f64();
    let failures = failures(&faults::switch_off(&shop).await?);

    let mut findings = Findings::default();
    let (accepted, told_apart) = requests::accepted(&requests, &outcomes);
    let refused = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Refused(409))).count();
    let other = outcomes.len() - refused - outcomes.iter().filter(|outcome| outcome.is_accepted()).count();
    println!(
        "{} requests for {asked} cents in {seconds:.1} s: {refused} refused, {other} answered otherwise",
        requests.len()
    );
    findings.expect(other == 0, "every request is accepted, or refused because there is not enough left");
    findings.expect(told_apart == 0, "a repeated request is told of the same refund");

    let settled = settled(&records, order, &accepted, options).await?;
    let sum: i64 = settled.refunds().map(|refund| refund.amount.amount).sum();
    let promised = accepted.values().filter(|accepted| !settled.given_up.contains(&accepted.refund));
    let promised: i64 = promised.map(|accepted| accepted.amount).sum();
    println!(
        "{} refunds accepted, {} of them given up since Stripe kept a failure for them; of the others {promised} cents \
         were promised, and Stripe has {sum}",
        accepted.len(),
        settled.given_up.len()
    );
    let is_excused = settled.given_up.len() <= failures;
    findings.expect(is_excused, &format!("no refund is given up without a failure of Stripe's ({failures})"));
    findings.expect(sum <= CHARGE, "no more is refunded than received");
    findings.expect(sum == promised, "the refunds are the accepted ones");
    let broken = settled.broken(&accepted);
    for text in &broken {
        println!("       {text}");
    }
    findings.expect(broken.is_empty(), "each accepted refund exists once at Stripe, and no other");
    findings.expect(books_agree(&records, order).await?, "order, ledger, receipts and Stripe agree");
    super::audit(&stack, &mut findings).await?;
    findings.end()
}

/// How many of Stripe's failures were of the kind that it keeps under the idempotency key.
fn failures(faults: &[Value]) -> usize {
    let kept = faults.iter().filter(|fault| fault["provider"] == "stripe" && fault["kind"] == "internal_error");
    kept.filter_map(|fault| fault["hits"].as_u64()).filter_map(|hits| usize::try_from(hits).ok()).sum()
}

/// An order that is paid.
async fn charged(shop: &Shop, records: &Records) -> Result<OrderId, DrillError> {
    let sku = format!("drill-{}", RandomIds.fresh().simple());
    shop.put_product(&sku, "Drill", CHARGE, 1).await?;
    let key = RandomIds.fresh().to_string();
    let placed = shop.place_pieces(&key, "refunds@example.com", &sku, 1).await?;
    patience::pay(shop, &placed).await?;
    let id = placed.order_id.parse().map_err(DrillError::NoOrder)?;
    while records.read(id).await?.order.status != OrderStatus::Paid {
        sleep(LOOK).await;
    }
    Ok(id)
}

/// Asks for one refund until there is an answer that another try would not change.
async fn ask(shop: &Shop, order: OrderId, request: &Request) -> Outcome {
    let Ok(shop) = shop.another_member_of_staff() else { return Outcome::NoAnswer };
    for number in 0..requests::TRIES {
        let answer = shop.refund(&order.to_string(), &request.key, request.amount).await;
        if let Some(outcome) = answer.ok().and_then(|answer| Outcome::of(&answer)) {
            return outcome;
        }
        // That many writers at one order keep each other from it: each loser waits longer.
        sleep(RandomIds.jitter(Duration::from_secs(1 << number.min(4)))).await;
    }
    Outcome::NoAnswer
}

/// The outcome of the order's refunds.
struct SettledRefunds {
    at_stripe: KnownFacts,
    /// Refunds that will not be made: Stripe answers every try with the failure that it kept for the first, and lists none.
    given_up: BTreeSet<String>,
}

impl SettledRefunds {
    fn refunds(&self) -> impl Iterator<Item = &RefundFact> {
        self.at_stripe.refunds().filter(|refund| refund.status.counts())
    }

    fn broken(&self, accepted: &BTreeMap<String, AcceptedRefund>) -> Vec<String> {
        requests::broken(accepted, &self.given_up, &self.at_stripe)
    }
}

/// The state once every accepted refund is there, or the patience is over.
async fn settled(
    records: &Records,
    order: OrderId,
    accepted: &BTreeMap<String, AcceptedRefund>,
    options: &Options,
) -> Result<SettledRefunds, DrillError> {
    let began = Instant::now();
    loop {
        let is_over = began.elapsed() > Duration::from_secs(options.patience);
        match records.read(order).await {
            // An order that is busy is not settled.
            Err(RecordsError::Busy(_)) if !is_over => {}
            stored => {
                let stored = stored?;
                let at_stripe = records.at_stripe(&stored.order).await?;
                let agrees = ledger::disagreement(&stored, &at_stripe).is_none();
                let is_open = stored.order.open_refund_actions().next().is_some();
                let settled = SettledRefunds { at_stripe, given_up: given_up(&stored.order) };
                if is_over || !is_open && agrees && settled.broken(accepted).is_empty() {
                    let (seconds, version) = (began.elapsed().as_secs_f64(), stored.order.version);
                    println!("settled after {seconds:.1} s; version {version}, {}", stored.order.status);
                    return Ok(settled);
                }
            }
        }
        sleep(LOOK).await;
    }
}

fn given_up(order: &Order) -> BTreeSet<String> {
    let actions = order.payment.refund_actions.iter();
    let given_up = actions.filter(|(_, action)| action.state == RefundActionState::Abandoned);
    given_up.map(|(id, _)| id.clone()).collect()
}

async fn books_agree(records: &Records, order: OrderId) -> Result<bool, DrillError> {
    let stored = records.read(order).await?;
    let disagreement = ledger::disagreement(&stored, &records.at_stripe(&stored.order).await?);
    let differences = stored.history().differences();
    if let Some(text) = &disagreement {
        println!("{text}");
    }
    for difference in &differences {
        println!("{difference}");
    }
    Ok(disagreement.is_none() && differences.is_empty())
}
