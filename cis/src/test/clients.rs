//! The providers' own client libraries against the sandbox: whoever wrote both sides would not notice a shared mistake.

use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::python;
use crate::checks::{CheckError, Count, cargo, run};
use crate::paths;

/// Each takes the sandbox's address and ends with `N passed, M failed`.
const PYTHON: [&str; 2] = ["stripe_python.py", "google_python.py"];
const NODE: [&str; 3] = ["stripe_node.mjs", "sendgrid_node.mjs", "helmet_node.mjs"];

/// Starts a sandbox and runs every client against it.
pub async fn check() -> Result<Count, CheckError> {
    let clients = paths::root().join("tests/clients");
    let interpreter = python::environment().await?.join("python");
    install().await?;
    cargo(&["build", "--quiet", "--locked", "--package", "sandbox"]).await?;
    let (sandbox, address) = sandbox().await?;
    let mut total = Count::default();
    for script in PYTHON {
        total += run(Command::new(&interpreter).arg(clients.join(script)).arg(&address)).await?;
    }
    for script in NODE {
        total += run(Command::new("node").arg(clients.join(script)).arg(&address)).await?;
    }
    // Ended by its handle: nothing else has its id.
    drop(sandbox);
    Ok(total)
}

/// What the checks in Node need, as the lock file names it.
pub async fn install() -> Result<(), CheckError> {
    let clients = paths::root().join("tests/clients");
    run(Command::new("npm").args(["ci", "--silent", "--no-audit", "--no-fund", "--prefix"]).arg(clients)).await?;
    Ok(())
}

/// A sandbox on a free port, which ends with its handle, and its address.
pub async fn sandbox() -> Result<(Child, String), CheckError> {
    let program = paths::root().join("target/debug/sandbox");
    let failed = |error| CheckError::Start(program.display().to_string(), error);
    let mut child = start(&program).map_err(failed)?;
    let Some(output) = child.stdout.take() else {
        return Err(CheckError::Missing("the sandbox has no output".to_owned()));
    };
    let line = BufReader::new(output).lines().next_line().await.map_err(failed)?;
    let address = line.as_deref().and_then(|line| line.strip_prefix("sandbox: "));
    let address = address.ok_or_else(|| CheckError::Missing("the sandbox did not say where it is".to_owned()))?;
    Ok((child, address.to_owned()))
}

fn start(program: &Path) -> std::io::Result<Child> {
    Command::new(program).args(["--port", "0"]).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn()
}
