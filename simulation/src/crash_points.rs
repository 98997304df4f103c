//! Every effect of every function, in canonical stories, with everything that can befall it: one at a time, and two, of
//! which the second befalls what the first led to.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::sync::Arc;

use suite::Fault;

use crate::fixture::FixtureError;
use crate::injector::{EffectLog, Point};
use crate::people::{SCENARIOS, Scenario};
use crate::rng::SimRng;
use crate::run::{Outcome, Plan, run};

/// What befalls each effect.
pub const FAULTS: [Fault; 3] = [Fault::CrashBefore, Fault::CrashAfter, Fault::LostAnswer];

/// Which pairs are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairs {
    /// All of them.
    All,
    /// Each pair of kinds once, wherever it comes first: of which function, which effect and what befalls it.
    Kinds,
    /// About so many of each script, drawn from a seed.
    Drawn(u32),
}

impl FromStr for Pairs {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "all" => Ok(Self::All),
            "kinds" => Ok(Self::Kinds),
            number => number.parse().map(Self::Drawn).map_err(|_| "there are `kinds`, `all` and how many"),
        }
    }
}

/// What befalls which effect of which function.
type Kind = (Arc<str>, &'static str, Fault);

fn kind((point, fault): &(Point, Fault)) -> Kind {
    (Arc::clone(&point.function), point.effect, *fault)
}

/// A run at crash points that broke a promise.
#[derive(Clone, Debug)]
pub struct FailedRun {
    /// In which script.
    pub scenario: &'static Scenario,
    /// What befell which effects.
    pub planned: Vec<(Point, Fault)>,
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
    pub broken: Vec<FailedRun>,
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
pub fn walk(pairs: Pairs, seed: u64, (part, of): (usize, usize)) -> Result<Coverage, FixtureError> {
    let mut coverage = Coverage::default();
    let mut choice = Choice { pairs, seed, tried: BTreeSet::new() };
    // Who tries a single first tries the pairs of its kind: shared out by kind, so that no walker repeats another's.
    let mut kinds = BTreeMap::new();
    let mut number = 0;
    for scenario in SCENARIOS {
        let plain = run(&Plan::of_scenario(scenario, Vec::new()))?;
        let singles = faults_of(plain.seen.points());
        if part == 0 {
            coverage.points += plain.seen.points().len() as u64;
            coverage.record(scenario, Vec::new(), plain);
        }
        for one in &singles {
            number += 1;
            let next = kinds.len();
            if *kinds.entry(kind(one)).or_insert(next) % of != part {
                continue;
            }
            coverage.singles += 1;
            let then = coverage.try_out(scenario, vec![one.clone()])?;
            for second in choice.seconds(one, faults_of(then.after(&one.0)), (number, singles.len())) {
                coverage.pairs += 1;
                coverage.try_out(scenario, vec![one.clone(), second])?;
            }
        }
    }
    Ok(coverage)
}

fn faults_of(points: &[Point]) -> Vec<(Point, Fault)> {
    points.iter().flat_map(|point| FAULTS.map(|fault| (point.clone(), fault))).collect()
}

impl Coverage {
    fn try_out(
        &mut self,
        scenario: &'static Scenario,
        planned: Vec<(Point, Fault)>,
    ) -> Result<EffectLog, FixtureError> {
        for (point, _) in &planned {
            *self.effects.entry((point.function.to_string(), point.effect)).or_default() += 1;
        }
        let outcome = run(&Plan::of_scenario(scenario, planned.clone()))?;
        let seen = outcome.seen.clone();
        self.record(scenario, planned, outcome);
        Ok(seen)
    }

    fn record(&mut self, scenario: &'static Scenario, planned: Vec<(Point, Fault)>, outcome: Outcome) {
        if !outcome.violations.is_empty() {
            self.broken.push(FailedRun { scenario, planned, outcome });
        }
    }
}

struct Choice {
    pairs: Pairs,
    seed: u64,
    tried: BTreeSet<(Kind, Kind)>,
}

impl Choice {
    /// What is tried after this one, of all that could be. It is the `number`-th single, in a script of so many.
    fn seconds(
        &mut self,
        one: &(Point, Fault),
        all: Vec<(Point, Fault)>,
        (number, singles): (u64, usize),
    ) -> Vec<(Point, Fault)> {
        match self.pairs {
            Pairs::All => all,
            Pairs::Kinds => all.into_iter().filter(|second| self.tried.insert((kind(one), kind(second)))).collect(),
            Pairs::Drawn(count) => {
                let (rng, singles) = (SimRng::new(self.seed, number), u32::try_from(singles).unwrap_or(u32::MAX));
                let draws = count / singles + u32::from(rng.below(singles) < count % singles);
                (0..draws).filter_map(|_| rng.pick(&all).cloned()).collect()
            }
        }
    }
}
