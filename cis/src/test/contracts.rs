//! Stripe's own types, as npm `stripe` ships them, against what the sandbox answers and what the product asks for.

use tokio::process::Command;

use super::clients;
use crate::checks::{CheckError, Count, cargo, cis, run};
use crate::paths;

/// Has a stack ask Stripe's stand-in for what an order needs, then checks those requests, the stand-in's objects, and that
/// the product reads each word and null that Stripe's types allow.
pub async fn check() -> Result<Count, CheckError> {
    clients::install().await?;
    cargo(&["build", "--quiet", "--locked", "--package", "sandbox"]).await?;
    record().await?;
    let (sandbox, address) = clients::sandbox().await?;
    let mut script = Command::new("node");
    script.arg(paths::root().join("tests/clients/stripe_contract.mjs")).arg(&address);
    script.arg("--journal").arg(paths::embedded().join("sandbox.journal"));
    let samples = paths::embedded().join("stripe-samples.jsonl");
    script.arg("--samples").arg(&samples);
    let checked = run(&mut script).await;
    // Ended by its handle: nothing else has its id.
    drop(sandbox);
    let mut total = checked?;
    let samples = samples.display().to_string();
    total += cargo(&["run", "--quiet", "--locked", "--package", "stripe", "--example", "read_samples", "--", &samples])
        .await?;
    Ok(total)
}

/// A stack's sandbox writes every request into its journal.
async fn record() -> Result<(), CheckError> {
    cis(&["up", "--background", "--fresh"]).await?;
    let mut ended = Vec::new();
    for arguments in [&["smoke"] as &[&str], &["drill", "reconcile", "--count", "5"]] {
        ended.push(cis(arguments).await);
    }
    cis(&["down"]).await?;
    ended.into_iter().try_for_each(|ended| ended.map(drop))
}
