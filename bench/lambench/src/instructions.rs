//! Instructions, counted by callgrind.

use std::error::Error;
use std::path::Path;

use clap::Args;
use serde_json::{Value, json};

use crate::Selection;
use crate::config::{Config, Target};
use crate::process::Running;

/// Calls before warm ones are counted.
const WARM_UP: usize = 11;

/// What is counted.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    selection: Selection,
    /// Warm calls that the figure is the mean of.
    #[arg(long, default_value_t = 50)]
    calls: usize,
}

/// Counts and prints a table.
pub fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let (config, targets) = options.selection.targets()?;
    let mut rows = Vec::new();
    println!("{:<28}{:>14}{:>14}{:>14}", "instructions", "init", "first call", "warm call");
    for target in &targets {
        match count(&config, target, options.calls.max(1)) {
            Ok([init, first, warm]) => {
                println!("{:<28}{init:>14}{first:>14}{warm:>14}", target.name);
                rows.push(json!({ "name": target.name, "init": init, "first": first, "warm": warm }));
            }
            Err(error) => println!("{:<28}  FAILED: {error}", target.name),
        }
    }
    options.selection.write(&Value::from(rows))
}

/// Init, first call and warm call, as differences of runs with more and more calls.
fn count(config: &Config, target: &Target, calls: usize) -> Result<[u64; 3], Box<dyn Error>> {
    let run = |calls| collected(config, target, calls);
    let (init, first, some, more) = (run(0)?, run(1)?, run(WARM_UP)?, run(WARM_UP + calls)?);
    Ok([init, first.saturating_sub(init), more.saturating_sub(some) / calls as u64])
}

fn collected(config: &Config, target: &Target, calls: usize) -> Result<u64, Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("lambench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let counted = under_callgrind(config, target, calls, &folder);
    std::fs::remove_dir_all(&folder)?;
    counted
}

fn under_callgrind(config: &Config, target: &Target, calls: usize, folder: &Path) -> Result<u64, Box<dyn Error>> {
    let log = folder.join("log");
    let valgrind = [
        "valgrind".to_owned(),
        "--tool=callgrind".to_owned(),
        format!("--log-file={}", log.display()),
        format!("--callgrind-out-file={}", folder.join("out").display()),
    ];
    let command = [valgrind.as_slice(), &target.cmd].concat();
    let running = Running::start(config, target, &command, false)?;
    running.wait_until_ready()?;
    for _ in 0..calls {
        running.call(&config.event_of(target))?;
        running.wait_until_ready()?;
    }
    drop(running);
    let text = std::fs::read_to_string(&log)?;
    let figure = text.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    figure.ok_or_else(|| format!("callgrind counted nothing: {text}").into())
}
