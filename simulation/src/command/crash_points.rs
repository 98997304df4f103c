//! Runs every crash point.

use std::error::Error;
use std::time::Instant;

use simulation::crash_points::{Coverage, FAULTS, FailedRun, Singles, Walk};
use simulation::{Plan, SCENARIOS, run_traced};

use crate::{Options, share};

/// How many broken runs are shown.
const SHOWN: usize = 5;

/// Runs the crash points. Returns whether every promise held.
pub fn walk(options: &Options, singles: Singles) -> Result<bool, Box<dyn Error>> {
    let began = Instant::now();
    let threads = usize::try_from(options.threads.max(1))?;
    let walk = Walk { singles, pairs: options.pairs, seed: options.seed.unwrap_or(1) };
    let parts = share(options.threads, |part| Ok(walk.part(usize::try_from(part)?, threads)?))?;
    let mut coverage = Coverage::default();
    for part in parts {
        coverage.add(part);
    }
    for ((function, effect), count) in &coverage.effects {
        let function = if function.is_empty() { "(around functions)" } else { function };
        println!("{function:<24} {effect:<28} {count} runs with a fault");
    }
    for broken in coverage.broken.iter().take(SHOWN) {
        show(broken)?;
    }
    let (points, faults) = (coverage.points, FAULTS.len());
    println!("{} scenarios, {points} points × {faults} faults", SCENARIOS.len());
    let seconds = began.elapsed().as_secs_f64();
    println!("{} single runs, {} pairs in {seconds:.1} s", coverage.singles, coverage.pairs);
    let failed = coverage.broken.len() as u64;
    println!("{} passed, {failed} failed", coverage.singles + coverage.pairs - failed);
    Ok(coverage.broken.is_empty())
}

fn show(broken: &FailedRun) -> Result<(), Box<dyn Error>> {
    let planned: Vec<_> = broken.planned.iter().map(|(point, fault)| format!("{point} {fault}")).collect();
    println!("{}: {}", broken.scenario.name, planned.join(", "));
    for violation in &broken.outcome.violations {
        println!("  {violation}");
    }
    println!("{}", run_traced(&Plan::of_scenario(broken.scenario, broken.planned.clone()))?.trace);
    Ok(())
}
