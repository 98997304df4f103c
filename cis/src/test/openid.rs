//! Signing in through an OpenID provider of the real world, npm's `oidc-provider`, on a fresh embedded stack.

use tokio::process::Command;

use super::clients;
use crate::checks::{CheckError, Count, cis, run};
use crate::embedded::secrets;
use crate::paths;
use crate::stack::Stack;

/// The script starts the provider and plays the browser; it ends with `N passed, M failed`.
pub async fn check() -> Result<Count, CheckError> {
    clients::install().await?;
    cis(&["up", "--background", "--fresh", "--rate-limit-scale", "20"]).await?;
    let checked = against_the_stack().await;
    cis(&["down"]).await?;
    checked
}

async fn against_the_stack() -> Result<Count, CheckError> {
    let missing = || CheckError::Missing("there is no stack".to_owned());
    let stack = Stack::load().ok().flatten().ok_or_else(missing)?;
    let script = paths::root().join("tests/clients/openid_node.mjs");
    run(Command::new("node").arg(script).arg(&stack.api_url).arg(secrets::file(&paths::embedded()))).await
}
