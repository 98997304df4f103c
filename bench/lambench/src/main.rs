//! lambench measures any program that speaks the AWS Lambda Runtime API, from outside: cold start, warm calls, size,
//! memory, and instructions under callgrind.
//!
//! It is the Lambda side of that API for one program at a time, over blocking sockets of 127.0.0.1.

mod bench;
mod config;
mod http;
mod instructions;
mod process;
mod runtime_api;
mod stats;

use std::error::Error;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use config::{Config, Target};
use process::Running;

/// Measures programs that speak the AWS Lambda Runtime API.
#[derive(Debug, Parser)]
struct Lambench {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Times starts and calls. All targets take turns, so that a busy moment hits them alike.
    Bench(bench::Options),
    /// Counts instructions with callgrind, which must be installed: they do not depend on the machine's load.
    Instr(instructions::Options),
    /// Starts one target, calls it, and prints its output and its last answer.
    Once(Once),
}

/// Which targets.
#[derive(Debug, Args)]
struct Selection {
    /// The file with targets, environment and events.
    config: PathBuf,
    /// Only these targets.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Writes the figures to this file as JSON.
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Once {
    /// The file with targets, environment and events.
    config: PathBuf,
    /// The target's name.
    target: String,
    /// How often it is called.
    #[arg(default_value_t = 1)]
    calls: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    match Lambench::parse().command {
        Command::Bench(options) => bench::run(&options),
        Command::Instr(options) => instructions::run(&options),
        Command::Once(options) => once(&options),
    }
}

fn once(options: &Once) -> Result<(), Box<dyn Error>> {
    let config = Config::read(&options.config)?;
    let found = config.targets.iter().find(|target| target.name == options.target);
    let target = found.ok_or_else(|| format!("no target is called {}", options.target))?;
    let running = Running::start(&config, target, &target.cmd, true)?;
    running.wait_until_ready()?;
    for _ in 0..options.calls {
        let call = running.call(&config.event_of(target))?;
        println!("{}", String::from_utf8_lossy(&call.answer));
        running.wait_until_ready()?;
    }
    Ok(())
}

impl Selection {
    /// The configuration, and the targets that are wanted and there.
    fn targets(&self) -> Result<(Config, Vec<Target>), Box<dyn Error>> {
        let config = Config::read(&self.config)?;
        let wanted = |target: &&Target| self.only.is_empty() || self.only.contains(&target.name);
        let (there, missing): (Vec<_>, Vec<_>) =
            config.targets.iter().filter(wanted).cloned().partition(|target| target.program().exists());
        for target in missing {
            eprintln!("left out, since there is no {}: {}", target.program().display(), target.name);
        }
        Ok((config, there))
    }

    fn write(&self, figures: &serde_json::Value) -> Result<(), Box<dyn Error>> {
        if let Some(path) = &self.out {
            std::fs::write(path, format!("{figures:#}\n"))?;
        }
        Ok(())
    }
}
