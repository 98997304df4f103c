//! `cargo cis audit`: a snapshot of all records of the running stack (tables, Stripe, mailbox, sheet, dead letters),
//! checked against the simulation's invariants.

use std::time::{Duration, Instant};

use clap::Args;
use simulation::{Snapshot, Violation};
use tokio::time::sleep;

use crate::records::RecordsError;
use crate::snapshot::{self, SnapshotError};
use crate::stack::Stack;

/// The pause between two snapshots until the stack has settled.
const LOOK: Duration = Duration::from_secs(2);
/// How many violations are printed.
const SHOWN: usize = 50;

/// How long to wait.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// What is on its way may take so long to arrive, in seconds.
    #[arg(long, default_value_t = 30)]
    patience: u64,
}

/// Why the audit fails.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// No stack to ask.
    #[error("no stack is up; `cargo cis up` starts one")]
    NoStack,
    /// The stack's file.
    #[error("cannot read the stack's addresses")]
    Files(#[from] std::io::Error),
    /// Some of the records cannot be read.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// Promises were broken.
    #[error("{0} promises are broken")]
    Broken(usize),
}

/// Prints every broken promise.
///
/// # Errors
///
/// An invariant is violated, or the records cannot be read.
pub async fn audit(options: &Options) -> Result<(), AuditError> {
    let stack = Stack::load()?.ok_or(AuditError::NoStack)?;
    let (snapshot, violations) = settled(&stack, Duration::from_secs(options.patience)).await?;
    violations.iter().take(SHOWN).for_each(|violation| println!("BROKEN {violation}"));
    println!("{}", summary(&snapshot));
    match violations.len() {
        0 => Ok(()),
        broken => Err(AuditError::Broken(broken)),
    }
}

/// The last snapshot and its violations, once there are none or the patience is over.
///
/// # Errors
///
/// Some of the records cannot be read.
pub async fn settled(stack: &Stack, patience: Duration) -> Result<(Snapshot, Vec<Violation>), SnapshotError> {
    let began = Instant::now();
    loop {
        let is_over = began.elapsed() > patience;
        match snapshot::of(stack).await {
            // An order that is busy is not settled.
            Err(SnapshotError::Records(RecordsError::Busy(_))) if !is_over => {}
            snapshot => {
                let snapshot = snapshot?;
                let violations = simulation::check(&snapshot);
                if violations.is_empty() || is_over {
                    return Ok((snapshot, violations));
                }
            }
        }
        sleep(LOOK).await;
    }
}

/// What was compared.
pub fn summary(snapshot: &Snapshot) -> String {
    let events: usize = snapshot.events.values().map(Vec::len).sum();
    let stripe = &snapshot.stripe;
    format!(
        "{} orders with {events} events, {} mails and {} rows; at Stripe {} intents, {} refunds, {} disputes",
        snapshot.orders.len(),
        snapshot.mails.len(),
        snapshot.rows.values().map(Vec::len).sum::<usize>(),
        stripe.intents.len(),
        stripe.refunds.len(),
        stripe.disputes.len(),
    )
}
