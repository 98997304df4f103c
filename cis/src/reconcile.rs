//! `cargo cis reconcile`: a whole pass of `reconcile-payments` at once, on the running stack: compares Stripe's records
//! with ours.

use std::io::{self, Write};
use std::time::Duration;

use clap::Args;
use payments::reconcile_payments::{Bounds, Difference, Outcome, PassCursor, Reconciler, Report, Rules, bounded};
use resilience::{Clock as _, Deadline, RandomIds, SystemClock};

use crate::records::{Records, RecordsError};
use crate::stack::Stack;

/// A run lasts so long at most; the pass goes on with the next.
const RUN: Duration = Duration::from_mins(10);
/// So often in a row a run may end without getting on, before the command gives up.
const PATIENCE: u32 = 5;
/// What Stripe is left in peace for when it wants to be asked less.
const PAUSE: Duration = Duration::from_secs(2);

/// How to compare.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Says what differs and changes nothing.
    #[arg(long)]
    dry_run: bool,
    /// Days to look back, 4 to 30.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u64).range(4..=30))]
    days: u64,
    /// Seconds for which something new is left alone, since its webhook may be on the way.
    #[arg(long, default_value_t = 0)]
    grace_seconds: u64,
}

/// Why the reconciliation fails.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// Nothing to compare.
    #[error("no stack is up; `cargo cis up` starts one")]
    NoStack,
    /// The stack's file, or the output.
    #[error("cannot read the stack's file or print")]
    Files(#[from] io::Error),
    /// Orders and Stripe are out of reach.
    #[error(transparent)]
    Records(#[from] RecordsError),
    /// Stripe or the table does not answer.
    #[error("the pass did not come to its end: {0}")]
    Stopped(String),
    /// Differences that are still there.
    #[error("{0} differences are left")]
    Left(usize),
}

/// Compares, heals unless it is only to look, and prints what differed.
///
/// # Errors
///
/// [`ReconcileError`], also when a difference is left.
pub async fn reconcile(options: &Options) -> Result<(), ReconcileError> {
    let stack = Stack::load()?.ok_or(ReconcileError::NoStack)?;
    let grace = Duration::from_secs(options.grace_seconds);
    let rules = Rules { window: bounded(Duration::from_hours(24 * options.days)), grace, dry_run: options.dry_run };
    let report = pass(&stack, rules).await?;
    print(&report, &mut io::stdout().lock())?;
    match report.left() {
        0 => Ok(()),
        left => Err(ReconcileError::Left(left)),
    }
}

/// A whole pass, in as many runs as it takes.
///
/// # Errors
///
/// Orders or Stripe are out of reach, or stay so.
pub async fn pass(stack: &Stack, rules: Rules) -> Result<Report, ReconcileError> {
    let records = Records::of(stack)?;
    let (orders, stripe) = (records.orders(), records.stripe());
    let reconciler = Reconciler { orders, stripe, clock: &SystemClock, ids: &RandomIds, rules };
    let (mut cursor, mut whole, mut failures) = (PassCursor::start(&rules, &SystemClock), Report::default(), 0);
    loop {
        let bounds = Bounds { deadline: Deadline::after(&SystemClock, RUN), pages: u32::MAX };
        let (next, report) = reconciler.run(cursor.clone(), bounds).await;
        whole.join(report);
        let Some(next) = next else { return Ok(whole) };
        failures = if next == cursor { failures + 1 } else { 0 };
        if failures == PATIENCE {
            return Err(ReconcileError::Stopped(whole.stopped.unwrap_or_else(|| "time is up".to_owned())));
        }
        cursor = next;
        SystemClock.sleep(PAUSE).await;
    }
}

fn print(report: &Report, out: &mut impl Write) -> io::Result<()> {
    for Difference { kind, order_id, object, ours, stripes, outcome } in &report.differences {
        let order = order_id.map_or_else(|| "-".to_owned(), |id| id.to_string());
        writeln!(out, "{kind:<20} {order:<36} {object:<32} ours: {ours}, Stripe's: {stripes}, {outcome}")?;
    }
    let compared = report.compared;
    let (found, left) = (report.differences.len(), report.left());
    let handed_on = report.differences.iter().filter(|difference| difference.outcome == Outcome::HandedOn).count();
    writeln!(
        out,
        "{} intents, {} refunds, {} disputes, {} events about older ones, {} orders; {} objects of others: \
         {found} differences, {} healed, {handed_on} handed on, {left} left",
        compared.intents,
        compared.refunds,
        compared.disputes,
        compared.events,
        compared.orders,
        compared.not_ours,
        found - handed_on - left,
    )
}

#[cfg(test)]
mod tests {
    use payments::reconcile_payments::Kind;

    use super::*;

    #[test]
    fn what_differs_is_one_line_each_and_the_sum_is_the_last() {
        let difference = |outcome| Difference {
            kind: Kind::MissedPayment,
            order_id: None,
            object: "pi_1".to_owned(),
            ours: "unknown".to_owned(),
            stripes: "succeeded 29.00 EUR".to_owned(),
            outcome,
        };
        let report =
            Report { differences: vec![difference(Outcome::Healed), difference(Outcome::Left)], ..Report::default() };
        let mut out = Vec::new();
        print(&report, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[0].starts_with("missed payment ") && lines[0].ends_with(", healed"), "{text}");
        assert!(lines[1].ends_with(", left"), "{text}");
        assert!(lines[2].ends_with("2 differences, 1 healed, 0 handed on, 1 left"), "{text}");
    }
}
