//! `cargo cis drill …`: the promises under duplicates, reordering, faults and killed processes, against the stack that is
//! up. Everything is checked from outside: the API, Stripe's list, the mailbox, the sheet, the dead letters.

mod contract;
mod faults;
mod findings;
mod kill;
mod limits;
mod orders;
mod origins;
mod patience;
mod reconcile;
mod refunds;
mod rotate;
mod scenarios;
mod stock;
mod tokens;

use std::time::Duration;

use clap::Subcommand;

use crate::audit;
use crate::shop::ShopError;
use crate::stack::Stack;

/// Which drill.
#[derive(Clone, Debug, Subcommand)]
pub enum Drill {
    /// Requests of all kinds, made by schemathesis from `openapi.json`: every answer is one that the document names.
    Contract(contract::Options),
    /// Orders, each paid once, with one confirmation mail and one right row.
    Orders(orders::Options),
    /// Many clients against one rate limit: no more pass than the limit allows, and other clients are not affected.
    Limits(limits::Options),
    /// Web pages of other sites against every listener of the stack: they are refused, the stack's own pages and
    /// programs are not. Keys and tables are files of this user alone.
    Origins,
    /// One charge and more concurrent refunds than it can bear: no more is refunded than received.
    Refunds(refunds::Options),
    /// Webhooks that never come, and refunds made in the dashboard: one pass of the reconciliation heals it all.
    Reconcile(reconcile::Options),
    /// Many buyers at once and few pieces: exactly those are sold.
    Stock(stock::Options),
    /// What can happen to one order, one scenario after the other.
    Scenarios,
    /// Signing key, webhook secret and API key change while they are in use: no authorised caller is refused.
    Rotate,
    /// Forged access tokens: none is taken. Needs Node.
    Tokens,
}

/// Why a drill failed.
#[derive(Debug, thiserror::Error)]
pub enum DrillError {
    /// There is nothing to drill.
    #[error("no stack is up; `cargo cis up --cloud --background` starts one")]
    NoStack,
    /// The stack's file.
    #[error("cannot read the stack's addresses")]
    Files(#[from] std::io::Error),
    /// The shop, the sandbox or a queue did not answer when no fault was switched on.
    #[error(transparent)]
    Shop(#[from] ShopError),
    /// A queue.
    #[error(transparent)]
    DeadLetters(#[from] crate::dead_letters::DeadLettersError),
    /// A service of the stack.
    #[error(transparent)]
    Service(#[from] crate::cloud::services::ServiceError),
    /// The records cannot be read.
    #[error(transparent)]
    Records(#[from] crate::records::RecordsError),
    /// A table.
    #[error(transparent)]
    Store(#[from] store::StoreError),
    /// The order was placed with a malformed id.
    #[error(transparent)]
    NoOrder(domain::InvalidId),
    /// The snapshot cannot be taken.
    #[error(transparent)]
    Snapshot(#[from] crate::snapshot::SnapshotError),
    /// The pass of a reconciliation.
    #[error(transparent)]
    Reconcile(#[from] crate::reconcile::ReconcileError),
    /// The product's sku is malformed.
    #[error(transparent)]
    NoSku(domain::InvalidSku),
    /// The HTTP client.
    #[error(transparent)]
    Client(#[from] resilience::HttpClientError),
    /// There are no limits to drill.
    #[error("the stack's rate limits are switched off; start it without `--rate-limit-scale 0`")]
    NoLimits,
    /// A caller has no token.
    #[error(transparent)]
    Accounts(#[from] crate::accounts::AccountsError),
    /// The API did not answer.
    #[error("no answer")]
    NoAnswer(#[from] crate::http::HttpError),
    /// A secret.
    #[error(transparent)]
    SecretStore(#[from] crate::secret_store::SecretStoreError),
    /// A rotation.
    #[error(transparent)]
    Rotate(#[from] crate::rotate::RotateError),
    /// A script, or what it counted.
    #[error(transparent)]
    Script(#[from] crate::checks::CheckError),
    /// Schemathesis said nothing that can be read.
    #[error("schemathesis ended without a report as {0}")]
    NoReport(&'static str, #[source] std::io::Error),
    /// Promises were broken.
    #[error("{0} promises were broken")]
    Broken(usize),
}

/// How long everything may take to come to rest after a drill: two visibility timeouts and the wait for evidence.
const REST: Duration = Duration::from_mins(5);
/// How many broken promises are printed.
const SHOWN: usize = 20;

/// Checks a snapshot of all records against the simulation's invariants, once everything has come to rest.
async fn audit(stack: &Stack, findings: &mut Findings) -> Result<(), DrillError> {
    let (snapshot, violations) = audit::settled(stack, REST).await?;
    violations.iter().take(SHOWN).for_each(|violation| println!("       {violation}"));
    findings.expect(violations.is_empty(), &format!("all records agree: {}", audit::summary(&snapshot)));
    Ok(())
}

/// How many promises held.
#[derive(Debug, Default)]
pub struct Findings {
    passed: usize,
    failed: usize,
}

impl Findings {
    /// One promise.
    pub fn expect(&mut self, holds: bool, promise: &str) {
        if holds {
            self.passed += 1;
            println!("ok     {promise}");
        } else {
            self.failed += 1;
            println!("BROKEN {promise}");
        }
    }

    /// The drill's last line.
    ///
    /// # Errors
    ///
    /// A promise was broken.
    pub fn end(&self) -> Result<(), DrillError> {
        println!("{} passed, {} failed", self.passed, self.failed);
        if self.failed == 0 { Ok(()) } else { Err(DrillError::Broken(self.failed)) }
    }
}

/// Runs a drill.
///
/// # Errors
///
/// A promise was broken, or the stack does not answer.
pub async fn drill(drill: &Drill) -> Result<(), DrillError> {
    match drill {
        Drill::Contract(options) => contract::run(options).await,
        Drill::Orders(options) => orders::run(options).await,
        Drill::Limits(options) => limits::run(options).await,
        Drill::Origins => origins::run().await,
        Drill::Refunds(options) => refunds::run(options).await,
        Drill::Reconcile(options) => reconcile::run(options).await,
        Drill::Stock(options) => stock::run(options).await,
        Drill::Scenarios => scenarios::run().await,
        Drill::Rotate => rotate::run().await,
        Drill::Tokens => tokens::run().await,
    }
}
