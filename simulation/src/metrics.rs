//! Counts of one run or of many.

use std::collections::BTreeMap;
use std::ops::AddAssign;

/// Counts of runs. They add up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Orders that customers tried to place.
    pub orders: u64,
    /// Orders that are stored.
    pub placed: u64,
    /// Invocations of functions.
    pub invocations: u64,
    /// Effects that ran.
    pub effects: u64,
    /// Injected faults, by kind.
    pub faults: BTreeMap<&'static str, u64>,
    /// Final statuses of orders.
    pub ends: BTreeMap<&'static str, u64>,
    /// Invocations that ran into their function's timeout, by function.
    pub timeouts: BTreeMap<String, u64>,
    /// Mails that may have been sent twice.
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
        for (function, count) in other.timeouts {
            *self.timeouts.entry(function).or_default() += count;
        }
        for (kind, count) in other.faults {
            *self.faults.entry(kind).or_default() += count;
        }
        for (status, count) in other.ends {
            *self.ends.entry(status).or_default() += count;
        }
    }
}
