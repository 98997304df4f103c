//! Naive ways to do what the product does, each of which the simulation must catch: else it proves nothing.
//!
//! They live here and not in the product: repositories, transports and handlers put in place of the real ones. A new one is
//! a line in [`VARIANTS`] and a function that says what is built otherwise.

mod repositories;
mod transport;

use std::fmt;

use crate::fixture::FixtureError;
use crate::run::{Outcome, Plan, run};
use crate::weather::Conditions;
use crate::world::Build;

/// A naive way.
#[derive(Clone, Copy)]
pub struct Variant {
    /// What it is called.
    pub name: &'static str,
    /// What is naive about it, in a line.
    pub naive: &'static str,
    /// What is built otherwise.
    pub build: fn() -> Build,
    /// The weather that shows it, by seed; the seed's own unless uniform chance finds it too seldom.
    pub weather: fn(u64) -> Conditions,
    /// How many orders a seed has.
    pub orders: u64,
}

impl fmt::Debug for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// All of them.
pub const VARIANTS: &[Variant] = &[
    repositories::NO_VERSION_CHECK,
    repositories::UNCONDITIONAL_CLAIM,
    repositories::APPENDED_ROW,
    transport::NO_IDEMPOTENCY_KEY,
];

/// What came of a search.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Caught in this run; the product itself passes the same seed.
    Caught(Box<Outcome>),
    /// Not in so many seeds.
    Survived(u64),
}

impl Variant {
    /// A variant that any weather shows.
    const fn new(name: &'static str, naive: &'static str, build: fn() -> Build) -> Self {
        Self { name, naive, build, weather: Conditions::of, orders: 20 }
    }

    /// What is run to see it.
    pub fn plan(&self, seed: u64) -> Plan {
        let conditions = Some((self.weather)(seed));
        Plan { build: (self.build)(), conditions, ..Plan::of(seed, self.orders) }
    }

    /// Looks for the first of so many seeds that catches it.
    ///
    /// # Errors
    ///
    /// When no world can be built at all.
    pub fn hunt(&self, seeds: u64) -> Result<Verdict, FixtureError> {
        for seed in 1..=seeds {
            let plan = self.plan(seed);
            let outcome = run(&plan)?;
            if !outcome.violations.is_empty() && run(&Plan { build: Build::default(), ..plan })?.violations.is_empty() {
                return Ok(Verdict::Caught(Box::new(outcome)));
            }
        }
        Ok(Verdict::Survived(seeds))
    }
}
