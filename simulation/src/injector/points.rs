//! Injection points: the `nth` time that a function has an effect.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A point at which a fault can be injected.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// The function; empty for effects around functions.
    pub function: Arc<str>,
    /// The effect.
    pub effect: &'static str,
    /// How many times it has occurred in the run, from 1.
    pub nth: u32,
}

impl Point {
    pub(super) fn is(&self, function: &str, effect: &str, nth: u32) -> bool {
        self.nth == nth && self.effect == effect && *self.function == *function
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let function = if self.function.is_empty() { "around" } else { &self.function };
        write!(f, "{function} {}/{}", self.effect, self.nth)
    }
}

/// The injection points that a run passed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EffectLog {
    counts: BTreeMap<(Arc<str>, &'static str), u32>,
    passed: Vec<Point>,
}

impl EffectLog {
    pub(super) fn count(&mut self, function: &str, effect: &'static str) -> u32 {
        let function: Arc<str> = function.into();
        let nth = self.counts.entry((Arc::clone(&function), effect)).or_default();
        *nth += 1;
        self.passed.push(Point { function, effect, nth: *nth });
        *nth
    }

    /// Every point, in order.
    pub fn points(&self) -> &[Point] {
        &self.passed
    }

    /// The points after this one.
    pub fn after(&self, point: &Point) -> &[Point] {
        self.passed.split(|passed| passed == point).nth(1).unwrap_or_default()
    }
}
