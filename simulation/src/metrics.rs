//! What was counted in one run or in many.

use std::collections::BTreeMap;
use std::ops::AddAssign;

/// Counts of runs; they add up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Orders that customers wanted to place.
    pub orders: u64,
    /// Orders that stand in the books.
    pub placed: u64,
    /// Invocations of functions.
    pub invocations: u64,
    /// Effects that passed the gate.
    pub effects: u64,
    /// What went wrong on purpose, by kind.
    pub faults: BTreeMap<&'static str, u64>,
    /// How orders ended, by status.
    pub ends: BTreeMap<&'static str, u64>,
    /// Mails of which nobody knows for certain whether they went once.
    pub doubtful_mails: u64,
}

impl Metrics {
    /// All faults together.
    pub fn faults(&self) -> u64 {
        self.faults.values().sum()
    }
}

impl AddAssign for Metrics {
    fn add_assign(&mut self, other: Self) {
        self.orders += other.orders;
        self.placed += other.placed;
        self.invocations += other.invocations;
        self.effects += other.effects;
        self.doubtful_mails += other.doubtful_mails;
        for (kind, count) in other.faults {
            *self.faults.entry(kind).or_default() += count;
        }
        for (status, count) in other.ends {
            *self.ends.entry(status).or_default() += count;
        }
    }
}
