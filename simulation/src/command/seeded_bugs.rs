//! Searches for seeds that catch the seeded bugs.

use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use simulation::seeded_bugs::{SeededBug, Verdict, seeded_bugs};

use crate::{Options, share};

/// A bug's position in the list, whether it was caught, and a line about it.
type ReportLine = (usize, bool, String);

/// Searches for all of them, each through at most that many seeds. Returns whether every bug was caught.
pub fn hunt(options: &Options) -> Result<bool, Box<dyn Error>> {
    let began = Instant::now();
    let wanted = |bug: &&SeededBug| options.only.as_ref().is_none_or(|part| bug.name.contains(part.as_str()));
    let wanted: Vec<&SeededBug> = seeded_bugs().filter(wanted).collect();
    let next = AtomicUsize::new(0);
    let parts = share(options.threads, |_| {
        let mut said = Vec::new();
        while let place = next.fetch_add(1, Ordering::Relaxed)
            && let Some(bug) = wanted.get(place)
        {
            let (is_caught, words) = verdict(bug, options.seeds)?;
            said.push((place, is_caught, words));
        }
        Ok(said)
    })?;
    let mut said: Vec<ReportLine> = parts.into_iter().flatten().collect();
    said.sort_unstable();
    for (_, _, words) in &said {
        println!("{words}");
    }
    let survived = said.iter().filter(|(_, is_caught, _)| !is_caught).count();
    println!("{:.1} s", began.elapsed().as_secs_f64());
    println!("{} passed, {survived} failed", said.len() - survived);
    Ok(survived == 0)
}

fn verdict(bug: &SeededBug, seeds: u64) -> crate::Part<(bool, String)> {
    let began = Instant::now();
    let found = bug.hunt(seeds)?;
    let seconds = began.elapsed().as_secs_f64();
    let (is_caught, words) = match found {
        Verdict::Caught(outcome) => {
            let broken = outcome.violations.first().map(ToString::to_string).unwrap_or_default();
            (true, format!("seed {} in {seconds:.1} s: {broken}", outcome.seed))
        }
        Verdict::Stopped(seed) => {
            (true, format!("seed {seed} in {seconds:.1} s: an assertion of the product stopped it"))
        }
        Verdict::Product(outcome) => {
            let broken = outcome.violations.first().map(ToString::to_string).unwrap_or_default();
            (false, format!("THE PRODUCT ITSELF breaks seed {}: {broken}", outcome.seed))
        }
        Verdict::Survived(seeds) => (false, format!("SURVIVED {seeds} seeds in {seconds:.1} s")),
    };
    Ok((is_caught, format!("{:<34} {}\n{:<34} {words}", bug.name, bug.summary, "")))
}
