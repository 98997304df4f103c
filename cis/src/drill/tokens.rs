//! Forged access tokens, made by a library that is not ours: none is taken, and every genuine one is.

use tokio::process::Command;

use super::DrillError;
use crate::accounts::signing_keys_file;
use crate::checks::run as run_counted;
use crate::paths;
use crate::stack::Stack;
use crate::test::clients;

/// Hands the file of the stack's signing keys to the script beside the other clients, which prints what it tried.
pub async fn run() -> Result<(), DrillError> {
    let stack = Stack::load()?.ok_or(DrillError::NoStack)?;
    clients::install().await?;
    let script = paths::root().join("tests/clients/tokens_node.mjs");
    run_counted(Command::new("node").arg(script).arg(&stack.api_url).arg(signing_keys_file())).await?;
    Ok(())
}
