//! The API against its own document: schemathesis makes requests of all kinds from `openapi.json`, valid and invalid,
//! as every kind of caller, and finds responses that differ from the document. Never a 5xx, no response outside of the
//! schema, nothing accepted that the document forbids, no authentication ignored.

mod caller;

use std::path::Path;

use clap::Args;
use futures::future::try_join_all;
use serde::Deserialize;
use tokio::process::Command;

use super::DrillError;
use crate::paths;
use crate::stack::Stack;
use crate::test::python;

use caller::Caller;

/// What one caller's first run makes besides what it is asked for: the boundaries of every parameter and field.
const BOUNDARIES: usize = 1250;
/// How many cases come of each one that is asked for: one for each operation, and a few chains of calls.
const OPERATIONS: usize = 32;

/// How much.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// How many requests at least, split between the callers. The boundaries alone are some 5000.
    #[arg(long, default_value_t = 10_000)]
    pub cases: usize,
    /// Makes the requests of an earlier run again; a run says which seed it had.
    #[arg(long)]
    pub seed: Option<u64>,
}

/// What schemathesis says of a run; it writes more.
#[derive(Debug, Deserialize)]
struct Report {
    seed: u128,
    complete: bool,
    test_cases: Cases,
    failures: Vec<serde_json::Value>,
    errors: Vec<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
struct Cases {
    generated: usize,
}

/// The results of a caller's runs.
#[derive(Debug, Default)]
struct Outcome {
    cases: usize,
    findings: usize,
    seeds: Vec<u128>,
}

/// Runs the drill, every caller at once.
///
/// # Errors
///
/// An answer was not as promised, schemathesis cannot be had, or the stack does not answer.
pub async fn run(options: &Options) -> Result<(), DrillError> {
    let stack = Stack::load()?.ok_or(DrillError::NoStack)?;
    if stack.rate_limit_scale != 0 {
        println!("the stack's rate limits are on: it answers 429 where 401 is expected, and that counts as a finding.");
        println!("Start it with `--rate-limit-scale 0`.");
    }
    let schemathesis = python::schemathesis().await?;
    let callers = caller::everybody(&stack).await?;
    let share = options.cases.div_ceil(callers.len());
    let outcomes = callers.iter().map(|caller| drill(&schemathesis, caller, &stack.api_url, share, options.seed));
    let outcomes = try_join_all(outcomes).await?;
    for (caller, outcome) in callers.iter().zip(&outcomes) {
        let Outcome { cases, findings, seeds } = outcome;
        println!("{:<8} {cases:>6} cases, {findings} findings (seeds {seeds:?})", caller.name);
    }
    println!("{} cases", outcomes.iter().map(|outcome| outcome.cases).sum::<usize>());
    let failed = outcomes.iter().filter(|outcome| outcome.findings > 0).count();
    println!("{} passed, {failed} failed", outcomes.len() - failed);
    if failed == 0 { Ok(()) } else { Err(DrillError::Broken(outcomes.iter().map(|outcome| outcome.findings).sum())) }
}

/// Runs schemathesis as one caller until it has made the caller's share of the cases.
async fn drill(
    program: &Path,
    caller: &Caller,
    api_url: &str,
    share: usize,
    seed: Option<u64>,
) -> Result<Outcome, DrillError> {
    let mut outcome = Outcome::default();
    while outcome.cases < share {
        let is_first = outcome.seeds.is_empty();
        let missing = share.saturating_sub(outcome.cases + if is_first { BOUNDARIES } else { 0 });
        let mut command = Command::new(program);
        command.args([
            "run",
            "--phases",
            if is_first { "examples,coverage,fuzzing,stateful" } else { "fuzzing,stateful" },
        ]);
        command.args(["--max-examples", &missing.div_ceil(OPERATIONS).max(1).to_string()]);
        if let Some(seed) = seed {
            command.args(["--seed", &(seed + outcome.seeds.len() as u64).to_string()]);
        }
        let report = report(command.arg("--url").arg(api_url), caller).await?;
        outcome.cases += report.test_cases.generated;
        outcome.findings += report.failures.len() + report.errors.len() + usize::from(!report.complete);
        outcome.seeds.push(report.seed);
        if report.test_cases.generated == 0 {
            break;
        }
    }
    Ok(outcome)
}

/// Runs schemathesis once; prints what it said when it found something.
async fn report(command: &mut Command, caller: &Caller) -> Result<Report, DrillError> {
    let no_report = |error| DrillError::NoReport(caller.name, error);
    let folder = paths::state().join("contract").join(caller.name);
    let file = folder.join("report.json");
    std::fs::create_dir_all(&folder)?;
    std::fs::remove_file(&file).ok();
    command.arg("--header").arg(format!("Authorization: Bearer {}", caller.token));
    // The hooks say why this check is left out.
    command.args(["--checks", "all", "--exclude-checks", "positive_data_acceptance", "--continue-on-failure"]);
    command.args(["--suppress-health-check", "all", "--generation-database", "none", "--no-color"]);
    command.args(["--report", "json", "--report-json-path"]).arg(&file).arg(paths::root().join("openapi.json"));
    command
        .env("SCHEMATHESIS_HOOKS", paths::root().join("tests/clients/schemathesis_hooks.py"))
        .envs(caller.variables());
    let output = command.current_dir(&folder).kill_on_drop(true).output().await.map_err(no_report)?;
    let said = String::from_utf8_lossy(&output.stdout);
    std::fs::write(folder.join("output.txt"), said.as_bytes())?;
    if !output.status.success() {
        println!("as {}:\n{said}\n{}", caller.name, String::from_utf8_lossy(&output.stderr));
    }
    let report: Report =
        std::fs::read(&file).and_then(|bytes| Ok(serde_json::from_slice(&bytes)?)).map_err(no_report)?;
    if output.status.success() || !report.failures.is_empty() || !report.errors.is_empty() || !report.complete {
        return Ok(report);
    }
    Err(no_report(std::io::Error::other(output.status.to_string())))
}
