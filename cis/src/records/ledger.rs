//! `cargo cis ledger`: where an order's money went, and whether order, ledger and Stripe agree to the cent.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write as _};
use std::time::Duration;

use clap::Args;
use domain::{Currency, KnownFacts, LedgerEntry, Money, Order, OrderId, PaymentFact, Timestamp};

use super::stripe_facts::StripeFacts;
use super::{Records, RecordsError, StoredOrder};

/// Stripe's objects are asked for from so long before the oldest order on, since clocks differ.
const EARLIER: i64 = Duration::from_hours(1).as_secs().cast_signed() * 1000;

/// Whose ledger.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// `ord_…`
    #[arg(required_unless_present = "all")]
    order: Option<OrderId>,
    /// All orders: those that differ, and sums.
    #[arg(long, conflicts_with = "order")]
    all: bool,
}

/// Money in minor units: received, refunded, lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sums {
    captured: i64,
    refunded: i64,
    lost: i64,
}

/// The same money three times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Balance {
    currency: Currency,
    order: Sums,
    ledger: i64,
    stripe: Sums,
}

/// Prints the ledger and compares.
///
/// # Errors
///
/// Order, ledger and Stripe differ, or cannot be read.
pub async fn ledger(options: &Options) -> Result<(), RecordsError> {
    let records = Records::open()?;
    match options.order {
        Some(id) => of_one(&records, id).await,
        None => of_all(&records).await,
    }
}

/// Where an order's three sums differ; `None` when they agree.
pub fn disagreement(stored: &StoredOrder, at_stripe: &KnownFacts) -> Option<String> {
    let balance = Balance::of(&stored.order, &stored.ledger, at_stripe.clone());
    (!balance.agrees()).then(|| format!("{}: {balance}", stored.order.id))
}

async fn of_one(records: &Records, id: OrderId) -> Result<(), RecordsError> {
    let StoredOrder { order, ledger, .. } = records.read(id).await?;
    let balance = Balance::of(&order, &ledger, records.at_stripe(&order).await?);
    let mut out = io::stdout();
    writeln!(out, "{id}  {}  total {}", order.status, order.total)?;
    for line in table(&ledger) {
        writeln!(out, "{line}")?;
    }
    writeln!(out, "{balance}")?;
    if balance.agrees() { Ok(()) } else { Err(RecordsError::Differ(1)) }
}

async fn of_all(records: &Records) -> Result<(), RecordsError> {
    let all = records.all().await?;
    let oldest = all.iter().map(|stored| stored.order.placed_at.millis()).min();
    let since = Timestamp::from_millis(oldest.map_or(0, |oldest| oldest.saturating_sub(EARLIER)));
    let facts = records.all_at_stripe(since).await?;
    let mut stripe = StripeFacts::sorted(&facts, all.iter().map(|stored| &stored.order));
    let mut out = io::stdout();
    let (mut differ, mut sums) = (0, BTreeMap::new());
    for StoredOrder { order, ledger, .. } in &all {
        let balance = Balance::of(order, ledger, stripe.of_orders.remove(&order.id).unwrap_or_default());
        let (orders, sum) = sums.entry(order.total.currency).or_insert((0_usize, balance.nothing()));
        *orders += 1;
        *sum = sum.plus(&balance);
        if !balance.agrees() {
            differ += 1;
            writeln!(out, "DIFFERS {} {}: {balance}", order.id, order.status)?;
        }
    }
    for intent in stripe.strays() {
        differ += 1;
        writeln!(out, "DIFFERS {}: {} came for no order", intent.id, intent.received)?;
    }
    for (orders, sum) in sums.values() {
        writeln!(out, "{orders} orders in {}: {sum}", sum.currency.code())?;
    }
    writeln!(out, "{} orders, {differ} differ", all.len())?;
    if differ == 0 { Ok(()) } else { Err(RecordsError::Differ(differ)) }
}

/// A line for each movement, with the balance after it.
fn table(ledger: &[LedgerEntry]) -> Vec<String> {
    let mut balance = 0_i64;
    let line = |entry: &LedgerEntry| {
        balance = balance.saturating_add(entry.amount.amount);
        let kind = serde_json::to_value(entry.kind).unwrap_or_default();
        let (kind, amount) = (kind.as_str().unwrap_or_default().to_owned(), entry.amount.to_string());
        let balance = Money::new(balance, entry.amount.currency).to_string();
        format!("{}  {kind:<16}  {:<32}  {amount:>14}  {balance:>14}", entry.at, entry.object)
    };
    let head = format!("{:<24}  {:<16}  {:<32}  {:>14}  {:>14}", "when", "kind", "object", "amount", "balance");
    std::iter::once(head).chain(ledger.iter().map(line)).collect()
}

impl Sums {
    fn of(facts: &KnownFacts) -> Self {
        Self { captured: facts.captured(), refunded: facts.refunded(), lost: facts.lost() }
    }

    const fn balance(self) -> i64 {
        self.captured.saturating_sub(self.refunded).saturating_sub(self.lost)
    }

    const fn plus(self, other: Self) -> Self {
        Self {
            captured: self.captured.saturating_add(other.captured),
            refunded: self.refunded.saturating_add(other.refunded),
            lost: self.lost.saturating_add(other.lost),
        }
    }
}

impl Balance {
    /// Bank transfers are not Stripe's: those that staff recorded are counted on both sides.
    fn of(order: &Order, ledger: &[LedgerEntry], mut stripe: KnownFacts) -> Self {
        stripe.extend(order.payment.facts.transfers().cloned().map(PaymentFact::Transfer));
        Self {
            currency: order.total.currency,
            order: Sums::of(&order.payment.facts),
            ledger: ledger.iter().map(|entry| entry.amount.amount).fold(0, i64::saturating_add),
            stripe: Sums::of(&stripe),
        }
    }

    fn agrees(&self) -> bool {
        self.order == self.stripe && self.order.balance() == self.ledger
    }

    const fn nothing(&self) -> Self {
        let none = Sums { captured: 0, refunded: 0, lost: 0 };
        Self { currency: self.currency, order: none, ledger: 0, stripe: none }
    }

    const fn plus(&self, other: &Self) -> Self {
        Self {
            currency: self.currency,
            order: self.order.plus(other.order),
            ledger: self.ledger.saturating_add(other.ledger),
            stripe: self.stripe.plus(other.stripe),
        }
    }
}

/// `order 17.80 EUR (30.00 − 12.20 − 0.00) = ledger 17.80 EUR = Stripe 17.80 EUR (…)`
impl fmt::Display for Balance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let money = |amount| Money::new(amount, self.currency);
        let sums = |sums: Sums| {
            let [captured, refunded, lost] = [sums.captured, sums.refunded, sums.lost].map(money);
            format!("{} ({captured} received, {refunded} refunded, {lost} lost)", money(sums.balance()))
        };
        let equals = |equal| if equal { "=" } else { "≠" };
        let (order, ledger, stripe) = (sums(self.order), money(self.ledger), sums(self.stripe));
        let by_ledger = equals(self.order.balance() == self.ledger);
        write!(f, "order {order} {by_ledger} ledger {ledger} {} Stripe {stripe}", equals(self.order == self.stripe))
    }
}

#[cfg(test)]
mod tests;
