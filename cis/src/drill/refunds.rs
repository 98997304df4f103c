//! One charge, and more refunds at once than it can bear: what goes back is never more than what came, each refund that
//! was accepted exists once at Stripe, and the ledger says the same.

mod requests;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use clap::Args;
use domain::{KnownFacts, OrderId, OrderStatus};
use futures::future::join_all;
use resilience::{Ids as _, RandomIds};
use tokio::time::sleep;

use super::{DrillError, Findings, faults, patience};
use crate::books::{Books, ledger};
use crate::shop::Shop;
use crate::stack::Stack;

use requests::{Accepted, Outcome, Request};

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
    let (shop, books) = (Shop::new(&stack)?, Books::of(&stack)?);
    faults::switch_off(&shop).await?;
    let order = charged(&shop, &books).await?;
    println!("{order}: {CHARGE} cents paid");

    faults::switch_on(&shop, options.provider_faults * 2.0, options.provider_faults).await?;
    let (requests, began) = (requests::of(CHARGE, options.parallel), Instant::now());
    let asked: i64 = requests.iter().filter(|request| !request.is_repeated).map(|request| request.amount).sum();
    let outcomes = join_all(requests.iter().map(|request| ask(&shop, order, request))).await;
    let seconds = began.elapsed().as_secs_f64();
    faults::switch_off(&shop).await?;

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

    let settled = settled(&books, order, &accepted, options).await?;
    let sum: i64 = settled.refunds().filter(|refund| refund.status.counts()).map(|refund| refund.amount.amount).sum();
    let promised: i64 = accepted.values().map(|accepted| accepted.amount).sum();
    println!("{} refunds accepted: {promised} cents; at Stripe {sum} cents", accepted.len());
    findings.expect(sum <= CHARGE, "no more goes back than came");
    findings.expect(sum == promised, "what goes back is what was accepted");
    for broken in requests::broken(&accepted, &settled) {
        findings.expect(false, &broken);
    }
    findings.expect(true, "each accepted refund exists once at Stripe, and no other");
    findings.expect(books_agree(&books, order).await?, "order, ledger, receipts and Stripe agree");
    super::audit(&stack, &mut findings).await?;
    findings.end()
}

/// An order that is paid.
async fn charged(shop: &Shop, books: &Books) -> Result<OrderId, DrillError> {
    let sku = format!("drill-{}", RandomIds.fresh().simple());
    shop.put_product(&sku, "Drill", CHARGE, 1).await?;
    let key = RandomIds.fresh().to_string();
    let placed = shop.place_pieces(&key, "refunds@example.com", &sku, 1).await?;
    patience::pay(shop, &placed).await?;
    let id = placed.order_id.parse().map_err(DrillError::NoOrder)?;
    while books.read(id).await?.order.status != OrderStatus::Paid {
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
        // So many at one order keep each other from it: whoever loses waits longer each time.
        sleep(RandomIds.jitter(Duration::from_secs(1 << number.min(4)))).await;
    }
    Outcome::NoAnswer
}

/// What Stripe has of the order once every accepted refund is there, or patience ends.
async fn settled(
    books: &Books,
    order: OrderId,
    accepted: &BTreeMap<String, Accepted>,
    options: &Options,
) -> Result<KnownFacts, DrillError> {
    let began = Instant::now();
    loop {
        let stored = books.read(order).await?;
        let at_stripe = books.at_stripe(&stored.order).await?;
        let is_open = stored.order.open_refund_actions().next().is_some();
        let is_settled = !is_open && ledger::disagreement(&stored, &at_stripe).is_none();
        let is_as_promised = is_settled && requests::broken(accepted, &at_stripe).is_empty();
        if is_as_promised || began.elapsed() > Duration::from_secs(options.patience) {
            println!("settled after {:.1} s; the order is {}", began.elapsed().as_secs_f64(), stored.order.status);
            return Ok(at_stripe);
        }
        sleep(LOOK).await;
    }
}

async fn books_agree(books: &Books, order: OrderId) -> Result<bool, DrillError> {
    let stored = books.read(order).await?;
    let disagreement = ledger::disagreement(&stored, &books.at_stripe(&stored.order).await?);
    let differences = stored.past().differences();
    if let Some(text) = &disagreement {
        println!("{text}");
    }
    for difference in &differences {
        println!("{difference}");
    }
    Ok(disagreement.is_none() && differences.is_empty())
}
