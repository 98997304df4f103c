//! The TypeScript client: generated from the document as it is, well typed, and good enough for an order's whole way.

use tokio::process::Command;

use crate::checks::{CheckError, Count, cis, run};
use crate::paths;
use crate::stack::Stack;

/// Fails when the generated types are stale; then signs up, orders and pays on a fresh embedded stack.
pub async fn check() -> Result<Count, CheckError> {
    let mut total = Count::default();
    run(npm().args(["ci", "--silent", "--no-audit", "--no-fund"])).await?;
    for script in ["stale", "check"] {
        total += run(npm().args(["run", "--silent", script])).await?;
    }
    cis(&["up", "--background", "--fresh"]).await?;
    let scenario = scenario().await;
    cis(&["down"]).await?;
    total += scenario?;
    Ok(total)
}

async fn scenario() -> Result<Count, CheckError> {
    let missing = || CheckError::Missing("there is no stack".to_owned());
    let stack = Stack::load().ok().flatten().ok_or_else(missing)?;
    run(npm().args(["run", "--silent", "scenario", "--"]).args([&stack.api_url, &stack.sandbox_url])).await
}

fn npm() -> Command {
    let mut npm = Command::new("npm");
    npm.arg("--prefix").arg(paths::root().join("web"));
    npm
}
