//! Randomness, handed in: ids that must not repeat and jitter.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use uuid::{Builder, Uuid};

/// A source of fresh ids and of jitter. A simulation hands in a seeded one.
pub trait Ids {
    /// A unique id.
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

    fn jitter(&self, ceiling: Duration) -> Duration {
        (**self).jitter(ceiling)
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

/// Version-4 ids that follow from a seed: the same seed, the same ids in the same order. For tests and the simulation.
#[derive(Debug)]
pub struct SeededIds {
    state: AtomicU64,
}

impl SeededIds {
    /// From a seed, whatever it is.
    pub const fn new(seed: u64) -> Self {
        Self { state: AtomicU64::new(seed) }
    }

    /// One step of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
    fn next(&self) -> u64 {
        const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut mixed = self.state.fetch_add(GAMMA, Ordering::Relaxed).wrapping_add(GAMMA);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Ids for SeededIds {
    fn fresh(&self) -> Uuid {
        let random = (u128::from(self.next()) << 64) | u128::from(self.next());
        Builder::from_random_bytes(random.to_be_bytes()).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_published_numbers_and_the_same_ids_again() {
        // The reference implementation's first three numbers for this seed.
        let numbers = SeededIds::new(1_234_567);
        let drawn = [numbers.next(), numbers.next(), numbers.next()];
        assert_eq!(drawn, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);

        let (once, again, other) = (SeededIds::new(7), SeededIds::new(7), SeededIds::new(8));
        let drawn: Vec<_> = (0..100).map(|_| once.fresh()).collect();
        assert!(drawn.iter().all(|id| *id == again.fresh() && id.get_version_num() == 4));
        assert!(drawn.iter().all(|id| *id != other.fresh()));
    }

    #[test]
    fn jitter_spreads_over_the_whole_range() {
        let ceiling = Duration::from_secs(30);
        let drawn: Vec<_> = (0..1000).map(|_| RandomIds.jitter(ceiling)).collect();
        assert!(drawn.iter().all(|delay| *delay <= ceiling));
        assert!(drawn.iter().any(|delay| *delay < ceiling / 10));
        assert!(drawn.iter().any(|delay| *delay > ceiling / 10 * 9));
    }
}
