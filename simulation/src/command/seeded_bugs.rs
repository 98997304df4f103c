//! Searches for seeds that catch the seeded bugs.

use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use simulation::seeded_bugs::{SeededBug, Verdict, seeded_bugs};

use crate::{Options, share};

/// A bug's position in the list, whether it was caught, and a line about it.
type ReportLine = (usize, bool, String);

/// Searches for all of them, each through at most that many seeds, or says who else catches them. Returns whether every bug
/// was caught.
pub fn hunt(options: &Options) -> Result<bool, Box<dyn Error>> {
    let began = Instant::now();
    // A bug may trip an assertion of the product's: a line says so, without where it stands.
    std::panic::set_hook(Box::new(|stopped| eprintln!("{stopped}")));
    let wanted = |bug: &&SeededBug| options.only.as_ref().is_none_or(|part| bug.name.contains(part.as_str()));
    let wanted: Vec<&SeededBug> = seeded_bugs().filter(wanted).collect();
    let next = AtomicUsize::new(0);
    let parts = share(options.threads, |_| {
        let mut said = Vec::new();
        let look = if options.who { catchers } else { verdict };
        while let place = next.fetch_add(1, Ordering::Relaxed)
            && let Some(bug) = wanted.get(place)
        {
            let (is_caught, words) = look(bug, options.seeds)?;
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

/// A line of the table of who catches a bug when nothing was chosen for it.
fn catchers(bug: &SeededBug, seeds: u64) -> crate::Part<(bool, String)> {
    let found = bug.caught_by(seeds)?;
    let seed = |seed: Option<u64>| seed.map_or_else(|| "–".to_owned(), |seed| seed.to_string());
    let crash_point = if found.crash_point { "yes" } else { "–" };
    let line = format!("| {} | {} | {} | {crash_point} |", bug.name, seed(found.seed), seed(found.unhealed_seed));
    let is_caught = found.crash_point || found.seed.is_some() || found.unhealed_seed.is_some();
    Ok((is_caught, line))
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
