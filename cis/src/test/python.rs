//! The Python tools of the tests, in environments of their own under `target/cis`, and the template's linters.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::step::{Count, StepError, run};
use crate::paths;

/// Pinned, like everything that decides about a change.
const LINTERS: [&str; 2] = ["aws-sam-cli==1.170.0", "cfn-lint==1.58.0"];

/// The programs of the linters and of the providers' clients.
pub async fn environment() -> Result<PathBuf, StepError> {
    installed("checks", &LINTERS, "tests/clients/requirements.txt").await
}

/// The program of schemathesis; apart from the others, whose dependencies it does not share.
pub async fn schemathesis() -> Result<PathBuf, StepError> {
    Ok(installed("schemathesis", &[], "tests/clients/schemathesis.txt").await?.join("st"))
}

/// An environment's folder of programs; made first when it is not there or has other versions.
async fn installed(name: &str, packages: &[&str], requirements: &str) -> Result<PathBuf, StepError> {
    let folder = paths::state().join(name);
    let requirements = paths::root().join(requirements);
    let failed = |error| StepError::Start(requirements.display().to_string(), error);
    let wanted = format!("{}\n{}", packages.join("\n"), std::fs::read_to_string(&requirements).map_err(failed)?);
    let (programs, marker) = (folder.join("bin"), folder.join("packages"));
    if std::fs::read_to_string(&marker).is_ok_and(|installed| installed == wanted) {
        return Ok(programs);
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder)).await?;
    let mut install = Command::new(programs.join("python"));
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(packages);
    run(install.arg("--requirement").arg(&requirements)).await?;
    // Written last: an environment that was interrupted has no marker and is made again.
    std::fs::write(marker, wanted).map_err(failed)?;
    Ok(programs)
}

/// `sam validate --lint` and `cfn-lint` on template.yaml.
pub async fn lint_template() -> Result<Count, StepError> {
    let programs = environment().await?;
    let mut total = Count::default();
    total += run(quiet(&programs.join("sam")).args(["validate", "--lint", "--region", "eu-central-1"])).await?;
    total += run(quiet(&programs.join("cfn-lint")).args(["--regions", "eu-central-1", "--", "template.yaml"])).await?;
    Ok(total)
}

/// A program that tells nobody that it runs.
fn quiet(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("SAM_CLI_TELEMETRY", "0");
    command
}
