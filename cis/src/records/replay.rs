//! `cargo cis replay`: rebuilds orders from the records beside them and prints the differences; applies facts that an
//! order lacks, and publishes its events once more.

use std::convert::Infallible;
use std::io::{self, Write as _};

use clap::Args;
use domain::{Difference, Order, OrderEvent, OrderId, PaymentFact, Timestamp};
use futures::{StreamExt as _, pin_mut};
use resilience::{Clock as _, Ids as _, RandomIds, SystemClock};
use store::{Orders as _, UpdateError};

use super::{Records, RecordsError, StoredOrder};

/// What to replay.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// `ord_…`
    #[arg(required_unless_present = "all")]
    orders: Vec<OrderId>,
    /// All orders.
    #[arg(long, conflicts_with = "orders")]
    all: bool,
    /// Changes nothing.
    #[arg(long)]
    dry_run: bool,
    /// Shows the orders' events to the table's stream once more, so that they are published again: after a topic that
    /// was out of reach for longer than the stream waits. Consumers know what they had.
    #[arg(long)]
    republish: bool,
    /// With `--republish`: only events from this moment on.
    #[arg(long, requires = "republish", value_parser = time)]
    since: Option<Timestamp>,
}

/// What was found and done.
#[derive(Debug, Default)]
struct Counts {
    orders: usize,
    receipts: usize,
    events: usize,
    movements: usize,
    differ: usize,
    applied: usize,
    republished: usize,
}

/// Rebuilds each order and prints where it differs.
///
/// # Errors
///
/// An order differs, or cannot be read or written.
pub async fn replay(options: &Options) -> Result<(), RecordsError> {
    let records = Records::open()?;
    let ids = if options.all { records.ids().await?.into_iter().collect() } else { options.orders.clone() };
    let stored = records.each(ids);
    pin_mut!(stored);
    let (mut out, mut counts) = (io::stdout(), Counts::default());
    while let Some(stored) = stored.next().await {
        let stored = stored?;
        let differences = stored.history().differences();
        counts.count(&stored, &differences);
        for difference in &differences {
            writeln!(out, "DIFFERS {}: {difference}", stored.order.id)?;
        }
        counts.applied += apply_facts(&records, &stored, &differences, options.dry_run).await?;
        if options.republish {
            counts.republished += republish(&records, &stored.events, options).await?;
        }
    }
    let Counts { orders, receipts, events, movements, differ, applied, republished } = counts;
    let would = if options.dry_run { " would be" } else { "" };
    writeln!(
        out,
        "{orders} orders rebuilt from {receipts} receipts, {movements} movements and {events} events compared"
    )?;
    if applied > 0 {
        writeln!(out, "{applied} facts{would} applied again")?;
    }
    if options.republish {
        writeln!(out, "{republished} events{would} shown to the stream again")?;
    }
    writeln!(out, "{differ} orders differ")?;
    if differ == 0 { Ok(()) } else { Err(RecordsError::Differ(differ)) }
}

/// Applies the facts that an order's receipts have and the order lacks. Returns how many.
async fn apply_facts(
    records: &Records,
    stored: &StoredOrder,
    differences: &[Difference],
    dry_run: bool,
) -> Result<usize, RecordsError> {
    let missing = |difference: &Difference| match difference {
        Difference::FactMissing(fact) => Some(fact.clone()),
        _ => None,
    };
    let facts: Vec<PaymentFact> = differences.iter().filter_map(missing).collect();
    if dry_run || facts.is_empty() {
        return Ok(facts.len());
    }
    let (id, correlation_id) = (stored.order.id, RandomIds.fresh().simple().to_string());
    let decide =
        |order: &Order| Ok::<_, Infallible>(order.apply_facts(facts.clone(), &correlation_id, SystemClock.now()));
    match store::update(records.orders(), &SystemClock, &RandomIds, id, None, decide).await {
        Ok(_) => Ok(facts.len()),
        Err(UpdateError::NotFound) => Err(RecordsError::NoOrder(id)),
        Err(UpdateError::Store(error)) => Err(error.into()),
        Err(UpdateError::Refused(never)) => match never {},
    }
}

async fn republish(records: &Records, events: &[OrderEvent], options: &Options) -> Result<usize, RecordsError> {
    let mut shown = 0;
    for event in events.iter().filter(|event| options.since.is_none_or(|since| event.at >= since)) {
        if !options.dry_run {
            records.orders().republish(event, SystemClock.now()).await?;
        }
        shown += 1;
    }
    Ok(shown)
}

fn time(text: &str) -> Result<Timestamp, domain::InvalidTimestamp> {
    Timestamp::parse(text)
}

impl Counts {
    fn count(&mut self, stored: &StoredOrder, differences: &[Difference]) {
        self.orders += 1;
        self.receipts += stored.receipts.len();
        self.events += stored.events.len();
        self.movements += stored.ledger.len();
        self.differ += usize::from(!differences.is_empty());
    }
}
