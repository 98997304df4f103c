//! `cargo cis sim`: runs simulated worlds and reports their outcome.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use simulation::crash_points::Pairs;

mod command {
    pub mod crash_points;
    pub mod seeded_bugs;
    pub mod seeds;
}

/// Runs the whole suite in simulated worlds, one for each seed, and checks every invariant in each.
#[derive(Clone, Debug, Parser)]
#[command(name = "cargo cis sim", bin_name = "cargo cis sim")]
pub struct Options {
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The number of seeds.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The number of orders in each world.
    #[arg(long, default_value_t = 20)]
    orders: u64,
    /// The number of threads that share the work. It does not change the results.
    #[arg(long, default_value_t = 2)]
    threads: u64,
    /// Prints the whole trace of the first seed.
    #[arg(long)]
    trace: bool,
    /// Injects every fault into every effect of canonical scenarios instead, one at a time and in pairs.
    #[arg(long)]
    crash_points: Option<CrashPoints>,
    /// With --crash-points: `kinds` tries each pair of function, effect and fault once; a number draws that many pairs
    /// of each scenario from the seed; `all` takes hours.
    #[arg(long, default_value = "kinds")]
    pairs: Pairs,
    /// Shows that the simulation catches every seeded bug, each with the seed that does.
    #[arg(long)]
    seeded_bugs: bool,
    /// With --seeded-bugs: only the bugs whose names contain this.
    #[arg(long)]
    only: Option<String>,
}

/// Which effects get faults.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum CrashPoints {
    /// Every effect of every function.
    All,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let done = match (options.seeded_bugs, options.crash_points) {
        (true, _) => command::seeded_bugs::hunt(&options),
        (false, Some(CrashPoints::All)) => command::crash_points::walk(&options),
        (false, None) => command::seeds::run_seeds(&options),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cargo cis sim: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The result of a thread.
type Part<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Shares work among threads. Each gets its number.
fn share<T: Send>(threads: u64, work: impl Fn(u64) -> Part<T> + Sync) -> Result<Vec<T>, Box<dyn Error>> {
    let work = &work;
    let parts = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads.max(1)).map(|part| scope.spawn(move || work(part))).collect();
        running.into_iter().map(std::thread::ScopedJoinHandle::join).collect::<Vec<_>>()
    });
    let part = |part: std::thread::Result<Part<T>>| match part {
        Ok(part) => part.map_err(|error| error as Box<dyn Error>),
        Err(_) => Err("a simulated world broke down".into()),
    };
    parts.into_iter().map(part).collect()
}
