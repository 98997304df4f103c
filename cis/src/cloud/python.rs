//! MiniStack's Python environment: made once under `target/cis/venv`, with pinned versions.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use tokio::process::Command;

use super::CloudError;
use crate::paths;

/// The packages and their versions. The second one lets MiniStack read templates of the serverless transform, and
/// brings boto3.
const PACKAGES: [&str; 2] = ["ministack==1.5.33", "aws-sam-translator==1.115.0"];

/// MiniStack asks for this Python.
const FITS: &str = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))";

/// The environment's interpreter; the environment is made first when it is not there or has other versions.
///
/// # Errors
///
/// There is no suitable Python, or the packages cannot be installed.
pub async fn environment() -> Result<PathBuf, CloudError> {
    let folder = paths::state().join("venv");
    let (interpreter, marker) = (folder.join("bin").join("python"), folder.join("packages"));
    let wanted = PACKAGES.join("\n");
    if interpreter.exists() && std::fs::read_to_string(&marker).is_ok_and(|installed| installed == wanted) {
        return Ok(interpreter);
    }
    eprintln!("installing MiniStack into {} (once)", folder.display());
    make(&folder).await?;
    install(&folder, &interpreter).await?;
    // Written last: an environment that was interrupted has no marker and is made again.
    std::fs::write(marker, wanted)?;
    Ok(interpreter)
}

async fn make(folder: &Path) -> Result<(), CloudError> {
    let fits = output(Command::new("python3").args(["-c", FITS])).await.map_err(CloudError::Python)?;
    if !fits.status.success() {
        return Err(CloudError::PythonUnfit(last_line(&fits)));
    }
    let mut command = Command::new("python3");
    let made = output(command.args(["-m", "venv", "--clear"]).arg(folder)).await.map_err(CloudError::Python)?;
    if made.status.success() { Ok(()) } else { Err(CloudError::PythonUnfit(last_line(&made))) }
}

async fn install(folder: &Path, interpreter: &Path) -> Result<(), CloudError> {
    let mut command = Command::new(interpreter);
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(PACKAGES);
    let installed = output(&mut command).await.map_err(CloudError::Python)?;
    if installed.status.success() {
        return Ok(());
    }
    Err(CloudError::Install { folder: folder.to_path_buf(), message: last_line(&installed) })
}

async fn output(command: &mut Command) -> std::io::Result<Output> {
    command.stdin(Stdio::null()).kill_on_drop(true).output().await
}

/// What a program said last, which is mostly why it failed.
pub(super) fn last_line(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing").to_owned()
}
