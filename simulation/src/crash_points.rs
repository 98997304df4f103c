//! Every effect of every function, in canonical stories, with everything that can befall it: one at a time, and two.

use std::collections::{BTreeMap, BTreeSet};

use suite::Fate;

use crate::chance::Chance;
use crate::fixture::FixtureError;
use crate::people::{SCRIPTS, Script};
use crate::run::{Outcome, Plan, run};
use crate::weather::Point;

/// What befalls each effect.
pub const FATES: [Fate; 3] = [Fate::DiesBefore, Fate::DiesAfter, Fate::LosesAnswer];

/// How many pairs are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairs {
    /// All of them.
    All,
    /// So many of each script, drawn from a seed.
    Some(usize, u64),
}

/// A run at crash points that broke a promise.
#[derive(Clone, Debug)]
pub struct Broken {
    /// In which script.
    pub script: &'static Script,
    /// What befell which effects.
    pub ordered: Vec<(Point, Fate)>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What was walked.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// By function and effect: in how many runs something befell it.
    pub effects: BTreeMap<(String, &'static str), u64>,
    /// Places, script by script.
    pub points: u64,
    /// Runs with one thing gone wrong.
    pub singles: u64,
    /// Runs with two.
    pub pairs: u64,
    /// Runs in which something was not as it must be.
    pub broken: Vec<Broken>,
}

impl Coverage {
    /// Adds another part of the walk.
    pub fn add(&mut self, other: Self) {
        for (effect, count) in other.effects {
            *self.effects.entry(effect).or_default() += count;
        }
        self.points += other.points;
        self.singles += other.singles;
        self.pairs += other.pairs;
        self.broken.extend(other.broken);
    }
}

/// Walks every script; of `of` walkers this is the `part`-th, which takes its share.
///
/// # Errors
///
/// When no world can be built at all.
pub fn walk(pairs: Pairs, (part, of): (usize, usize)) -> Result<Coverage, FixtureError> {
    let mut coverage = Coverage::default();
    for script in SCRIPTS {
        let plain = run(&Plan::scripted(script, Vec::new()))?;
        if part == 0 && !plain.violations.is_empty() {
            coverage.broken.push(Broken { script, ordered: Vec::new(), outcome: plain.clone() });
        }
        let points: Vec<Point> = plain.seen.points().collect();
        coverage.points += if part == 0 { points.len() as u64 } else { 0 };
        let singles: Vec<(Point, Fate)> =
            points.iter().flat_map(|point| FATES.map(|fate| (point.clone(), fate))).collect();
        for one in singles.iter().skip(part).step_by(of) {
            coverage.singles += 1;
            coverage.try_out(script, vec![one.clone()])?;
        }
        for two in chosen(&singles, pairs).into_iter().skip(part).step_by(of) {
            coverage.pairs += 1;
            coverage.try_out(script, two)?;
        }
    }
    Ok(coverage)
}

impl Coverage {
    fn try_out(&mut self, script: &'static Script, ordered: Vec<(Point, Fate)>) -> Result<(), FixtureError> {
        for (point, _) in &ordered {
            *self.effects.entry((point.function.to_string(), point.effect)).or_default() += 1;
        }
        let outcome = run(&Plan::scripted(script, ordered.clone()))?;
        if !outcome.violations.is_empty() {
            self.broken.push(Broken { script, ordered, outcome });
        }
        Ok(())
    }
}

fn chosen(singles: &[(Point, Fate)], pairs: Pairs) -> Vec<Vec<(Point, Fate)>> {
    let of = |first: usize, second: usize| Some(vec![singles.get(first)?.clone(), singles.get(second)?.clone()]);
    let differ = |pair: &Vec<(Point, Fate)>| pair[0].0 != pair[1].0;
    match pairs {
        Pairs::All => {
            let all =
                (0..singles.len()).flat_map(|first| (first + 1..singles.len()).map(move |second| (first, second)));
            all.filter_map(|(first, second)| of(first, second)).filter(differ).collect()
        }
        Pairs::Some(count, seed) => {
            let (chance, end) = (Chance::new(seed, 5), u32::try_from(singles.len()).unwrap_or(u32::MAX));
            let mut drawn = BTreeSet::new();
            for _ in 0..count * 2 {
                let (first, second) = (chance.below(end) as usize, chance.below(end) as usize);
                if drawn.len() < count {
                    drawn.insert((first.min(second), first.max(second)));
                }
            }
            drawn.into_iter().filter_map(|(first, second)| of(first, second)).filter(differ).collect()
        }
    }
}
