//! What comes from outside: the licences and origins of what is linked, what must not be, and the workflow files.

use tokio::process::Command;

use super::{clients, python};
use crate::checks::{CheckError, Count, run};
use crate::paths;

/// `cargo deny`, as `deny.toml` says. Advisories need their database, which is fetched each time.
pub async fn check() -> Result<Count, CheckError> {
    let deny = python::deny().await?;
    let mut total = run(Command::new(&deny).args(["--locked", "check", "licenses", "bans", "sources"])).await?;
    if run(Command::new(&deny).args(["--locked", "fetch", "db"])).await.is_ok() {
        total += run(Command::new(&deny).args(["--locked", "check", "--disable-fetch", "advisories"])).await?;
    } else {
        println!("    advisories LEFT OUT: their database cannot be reached from here");
    }
    Ok(total)
}

/// `actionlint` on every file of `.github/workflows`.
pub async fn lint_workflows() -> Result<Count, CheckError> {
    clients::install().await?;
    let script = paths::root().join("tests/clients/workflows_node.mjs");
    run(Command::new("node").arg(script)).await
}
