//! `cargo cis test`: everything that decides whether a change is good. Rust alone first, then what needs Python and Node.

pub mod clients;
mod cloud;
mod contracts;
mod documents;
mod linked;
mod needs;
mod openid;
pub mod python;
mod recipes;
mod report;
pub mod step;
mod supply;
mod web;

use std::time::Instant;

use clap::Args;

use crate::checks::{CheckError, Count, cargo, cis};
use crate::sim::sim;
use needs::Need::{self, Clippy, Compiler, Git, Node, Python, Rustfmt, Shell};
use needs::NeedsError;
use report::{Ended, Report};
use step::Step;

/// Which checks to run.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Only the steps whose names contain this.
    #[arg(long)]
    pub only: Option<String>,
    /// Leave out what needs Python and Node. Says loudly what was left out.
    #[arg(long)]
    pub rust_only: bool,
    /// Five times as many simulated worlds, every crash point, and what seldom finds anything.
    #[arg(long)]
    pub long: bool,
}

/// Why the change is not good, or nobody knows.
#[derive(Debug, thiserror::Error)]
pub enum TestError {
    /// Some of the steps failed; each has said why.
    #[error("{0} of the steps failed")]
    Steps(usize),
    /// `--only` names no step.
    #[error("no step has a name that contains {0:?}; there are: {1}")]
    NoStep(String, String),
    /// Nothing was run.
    #[error(transparent)]
    Needs(#[from] NeedsError),
}

/// Runs the steps, all of them even after a failure, and ends with their times and one line of counts.
///
/// # Errors
///
/// The machine lacks something, or a step failed.
pub async fn test(options: &Options) -> Result<(), TestError> {
    let steps = chosen(options)?;
    let (left_out, steps): (Vec<_>, Vec<_>) =
        steps.into_iter().partition(|step| options.rust_only && step.needs_more_than_rust());
    needs::meet(&all_needs(&steps)).await?;
    println!("with {}", needs::toolchain().await);
    let mut report = Report::default();
    for step in &left_out {
        println!("==> {} LEFT OUT: it needs Python and Node", step.name);
        report.record(step.name, Ended::LeftOut);
    }
    for step in &steps {
        println!("==> {}", step.name);
        let began = Instant::now();
        let ended = Ended::after(step.run().await, began.elapsed());
        println!("<== {}: {ended}", step.name);
        if let (Ended::Failed(..), Some(full)) = (&ended, needs::full_disk()) {
            println!("    {full}");
        }
        report.record(step.name, ended);
    }
    println!("\n{report}");
    match report.failures() {
        0 => Ok(()),
        failures => Err(TestError::Steps(failures)),
    }
}

fn chosen(options: &Options) -> Result<Vec<Step>, TestError> {
    let Some(part) = &options.only else { return Ok(steps(options.long)) };
    // Whoever names a step means it, in whichever edition it is.
    let (chosen, others): (Vec<_>, Vec<_>) = steps(options.long)
        .into_iter()
        .chain(if options.long { vec![] } else { long_alone() })
        .partition(|step| step.name.contains(part.as_str()));
    if chosen.is_empty() {
        let names: Vec<_> = others.iter().map(|step| step.name).collect();
        return Err(TestError::NoStep(part.clone(), names.join(", ")));
    }
    Ok(chosen)
}

fn all_needs(steps: &[Step]) -> Vec<Need> {
    let mut needs: Vec<_> = steps.iter().flat_map(|step| step.needs.iter().copied()).collect();
    needs.sort_unstable();
    needs.dedup();
    needs
}

fn steps(long: bool) -> Vec<Step> {
    let (seeds, unhealed, crash_points) = if long { ("10000", "1000", "all") } else { ("2000", "500", "kinds") };
    let mut steps = vec![
        Step::new("formatting", &[Rustfmt], async || cargo(&["fmt", "--all", "--check"]).await),
        Step::new("clippy", &[Compiler, Clippy], async || {
            cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "-D", "warnings"]).await
        }),
        Step::new("rust tests", &[Compiler], async || rust_tests().await),
        Step::new("simulation", &[Compiler], move || async move {
            sim(&["--seed", "1", "--seeds", seeds, "--orders", "20"]).await
        }),
        Step::new("without healers", &[Compiler], move || async move {
            sim(&["--seed", "1", "--seeds", unhealed, "--orders", "20", "--without-healers"]).await
        }),
        Step::new("crash points", &[Compiler], move || async move { sim(&["--crash-points", crash_points]).await }),
        Step::new("seeded bugs", &[Compiler], async || sim(&["--seeded-bugs", "--seeds", "50"]).await),
        Step::new("embedded stack", &[], move || embedded(long)),
        Step::new("documents", &[Shell], async || documents::check().await),
        Step::new("template linters", &[Python], async || python::lint_template().await),
        Step::new("client checks", &[Python, Node], async || clients::check().await),
        Step::new("contracts", &[Node], async || contracts::check().await),
        Step::new("openid provider", &[Node], async || openid::check().await),
        Step::new("credentials", &[Node], async || on_embedded(&[&["drill", "tokens"], &["drill", "rotate"]]).await),
        Step::new("contract", &[Python], async || contract().await),
        Step::new("typescript client", &[Node], async || web::check().await),
        Step::new("linked providers", &[Compiler], async || linked::check().await),
        Step::new("cloud stack", &[Compiler, Python], move || cloud::check(long)),
    ];
    if long {
        steps.extend(long_alone());
    }
    steps
}

/// What only the long edition has.
fn long_alone() -> Vec<Step> {
    vec![
        Step::new("supply chain", &[Python], async || supply::check().await),
        Step::new("workflows", &[Node], async || supply::lint_workflows().await),
        Step::new("recipes", &[Compiler, Git], async || recipes::check().await),
    ]
}

/// Unit and integration tests. The functions' programs have none, and each would be linked once more to say so; that they
/// build is clippy's and the cloud stack's to tell.
async fn rust_tests() -> Result<Count, CheckError> {
    cargo(&["test", "--workspace", "--locked", "--no-fail-fast", "--lib", "--bin", "cis", "--test", "*"]).await
}

/// Small editions of the drills with many at once and with webhooks that never come.
fn drills(long: bool) -> [&'static [&'static str]; 3] {
    // A failure that Stripe keeps is settled after two minutes.
    let refunds: &[_] = if long {
        &["drill", "refunds", "--parallel", "40", "--provider-faults", "0.03"]
    } else {
        &["drill", "refunds", "--parallel", "40", "--provider-faults", "0"]
    };
    let stock = &["drill", "stock", "--buyers", "100", "--units", "7"];
    let reconcile = &["drill", "reconcile", "--count", "40"];
    // Refunds last: they use up the sheet's quota.
    [stock, reconcile, refunds]
}

/// What agrees on every stack, whatever happened on it.
const BOOKS: [&[&str]; 3] = [&["ledger", "--all"], &["replay", "--all", "--dry-run"], &["audit"]];

/// A fresh embedded stack takes an order from its request to its row, and leaves nothing running.
async fn embedded(long: bool) -> Result<Count, CheckError> {
    let [stock, reconcile, refunds] = drills(long);
    let [ledger, replay, audit] = BOOKS;
    let limits = ["drill", "limits", "--seconds", "5"];
    on_embedded(&[&["smoke"], &["drill", "origins"], &limits, stock, reconcile, refunds, ledger, replay, audit]).await
}

/// Runs these commands on a fresh embedded stack, all of them even after a failure, and ends it.
async fn on_embedded(commands: &[&[&str]]) -> Result<Count, CheckError> {
    cis(&["up", "--background", "--fresh"]).await?;
    let mut counts = Vec::new();
    for arguments in commands {
        counts.push(cis(arguments).await);
    }
    cis(&["down"]).await?;
    counts.into_iter().try_fold(Count::default(), |mut total, count| {
        total += count?;
        Ok(total)
    })
}

/// A small edition of the contract's drill on a fresh stack without limits, whose answers would hide the others.
async fn contract() -> Result<Count, CheckError> {
    cis(&["up", "--background", "--fresh", "--rate-limit-scale", "0"]).await?;
    let drilled = cis(&["drill", "contract", "--cases", "4000", "--seed", "1"]).await;
    cis(&["down"]).await?;
    drilled
}
