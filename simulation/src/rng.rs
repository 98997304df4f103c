//! Randomness from a seed.

use std::cell::RefCell;
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

/// A random number generator of the simulation. Each purpose has its own, so that one task's draws do not depend on
/// another's.
#[derive(Debug)]
pub struct SimRng(RefCell<SmallRng>);

impl SimRng {
    /// The generator of this seed for this purpose.
    pub fn new(seed: u64, purpose: u64) -> Self {
        // The generator itself spreads neighbouring seeds (SplitMix64).
        Self(RefCell::new(SmallRng::seed_from_u64(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ purpose.rotate_left(32))))
    }

    /// A number from 0 up to, not including, `end`.
    pub fn below(&self, end: u32) -> u32 {
        if end == 0 { 0 } else { self.0.borrow_mut().random_range(0..end) }
    }

    /// True in `part` of a thousand cases.
    pub fn permille(&self, part: u32) -> bool {
        part > 0 && self.below(1000) < part
    }

    /// True in `part` of a hundred cases.
    pub fn percent(&self, part: u32) -> bool {
        self.permille(part * 10)
    }

    /// One of these; `None` when there are none.
    pub fn pick<'a, T>(&self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(u32::try_from(of.len()).unwrap_or(u32::MAX)) as usize)
    }

    /// A duration between these, both included, in whole milliseconds.
    pub fn between(&self, shortest: Duration, longest: Duration) -> Duration {
        let (shortest, longest) = (millis(shortest), millis(longest));
        Duration::from_millis(self.0.borrow_mut().random_range(shortest..=longest.max(shortest)))
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
