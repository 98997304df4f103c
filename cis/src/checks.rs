//! Runs programs and counts the checks that they name.

use std::io;
use std::ops::AddAssign;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;

use crate::paths;

/// Checks that passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Passed.
    pub passed: usize,
    /// Failed.
    pub failed: usize,
}

impl Count {
    /// A step that is one check.
    pub const ONE: Self = Self { passed: 1, failed: 0 };
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// Why a check failed.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// A program said no; its own output says why.
    #[error("`{0}` ended with {1}")]
    Program(String, ExitStatus),
    /// A program could not be started, or not be read.
    #[error("cannot run `{0}`")]
    Start(String, #[source] io::Error),
    /// A program counted failures, or nothing at all.
    #[error("`{0}` ran {passed} checks, {failed} of them failed", passed = .1.passed + .1.failed, failed = .1.failed)]
    Checks(String, Count),
    /// What a check needs is not there.
    #[error("{0}")]
    Missing(String),
}

/// Runs cargo in the repository.
pub async fn cargo(arguments: &[&str]) -> Result<Count, CheckError> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    run(Command::new(cargo).args(arguments)).await
}

/// Runs this command itself, as a person would.
pub async fn cis(arguments: &[&str]) -> Result<Count, CheckError> {
    let this = std::env::current_exe().map_err(|error| CheckError::Start("cis".to_owned(), error))?;
    run(Command::new(this).args(arguments)).await
}

/// Runs a program in the repository's root, shows what it prints, and counts the checks that it names; one that counts
/// nothing is one check itself.
pub async fn run(command: &mut Command) -> Result<Count, CheckError> {
    run_in(&paths::root(), command).await
}

/// The same in another folder.
pub async fn run_in(folder: &Path, command: &mut Command) -> Result<Count, CheckError> {
    let name = describe(command);
    let start = |error| CheckError::Start(name.clone(), error);
    command.current_dir(folder).env("PATH", paths::programs());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(start)?;
    let stdout = child.stdout.take();
    let count = read(stdout).await.map_err(start)?;
    let status = child.wait().await.map_err(start)?;
    if !status.success() {
        return Err(CheckError::Program(name, status));
    }
    match count {
        None => Ok(Count::ONE),
        Some(count) if count.failed == 0 && count.passed > 0 => Ok(count),
        Some(count) => Err(CheckError::Checks(name, count)),
    }
}

async fn read(output: Option<impl AsyncRead + Unpin>) -> io::Result<Option<Count>> {
    let Some(output) = output else { return Ok(None) };
    let mut lines = BufReader::new(output).lines();
    let mut total: Option<Count> = None;
    while let Some(line) = lines.next_line().await? {
        println!("{line}");
        if let Some(count) = counted(&line) {
            *total.get_or_insert_default() += count;
        }
    }
    Ok(total)
}

/// `test result: ok. 12 passed; 0 failed; …` of cargo, and `12 passed, 0 failed` of our own checks.
fn counted(line: &str) -> Option<Count> {
    let line = match line.strip_prefix("test result: ") {
        Some(rest) => rest.split_once(". ")?.1,
        None => line,
    };
    let mut parts = line.split([',', ';']).map(str::trim);
    let passed = parts.next()?.strip_suffix(" passed")?.parse().ok()?;
    let failed = parts.next()?.strip_suffix(" failed")?.parse().ok()?;
    Some(Count { passed, failed })
}

fn describe(command: &Command) -> String {
    let command = command.as_std();
    let words = std::iter::once(command.get_program()).chain(command.get_args()).map(|word| word.to_string_lossy());
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_counted_and_nothing_else() {
        let count = |passed, failed| Some(Count { passed, failed });
        assert_eq!(counted("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured"), count(12, 0));
        assert_eq!(counted("test result: FAILED. 3 passed; 2 failed; 0 ignored"), count(3, 2));
        assert_eq!(counted("31 passed, 1 failed"), count(31, 1));
        assert_eq!(counted("test a_mail ... ok"), None);
        assert_eq!(counted("all 3 passed"), None);
    }

    #[tokio::test]
    async fn a_program_that_fails_or_counts_a_failure_fails() {
        let shell = async |script: &str| run(Command::new("/bin/sh").args(["-c", script])).await;
        assert_eq!(shell("true").await.unwrap(), Count::ONE);
        assert_eq!(shell("echo 2 passed, 0 failed").await.unwrap().passed, 2);
        assert!(matches!(shell("exit 3").await, Err(CheckError::Program(..))));
        assert!(matches!(shell("echo 2 passed, 1 failed").await, Err(CheckError::Checks(..))));
        assert!(matches!(shell("echo 0 passed, 0 failed").await, Err(CheckError::Checks(..))));
    }
}
