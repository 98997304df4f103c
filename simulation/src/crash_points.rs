//! Injects every fault into every effect of every function, in canonical scenarios: one at a time, and in pairs whose
//! second fault hits an effect that follows from the first.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::sync::Arc;

use suite::Fault;

use crate::fixture::FixtureError;
use crate::injector::{EffectLog, Point};
use crate::people::{SCENARIOS, Scenario};
use crate::rng::SimRng;
use crate::run::{Outcome, Plan, run};
use crate::world::Build;

/// The faults that each effect gets.
pub const FAULTS: [Fault; 3] = [Fault::CrashBefore, Fault::CrashAfter, Fault::LostAnswer];

/// Which effects get a fault of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Singles {
    /// Every effect of every function.
    All,
    /// Each kind once, wherever it comes first.
    Kinds,
}

/// Which pairs of faults are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairs {
    /// All of them.
    All,
    /// Each pair of kinds (function, effect and fault) once, where it first occurs.
    Kinds,
    /// About this many in each scenario, drawn from a seed.
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

/// A fault in an effect of a function.
type Kind = (Arc<str>, &'static str, Fault);

fn kind((point, fault): &(Point, Fault)) -> Kind {
    (Arc::clone(&point.function), point.effect, *fault)
}

/// A run whose faults broke a promise.
#[derive(Clone, Debug)]
pub struct FailedRun {
    /// The scenario.
    pub scenario: &'static Scenario,
    /// The injected faults.
    pub planned: Vec<(Point, Fault)>,
    /// The outcome of the run.
    pub outcome: Outcome,
}

/// What was covered.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// By function and effect: the number of runs that injected a fault there.
    pub effects: BTreeMap<(String, &'static str), u64>,
    /// Injection points in all scenarios.
    pub points: u64,
    /// Runs with one fault.
    pub singles: u64,
    /// Runs with two faults.
    pub pairs: u64,
    /// Runs that broke a promise.
    pub broken: Vec<FailedRun>,
}

impl Coverage {
    /// Adds another part's coverage.
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

/// A walk through every scenario.
#[derive(Clone, Copy, Debug)]
pub struct Walk {
    /// Which effects get a single fault.
    pub singles: Singles,
    /// Which second faults follow.
    pub pairs: Pairs,
    /// What drawn pairs are drawn from.
    pub seed: u64,
}

impl Walk {
    /// Runs the `part`-th of `of` shares of all scenarios.
    ///
    /// # Errors
    ///
    /// When no world can be built at all.
    pub fn part(&self, part: usize, of: usize) -> Result<Coverage, FixtureError> {
        let mut coverage = Coverage::default();
        let mut choice = Choice { pairs: self.pairs, seed: self.seed, tried: BTreeSet::new() };
        // The share that tries a single fault also tries the first pairs of its kind: sharing by kind keeps shares
        // disjoint.
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
                let seen = *kinds.entry(kind(one)).or_insert(next);
                let is_again = seen != next;
                if seen % of != part || (is_again && self.singles == Singles::Kinds) {
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
}

/// The first run of a build that breaks a promise: a scenario by itself, or with one fault, each kind of fault once.
///
/// # Errors
///
/// When no world can be built at all.
pub fn first_broken(build: &Build) -> Result<Option<FailedRun>, FixtureError> {
    let mut tried = BTreeSet::new();
    for scenario in SCENARIOS {
        let world = |planned| Plan { build: build.clone(), ..Plan::of_scenario(scenario, planned) };
        let plain = run(&world(Vec::new()))?;
        let singles = faults_of(plain.seen.points());
        let singles = singles.into_iter().filter(|one| tried.insert(kind(one))).map(|one| vec![one]);
        let failed = |planned: Vec<(Point, Fault)>, outcome: Outcome| {
            (!outcome.violations.is_empty()).then_some(FailedRun { scenario, planned, outcome })
        };
        if let Some(broken) = failed(Vec::new(), plain) {
            return Ok(Some(broken));
        }
        for planned in singles {
            let outcome = run(&world(planned.clone()))?;
            if let Some(broken) = failed(planned, outcome) {
                return Ok(Some(broken));
            }
        }
    }
    Ok(None)
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
    /// Selects the faults to try after this one, of all that are possible. `one` is the `number`-th single fault, and
    /// its scenario has `singles` of them.
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
