//! The scenarios of `tests`, run as a program with a seeded bug in the product.

use std::error::Error;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use simulation::seeded_bugs::{SeededBug, VARIABLE};

/// How many times as long as without a bug the scenarios may take. Some bugs let one of them run for ever.
const PATIENCE: u32 = 20;
/// Between two looks at whether the program has ended.
const LOOKS: Duration = Duration::from_millis(20);

/// The program with the scenarios, which all pass without a bug.
#[derive(Clone, Debug)]
pub struct ScenarioTests {
    program: PathBuf,
    folder: PathBuf,
    limit: Duration,
}

/// The scenarios that a bug breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Their names, in alphabetical order.
    pub names: Vec<String>,
    /// Whether the last one did not end, so that the ones after it did not run.
    pub is_cut_off: bool,
}

impl ScenarioTests {
    /// Builds the program, and runs it without a bug.
    ///
    /// # Errors
    ///
    /// When it cannot be built or run, or when a scenario fails without a bug: no failure would say anything then.
    pub fn build() -> Result<Self, Box<dyn Error>> {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let arguments = ["test", "--profile", "sim", "--package", "tests", "--test", "all", "--no-run", "--locked"];
        let built = Command::new(cargo)
            .args(arguments)
            .args(["--quiet", "--message-format", "json-render-diagnostics"])
            .stderr(Stdio::inherit())
            .output()?;
        let (program, folder) =
            String::from_utf8_lossy(&built.stdout).lines().find_map(executable).ok_or("the tests cannot be built")?;
        let mut tests = Self { program, folder, limit: Duration::MAX };
        let began = Instant::now();
        let broken = tests.broken(None)?;
        if broken.is_cut_off || !broken.names.is_empty() {
            return Err(format!("without a bug, scenarios fail: {}", broken.names.join(", ")).into());
        }
        tests.limit = began.elapsed() * PATIENCE;
        Ok(tests)
    }

    /// Runs the scenarios with this bug, one after the other.
    ///
    /// # Errors
    ///
    /// When the program cannot be run.
    pub fn broken_by(&self, bug: &SeededBug) -> io::Result<Broken> {
        self.broken(Some(bug))
    }

    fn broken(&self, bug: Option<&SeededBug>) -> io::Result<Broken> {
        let mut command = Command::new(&self.program);
        command.args(["scenarios::", "--test-threads", "1"]).current_dir(&self.folder).env_remove(VARIABLE);
        if let Some(bug) = bug {
            command.env(VARIABLE, bug.name);
        }
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let stdout = child.stdout.take();
        let reading = thread::spawn(move || {
            let mut text = Vec::new();
            // Nothing more can be read once the program is gone.
            let _ = stdout.map(|mut stdout| stdout.read_to_end(&mut text));
            String::from_utf8_lossy(&text).into_owned()
        });
        wait(&mut child, self.limit)?;
        Ok(broken(&reading.join().unwrap_or_default()))
    }
}

/// Waits for the end of the program, and ends it when it takes longer than this.
fn wait(child: &mut Child, limit: Duration) -> io::Result<()> {
    let began = Instant::now();
    while child.try_wait()?.is_none() {
        if began.elapsed() > limit {
            child.kill()?;
        }
        thread::sleep(LOOKS);
    }
    Ok(())
}

/// The test program and its package's folder, from a line of cargo's messages
/// (<https://doc.rust-lang.org/cargo/reference/external-tools.html#json-messages>).
fn executable(line: &str) -> Option<(PathBuf, PathBuf)> {
    let message: Value = serde_json::from_str(line).ok()?;
    let folder = Path::new(message["manifest_path"].as_str()?).parent()?;
    Some((message["executable"].as_str()?.into(), folder.to_owned()))
}

/// What libtest printed of tests that ran one after the other: a test's name, and behind it the outcome.
fn broken(text: &str) -> Broken {
    let tests = text.lines().filter_map(|line| line.strip_prefix("test ")?.split_once(" ... "));
    let failed = tests.filter(|(_, outcome)| *outcome != "ok");
    let names = failed.map(|(name, _)| name.trim_start_matches("scenarios::").to_owned()).collect();
    Broken { names, is_cut_off: !text.contains("\ntest result: ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_read_from_what_libtest_prints() {
        let check = |text: &str, names: &[&str], is_cut_off| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(broken(text), Broken { names, is_cut_off }, "{text}");
        };
        let ended = "test result: FAILED. 1 passed; 1 failed; 0 ignored";
        check("\nrunning 1 test\ntest scenarios::a ... ok\n\ntest result: ok. 1 passed; 0 failed", &[], false);
        check(&format!("test scenarios::a ... ok\ntest scenarios::b::c ... FAILED\n{ended}"), &["b::c"], false);
        check("test scenarios::a ... FAILED\ntest scenarios::b ... ", &["a", "b"], true);
        check("", &[], true);
    }
}
