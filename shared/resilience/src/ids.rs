//! Randomness, handed in: ids that must not repeat and jitter.

use std::time::Duration;

use uuid::Uuid;

/// A source of fresh ids and of jitter. A simulation hands in a seeded one.
pub trait Ids {
    /// An id that nobody else has.
    fn fresh(&self) -> Uuid;

    /// Full jitter: a uniformly random duration from zero up to `ceiling`.
    fn jitter(&self, ceiling: Duration) -> Duration {
        let (high, _) = self.fresh().as_u64_pair();
        // The top 32 bits of a version-4 id are random throughout.
        ceiling.mul_f64(f64::from(u32::try_from(high >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX))
    }
}

impl<I: Ids> Ids for &I {
    fn fresh(&self) -> Uuid {
        (**self).fresh()
    }
}

/// Version-4 ids from the operating system's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomIds;

impl Ids for RandomIds {
    fn fresh(&self) -> Uuid {
        Uuid::new_v4()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_spreads_over_the_whole_range() {
        let ceiling = Duration::from_secs(30);
        let drawn: Vec<_> = (0..1000).map(|_| RandomIds.jitter(ceiling)).collect();
        assert!(drawn.iter().all(|delay| *delay <= ceiling));
        assert!(drawn.iter().any(|delay| *delay < ceiling / 10));
        assert!(drawn.iter().any(|delay| *delay > ceiling / 10 * 9));
    }
}
