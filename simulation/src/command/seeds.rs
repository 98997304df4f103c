//! Runs seeds one after the other.

use std::error::Error;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::ops::Range;
use std::time::Instant;

use simulation::{Metrics, Outcome, Plan, run, run_traced};

use crate::{Options, share};

/// How many failing seeds are shown.
const SHOWN: usize = 5;

/// Runs the seeds. Returns whether every promise held.
pub fn run_seeds(options: &Options) -> Result<bool, Box<dyn Error>> {
    let began = Instant::now();
    let first = options.seed.unwrap_or_else(drawn);
    let seeds = first..first.saturating_add(options.seeds);
    println!("seeds {} to {}, {} orders each", seeds.start, seeds.end.saturating_sub(1), options.orders);
    if options.trace {
        println!("{}", run_traced(&plan(options, first))?.trace);
    }
    let parts = share(options.threads, |part| some(options, seeds.clone(), part))?;
    let (mut total, mut failed) = (Metrics::default(), Vec::new());
    for (metrics, broken) in parts {
        total += metrics;
        failed.extend(broken);
    }
    failed.sort_by_key(|outcome| outcome.seed);
    for outcome in failed.iter().take(SHOWN) {
        show(outcome);
    }
    if let Some(first) = failed.first() {
        let order = first.violations.iter().find_map(|violation| violation.order);
        let trace = run_traced(&plan(options, first.seed))?.trace;
        println!("the trace of seed {}:\n{}", first.seed, order.map_or(trace.clone(), |order| trace.of(order)));
        let seeds: Vec<_> = failed.iter().map(|outcome| outcome.seed.to_string()).collect();
        println!("failing seeds: {}", seeds.join(" "));
        let healers = if options.without_healers { " --without-healers" } else { "" };
        println!(
            "to repeat the first: cargo cis sim --seed {} --seeds 1 --orders {}{healers}",
            first.seed, options.orders
        );
    }
    summary(&total, began.elapsed().as_secs_f64());
    println!("{} passed, {} failed", options.seeds - failed.len() as u64, failed.len());
    Ok(failed.is_empty())
}

/// A first seed that nobody has chosen. Small enough to be read out.
fn drawn() -> u64 {
    RandomState::new().build_hasher().finish() >> 32
}

fn plan(options: &Options, seed: u64) -> Plan {
    let plan = Plan::of(seed, options.orders);
    if options.without_healers { plan.without_healers() } else { plan }
}

fn some(options: &Options, seeds: Range<u64>, part: u64) -> crate::Part<(Metrics, Vec<Outcome>)> {
    let (mut total, mut failed) = (Metrics::default(), Vec::new());
    for seed in seeds.filter(|seed| seed % options.threads.max(1) == part) {
        let outcome = run(&plan(options, seed))?;
        total += outcome.metrics.clone();
        if !outcome.violations.is_empty() {
            failed.push(outcome);
        }
    }
    Ok((total, failed))
}

fn show(outcome: &Outcome) {
    println!("seed {} broke {} promises:", outcome.seed, outcome.violations.len());
    for violation in &outcome.violations {
        println!("  {violation}");
    }
}

fn summary(total: &Metrics, seconds: f64) {
    let counts = |counts: &std::collections::BTreeMap<&str, u64>| {
        counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
    };
    println!("orders:      {} wanted, {} placed", total.orders, total.placed);
    println!("ended as:    {}", counts(&total.ends));
    println!("invocations: {}, effects: {}", total.invocations, total.effects);
    println!("faults:      {}: {}", total.faults(), counts(&total.faults));
    println!("mails whose outcome was unknown for a while: {}", total.doubtful_mails);
    let orders = f64::from(u32::try_from(total.orders).unwrap_or(u32::MAX));
    println!("{seconds:.1} s, {:.0} orders a second", orders / seconds);
}
