//! Places in a run, by name: the how-manyth time that a function has an effect.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A place where something can be made to happen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// Which function; empty for what is done around functions.
    pub function: Arc<str>,
    /// Which effect.
    pub effect: &'static str,
    /// The how-manyth time in the run, from 1.
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

/// How often each function had each effect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen(BTreeMap<(Arc<str>, &'static str), u32>);

impl Seen {
    pub(super) fn count(&mut self, function: &str, effect: &'static str) -> u32 {
        let count = self.0.entry((function.into(), effect)).or_default();
        *count += 1;
        *count
    }

    /// Every place that was passed.
    pub fn points(&self) -> impl Iterator<Item = Point> {
        self.0.iter().flat_map(|((function, effect), count)| {
            (1..=*count).map(|nth| Point { function: Arc::clone(function), effect, nth })
        })
    }
}
