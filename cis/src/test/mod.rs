//! `cargo cis test`: everything that decides whether a change is good. Rust alone first, then what needs Python and Node.

pub mod clients;
mod cloud;
mod openid;
pub mod python;
pub mod step;
mod web;

use std::time::Instant;

use clap::Args;

use crate::sim::sim;
use step::{Count, Step, StepError, cargo, cis};

/// Which checks to run.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Only the steps whose names contain this.
    #[arg(long)]
    pub only: Option<String>,
    /// Leave out what needs Python and Node. Says loudly what was left out.
    #[arg(long)]
    pub rust_only: bool,
}

/// Some of the steps failed; each has said why.
#[derive(Debug, thiserror::Error)]
#[error("{0} of the steps failed")]
pub struct FailedSteps(usize);

/// Runs the steps, all of them even after a failure, and ends with one line of counts.
///
/// # Errors
///
/// A step failed.
pub async fn test(options: &Options) -> Result<(), FailedSteps> {
    let wanted = |step: &Step| options.only.as_ref().is_none_or(|part| step.name.contains(part.as_str()));
    let (mut total, mut failures) = (Count::default(), 0);
    for step in steps().into_iter().filter(wanted) {
        if step.needs_more_than_rust && options.rust_only {
            println!("==> {} LEFT OUT: it needs Python and Node", step.name);
            continue;
        }
        println!("==> {}", step.name);
        let began = Instant::now();
        let ended = step.run().await;
        let seconds = began.elapsed().as_secs_f64();
        match ended {
            Ok(count) => {
                println!("<== {}: {} passed in {seconds:.1} s", step.name, count.passed);
                total += count;
            }
            Err(error) => {
                println!("<== {}: FAILED after {seconds:.1} s: {error}", step.name);
                failures += 1;
                total += Count { passed: 0, failed: 1 };
            }
        }
    }
    println!("\n{} passed, {} failed", total.passed, total.failed);
    if failures == 0 { Ok(()) } else { Err(FailedSteps(failures)) }
}

fn steps() -> Vec<Step> {
    vec![
        Step::new("formatting", async || cargo(&["fmt", "--all", "--check"]).await),
        Step::new("clippy", async || {
            cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "-D", "warnings"]).await
        }),
        Step::new("rust tests", async || cargo(&["test", "--workspace", "--locked"]).await),
        Step::new("simulation", async || sim(&["--seeds", "10300", "--orders", "20"]).await),
        Step::new("crash points", async || sim(&["--crash-points", "all"]).await),
        Step::new("seeded bugs", async || sim(&["--seeded-bugs", "--seeds", "50"]).await),
        Step::new("embedded stack", async || embedded().await),
        Step::with_more("template linters", async || python::lint_template().await),
        Step::with_more("client checks", async || clients::check().await),
        Step::with_more("openid provider", async || openid::check().await),
        Step::with_more("credentials", async || on_embedded(&[&["drill", "tokens"], &["drill", "rotate"]]).await),
        Step::with_more("contract", async || contract().await),
        Step::with_more("typescript client", async || web::check().await),
        Step::with_more("cloud stack", async || cloud::check().await),
    ]
}

/// Small editions of the drills with many at once and with webhooks that never come.
const DRILLS: [&[&str]; 3] = [
    &["drill", "stock", "--buyers", "100", "--units", "7"],
    &["drill", "reconcile", "--count", "40"],
    // The last one: it uses up the sheet's quota.
    &["drill", "refunds", "--parallel", "40", "--provider-faults", "0.03"],
];

/// What agrees on every stack, whatever happened on it.
const BOOKS: [&[&str]; 3] = [&["ledger", "--all"], &["replay", "--all", "--dry-run"], &["audit"]];

/// A fresh embedded stack takes an order from its request to its row, and leaves nothing running.
async fn embedded() -> Result<Count, StepError> {
    let [stock, reconcile, refunds] = DRILLS;
    let [ledger, replay, audit] = BOOKS;
    let limits = ["drill", "limits", "--seconds", "5"];
    on_embedded(&[&["smoke"], &limits, stock, reconcile, refunds, ledger, replay, audit]).await
}

/// Runs these commands on a fresh embedded stack, all of them even after a failure, and ends it.
async fn on_embedded(commands: &[&[&str]]) -> Result<Count, StepError> {
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
async fn contract() -> Result<Count, StepError> {
    cis(&["up", "--background", "--fresh", "--rate-limit-scale", "0"]).await?;
    let drilled = cis(&["drill", "contract", "--cases", "4000", "--seed", "1"]).await;
    cis(&["down"]).await?;
    drilled
}
