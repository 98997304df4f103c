//! Searches for seeds that catch the seeded bugs.

use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use simulation::seeded_bugs::{SeededBug, Verdict, seeded_bugs};

use crate::{Options, Part, share};

/// Searches for all of them, each through at most that many seeds. Returns whether every bug was caught.
pub fn hunt(options: &Options) -> Result<bool, Box<dyn Error>> {
    let began = Instant::now();
    let said = each(options, |bug| verdict(bug, options.seeds))?;
    for (_, words) in &said {
        println!("{words}");
    }
    let survived = said.iter().filter(|(is_caught, _)| !is_caught).count();
    println!("{:.1} s", began.elapsed().as_secs_f64());
    println!("{} passed, {survived} failed", said.len() - survived);
    Ok(survived == 0)
}

/// What `look` sees of each bug that is asked for, in the list's order. Threads share the bugs.
pub fn each<T: Send>(
    options: &Options,
    look: impl Fn(&'static SeededBug) -> Part<T> + Sync,
) -> Result<Vec<T>, Box<dyn Error>> {
    // A bug may trip an assertion of the product's: a line says so, without where it stands.
    std::panic::set_hook(Box::new(|stopped| eprintln!("{stopped}")));
    let wanted = |bug: &&SeededBug| options.only.as_ref().is_none_or(|part| bug.name.contains(part.as_str()));
    let wanted: Vec<&'static SeededBug> = seeded_bugs().filter(wanted).collect();
    let next = AtomicUsize::new(0);
    let parts = share(options.threads, |_| {
        let mut seen = Vec::new();
        while let place = next.fetch_add(1, Ordering::Relaxed)
            && let Some(bug) = wanted.get(place)
        {
            seen.push((place, look(bug)?));
        }
        Ok(seen)
    })?;
    let mut seen: Vec<(usize, T)> = parts.into_iter().flatten().collect();
    seen.sort_unstable_by_key(|(place, _)| *place);
    Ok(seen.into_iter().map(|(_, seen)| seen).collect())
}

/// Whether a bug was caught, and what to say of it.
fn verdict(bug: &SeededBug, seeds: u64) -> Part<(bool, String)> {
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
