//! `cargo cis sim`: runs simulated worlds and reports their outcome.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;
use simulation::crash_points::{Pairs, Singles};

mod command {
    pub mod crash_points;
    pub mod scenario_tests;
    pub mod seeded_bugs;
    pub mod seeds;
    pub mod who;
}

/// Runs the whole suite in simulated worlds, one for each seed, and checks every invariant in each.
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[derive(Clone, Debug, Parser)]
#[command(name = "cargo cis sim", bin_name = "cargo cis sim")]
pub struct Options {
    /// The first seed. Without it, new ones are drawn each time; the output names them.
    #[arg(long)]
    seed: Option<u64>,
    /// The number of seeds.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The number of orders in each world.
    #[arg(long, default_value_t = 20)]
    orders: u64,
    /// The number of threads that share the work. It does not change the results.
    #[arg(long, default_value_t = 2)]
    threads: u64,
    /// Leaves out what makes good the mistakes of others: no reconciliation with Stripe. No webhook is lost for good
    /// then, so nothing may be missing.
    #[arg(long)]
    without_healers: bool,
    /// Prints the whole trace of the first seed.
    #[arg(long)]
    trace: bool,
    /// Injects faults into the effects of canonical scenarios instead, one at a time and in pairs: into every effect, or
    /// into each kind once (function, effect and fault).
    #[arg(long)]
    crash_points: Option<Singles>,
    /// With --crash-points: `kinds` tries each pair of function, effect and fault once; a number draws that many pairs
    /// of each scenario from the seed; `all` takes hours.
    #[arg(long, default_value = "kinds")]
    pairs: Pairs,
    /// Shows that the simulation catches every seeded bug, each with the seed that does.
    #[arg(long)]
    seeded_bugs: bool,
    /// With --seeded-bugs: who catches each in worlds that nobody chose for it. Prints the first seed that does with healers
    /// and without, whether a single crash point does, and how many of the tests' scenarios.
    #[arg(long)]
    who: bool,
    /// With --seeded-bugs: only the bugs whose names contain this.
    #[arg(long)]
    only: Option<String>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let done = match (options.seeded_bugs, options.crash_points) {
        (true, _) if options.who => command::who::table(&options),
        (true, _) => command::seeded_bugs::hunt(&options),
        (false, Some(singles)) => command::crash_points::walk(&options, singles),
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
