//! What the steps need of the machine: looked at before they begin, brought where that is possible, and said in one place
//! where it is not.

use std::fmt;
use std::path::PathBuf;
use std::process::Stdio;

use tokio::process::Command;

use super::python;
use crate::checks::{CheckError, run};
use crate::paths;

/// A program, or a family of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// A C compiler, which links, too.
    Compiler,
    /// `cargo fmt`.
    Rustfmt,
    /// `cargo clippy`.
    Clippy,
    /// What the documents' commands are run with.
    Shell,
    /// What applies patches.
    Git,
    /// Python 3.10 or later that can make environments.
    Python,
    /// Node 20 or later with npm.
    Node,
}

use Need::{Clippy, Compiler, Git, Node, Python, Rustfmt, Shell};

/// What MiniStack, the linters and schemathesis ask for.
const PYTHON_FITS: &str = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))";

impl Need {
    /// Commands that succeed where it is there.
    fn probes(self) -> &'static [&'static [&'static str]] {
        match self {
            Compiler => &[&["cc", "--version"]],
            Rustfmt => &[&["cargo", "fmt", "--version"]],
            Clippy => &[&["cargo", "clippy", "--version"]],
            Shell => &[&["bash", "--version"], &["curl", "--version"]],
            Git => &[&["git", "--version"]],
            Python => &[&["python3", "-c", PYTHON_FITS]],
            Node => {
                &[&["node", "-e", "process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)"], &["npm", "--version"]]
            }
        }
    }

    /// How it comes to this machine, if it can by itself.
    fn way(self, machine: Machine) -> Option<Way> {
        match self {
            Compiler if machine.has_apt => Some(Way::Apt(&["gcc", "libc6-dev"])),
            Shell if machine.has_apt => Some(Way::Apt(&["bash", "curl", "ca-certificates"])),
            Git if machine.has_apt => Some(Way::Apt(&["git"])),
            Python if machine.has_apt => Some(Way::Apt(&["python3", "python3-venv"])),
            Rustfmt if machine.has_rustup => Some(Way::Rustup("rustfmt")),
            Clippy if machine.has_rustup => Some(Way::Rustup("clippy")),
            Node if machine.has_python || Python.way(machine).is_some() => Some(Way::Wheel),
            _ => None,
        }
    }

    /// How a person installs it.
    fn advice(self) -> &'static str {
        match self {
            Compiler => "Debian: apt-get install gcc libc6-dev",
            Rustfmt => "rustup component add rustfmt",
            Clippy => "rustup component add clippy",
            Shell => "Debian: apt-get install bash curl",
            Git => "Debian: apt-get install git",
            Python => "Debian: apt-get install python3 python3-venv",
            Node => "https://nodejs.org; or Python, and it is installed under target/cis",
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Compiler => "a C compiler (cc)",
            Rustfmt => "rustfmt",
            Clippy => "clippy",
            Shell => "bash and curl",
            Git => "git",
            Python => "Python 3.10 or later with venv and ensurepip",
            Node => "Node 20 or later with npm",
        })
    }
}

/// What can be used to bring something.
#[derive(Clone, Copy, Debug, Default)]
struct Machine {
    /// Debian's packages, as root.
    has_apt: bool,
    has_rustup: bool,
    has_python: bool,
}

impl Machine {
    async fn look() -> Self {
        let is_root = rustix::process::geteuid().is_root();
        Self {
            has_apt: is_root && succeeds(&["apt-get", "--version"]).await,
            has_rustup: succeeds(&["rustup", "--version"]).await,
            has_python: is_there(Python).await,
        }
    }
}

/// How something comes to a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Debian's packages.
    Apt(&'static [&'static str]),
    /// A component of the toolchain.
    Rustup(&'static str),
    /// The Node that is a package of Python's.
    Wheel,
}

/// The steps cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum NeedsError {
    /// What is missing, and what to do about it.
    #[error("nothing was run, since this machine lacks\n{}", list(.0))]
    Missing(Vec<Need>),
    /// Something could not be installed.
    #[error("nothing was run, since {0} could not be installed")]
    NotInstalled(&'static str, #[source] CheckError),
}

fn list(missing: &[Need]) -> String {
    let mut lines: Vec<_> = missing.iter().map(|need| format!("  {need} ({})", need.advice())).collect();
    if missing.iter().any(|need| matches!(need, Python | Node)) {
        lines.push("`--rust-only` leaves out what needs Python or Node".to_owned());
    }
    lines.join("\n")
}

/// Looks for all of it, and brings what is missing.
///
/// # Errors
///
/// Something is missing that cannot be brought from here.
pub async fn meet(needs: &[Need]) -> Result<(), NeedsError> {
    let missing = missing(needs).await;
    if missing.is_empty() {
        return Ok(());
    }
    let ways = ways(&missing, Machine::look().await).map_err(NeedsError::Missing)?;
    bring(&ways).await?;
    let missing = self::missing(needs).await;
    if missing.is_empty() { Ok(()) } else { Err(NeedsError::Missing(missing)) }
}

/// Which compiler the checks are made with. None is pinned, since rustup would download it: `rust-version` in `Cargo.toml`
/// is the oldest one that will do.
pub async fn toolchain() -> String {
    let output = Command::new("rustc").arg("--version").output().await;
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

/// Less than this and builds fail, each in words of its own.
const DISK_IS_FULL: u64 = 1 << 30;

/// A sentence when the disk is full: a failed step names whatever could not be written, not why.
pub fn full_disk() -> Option<String> {
    let disk = rustix::fs::statvfs(paths::root()).ok()?;
    let left = disk.f_bavail * disk.f_frsize;
    (left < DISK_IS_FULL)
        .then(|| format!("the disk is full: {} MB are left for {}", left >> 20, paths::root().display()))
}

async fn missing(needs: &[Need]) -> Vec<Need> {
    let mut missing = Vec::new();
    for need in needs {
        if !is_there(*need).await {
            missing.push(*need);
        }
    }
    missing
}

/// A way for each, or those that have none: then nothing is installed at all.
fn ways(missing: &[Need], machine: Machine) -> Result<Vec<Way>, Vec<Need>> {
    let mut missing = missing.to_vec();
    if missing.contains(&Node) && !machine.has_python && !missing.contains(&Python) {
        missing.insert(0, Python);
    }
    let (can, cannot): (Vec<_>, Vec<_>) = missing.into_iter().partition(|need| need.way(machine).is_some());
    if cannot.is_empty() { Ok(can.into_iter().filter_map(|need| need.way(machine)).collect()) } else { Err(cannot) }
}

async fn is_there(need: Need) -> bool {
    for probe in need.probes() {
        if !succeeds(probe).await {
            return false;
        }
    }
    true
}

async fn succeeds(words: &[&str]) -> bool {
    let [program, arguments @ ..] = words else { return false };
    let mut command = Command::new(program);
    command.args(arguments).env("PATH", paths::programs()).stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(Stdio::null()).status().await.is_ok_and(|status| status.success())
}

/// Debian's packages first, in one go: the others may need them.
async fn bring(ways: &[Way]) -> Result<(), NeedsError> {
    let packages: Vec<_> = ways.iter().filter_map(Way::packages).flatten().collect();
    if !packages.is_empty() {
        println!("==> installing {}", packages.iter().map(|package| **package).collect::<Vec<_>>().join(" "));
        let failed = |error| NeedsError::NotInstalled("a Debian package", error);
        run(apt().args(["update", "-qq"])).await.map_err(failed)?;
        run(apt().args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages)).await.map_err(failed)?;
    }
    for way in ways {
        match way {
            Way::Apt(_) => {}
            Way::Rustup(component) => {
                println!("==> installing {component}");
                let added = run(Command::new("rustup").args(["component", "add", component])).await;
                added.map_err(|error| NeedsError::NotInstalled(component, error))?;
            }
            Way::Wheel => {
                println!("==> installing Node under {}", paths::node().display());
                node().await.map_err(|error| NeedsError::NotInstalled("Node", error))?;
            }
        }
    }
    Ok(())
}

impl Way {
    fn packages(&self) -> Option<&'static [&'static str]> {
        if let Self::Apt(packages) = self { Some(packages) } else { None }
    }
}

fn apt() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// Node and npm by the names under which they are looked for. The package has them in its own folders.
async fn node() -> Result<(), CheckError> {
    let packages = python::node().await?;
    let programs = paths::node();
    let failed = |error| CheckError::Start(programs.display().to_string(), error);
    std::fs::create_dir_all(&programs).map_err(failed)?;
    let links = [("node", "bin/node"), ("npm", "lib/node_modules/npm/bin/npm-cli.js")];
    for (name, target) in links {
        let (link, target): (PathBuf, PathBuf) = (programs.join(name), packages.join(target));
        // An earlier one may point to what is no longer there.
        std::fs::remove_file(&link).or_else(not_there).map_err(failed)?;
        std::os::unix::fs::symlink(target, link).map_err(failed)?;
    }
    Ok(())
}

fn not_there(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: Machine = Machine { has_apt: false, has_rustup: false, has_python: false };
    const DEBIAN: Machine = Machine { has_apt: true, has_rustup: true, has_python: false };
    const PYTHON3: Machine = Machine { has_python: true, ..BARE };

    #[test]
    fn what_cannot_be_brought_is_named_all_at_once() {
        let all = [Compiler, Rustfmt, Clippy, Shell, Git, Python, Node];
        assert_eq!(ways(&all, BARE), Err(all.to_vec()));
        assert_eq!(ways(&[Clippy, Node], PYTHON3), Err(vec![Clippy]));
        let said = NeedsError::Missing(vec![Python, Node]).to_string();
        assert!(said.contains("python3-venv") && said.contains("nodejs.org"), "{said}");
    }

    #[test]
    fn what_can_be_brought_has_a_way() {
        let python = Way::Apt(&["python3", "python3-venv"]);
        assert_eq!(ways(&[Clippy, Python, Node], DEBIAN), Ok(vec![Way::Rustup("clippy"), python, Way::Wheel]));
        assert_eq!(ways(&[Node], PYTHON3), Ok(vec![Way::Wheel]));
        assert_eq!(ways(&[Node], DEBIAN), Ok(vec![python, Way::Wheel]), "its package needs Python");
        assert_eq!(ways(&[Node], BARE), Err(vec![Python, Node]));
    }

    #[tokio::test]
    async fn a_program_is_there_when_it_says_so() {
        assert!(succeeds(&["sh", "-c", "true"]).await);
        assert!(!succeeds(&["sh", "-c", "false"]).await);
        assert!(!succeeds(&["no-such-program"]).await);
    }
}
