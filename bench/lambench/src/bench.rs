//! Times: start, first call, warm calls; sizes and memory beside them.

use std::error::Error;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};

use crate::Selection;
use crate::config::{Config, Target};
use crate::process::Running;
use crate::stats::Stats;

/// Calls before warm calls are timed.
const WARM_UP: usize = 50;
/// A target that failed so often is left alone.
const MOST_FAILURES: usize = 3;

/// What is measured, and how often.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    selection: Selection,
    /// All of it, so many times over.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Starts of each target in a round.
    #[arg(long, default_value_t = 10)]
    cold: usize,
    /// Timed warm calls of each target in a round.
    #[arg(long, default_value_t = 1000)]
    warm: usize,
}

/// What was measured of a target, in milliseconds and kB.
#[derive(Debug, Default)]
struct Measured {
    init: Vec<f64>,
    first: Vec<f64>,
    cold: Vec<f64>,
    warm: Vec<f64>,
    memory: Vec<f64>,
    failures: Vec<String>,
}

/// Measures and prints a table.
pub fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let (config, targets) = options.selection.targets()?;
    let mut measured: Vec<Measured> = targets.iter().map(|_| Measured::default()).collect();
    for round in 0..options.rounds {
        eprintln!("round {} of {}", round + 1, options.rounds);
        // Each time another one begins, so that no target always follows the same one.
        for turn in 0..options.cold {
            each(&targets, &mut measured, round + turn, |target, measured| measured.start(&config, target));
        }
        if options.warm > 0 {
            each(&targets, &mut measured, round, |target, measured| measured.call(&config, target, options.warm));
        }
    }
    println!(
        "{:<28}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}",
        "", "size kB", "zip kB", "init ms", "1st ms", "cold ms", "warm ms", "p90 ms", "peak kB"
    );
    let rows: Vec<Value> = targets.iter().zip(&measured).map(|(target, measured)| measured.row(target)).collect();
    options.selection.write(&Value::from(rows))
}

fn each(
    targets: &[Target],
    measured: &mut [Measured],
    offset: usize,
    measure: impl Fn(&Target, &mut Measured) -> Result<(), Box<dyn Error>>,
) {
    for place in 0..targets.len() {
        let place = (place + offset) % targets.len();
        let (target, measured) = (&targets[place], &mut measured[place]);
        if measured.failures.len() < MOST_FAILURES
            && let Err(error) = measure(target, measured)
        {
            measured.failures.push(error.to_string());
        }
    }
}

impl Measured {
    fn start(&mut self, config: &Config, target: &Target) -> Result<(), Box<dyn Error>> {
        let running = Running::start(config, target, &target.cmd, false)?;
        let ready = running.wait_until_ready()?;
        let call = running.call(&config.event_of(target))?;
        let answer = String::from_utf8_lossy(&call.answer);
        if let Some(expected) = target.expect.as_ref().filter(|expected| !answer.contains(expected.as_str())) {
            return Err(format!("no {expected} in {answer}").into());
        }
        running.wait_until_ready()?;
        let (init, first) = (between(running.started, ready), between(call.sent, call.answered));
        self.init.push(init);
        self.first.push(first);
        self.cold.push(init + first);
        self.memory.extend(running.status("VmHWM").map(|kb| kb as f64));
        Ok(())
    }

    fn call(&mut self, config: &Config, target: &Target, calls: usize) -> Result<(), Box<dyn Error>> {
        let running = Running::start(config, target, &target.cmd, false)?;
        let event = config.event_of(target);
        running.wait_until_ready()?;
        for number in 0..WARM_UP + calls {
            let call = running.call(&event)?;
            running.wait_until_ready()?;
            if number >= WARM_UP {
                self.warm.push(between(call.sent, call.answered));
            }
        }
        Ok(())
    }

    fn row(&self, target: &Target) -> Value {
        let (size, zip) = (std::fs::metadata(target.program()).map_or(0, |file| file.len()), zipped(target));
        let [init, first, cold, warm, memory] =
            [&self.init, &self.first, &self.cold, &self.warm, &self.memory].map(|values| Stats::of(values));
        let failure = self.failures.first().map_or(String::new(), |failure| format!("  FAILED: {failure}"));
        println!(
            "{:<28}{:>9}{:>9}{:>9.2}{:>9.2}{:>9.2}{:>9.3}{:>9.3}{:>9}{failure}",
            target.name,
            size / 1000,
            zip / 1000,
            init.p50,
            first.p50,
            cold.p50,
            warm.p50,
            warm.p90,
            memory.p50
        );
        json!({
            "name": target.name, "size": size, "zip": zip, "init_ms": init, "first_ms": first, "cold_ms": cold,
            "warm_ms": warm, "peak_kb": memory, "failures": self.failures,
        })
    }
}

/// The bytes of the program as a zip would have them; 0 where gzip is missing.
fn zipped(target: &Target) -> usize {
    let gzip = Command::new("gzip").args(["-9", "-c", "--"]).arg(target.program()).stderr(Stdio::null()).output();
    gzip.map_or(0, |output| output.stdout.len())
}

fn between(from: Instant, to: Instant) -> f64 {
    to.checked_duration_since(from).unwrap_or(Duration::ZERO).as_secs_f64() * 1000.0
}
