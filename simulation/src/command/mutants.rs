//! Naive variants.

use std::error::Error;

use simulation::variants::{VARIANTS, Variant, Verdict};

use crate::{Options, share};

/// Hunts them all; whether each was caught.
pub fn hunt(options: &Options) -> Result<bool, Box<dyn Error>> {
    let threads = options.threads.max(1);
    let parts = share(threads, |part| {
        let mine = VARIANTS.iter().zip(0_u64..).filter(|(_, place)| place % threads == part);
        mine.map(|(variant, place)| Ok((place, verdict(variant, options.seeds)?))).collect::<crate::Part<Vec<_>>>()
    })?;
    let mut verdicts: Vec<_> = parts.into_iter().flatten().collect();
    verdicts.sort_by_key(|(place, _)| *place);
    let mut survived = 0_usize;
    for ((_, (text, is_caught)), variant) in verdicts.iter().zip(VARIANTS) {
        println!("{:<28} {}\n{:<28} {text}", variant.name, variant.naive, "");
        survived += usize::from(!is_caught);
    }
    println!("{} passed, {survived} failed", VARIANTS.len() - survived);
    Ok(survived == 0)
}

fn verdict(variant: &Variant, seeds: u64) -> crate::Part<(String, bool)> {
    Ok(match variant.hunt(seeds)? {
        Verdict::Caught(outcome) => {
            let broken = outcome.violations.first().map(ToString::to_string).unwrap_or_default();
            (format!("caught by seed {}: {broken}", outcome.seed), true)
        }
        Verdict::Survived(seeds) => (format!("SURVIVED {seeds} seeds"), false),
    })
}
