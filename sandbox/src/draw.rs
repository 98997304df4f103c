//! Repeatable randomness of the stand-ins: one seed gives one run, so that a failing simulation can be replayed.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A counter hashed with a seed. Deliberately not secret: the seed determines every id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Draw {
    seed: u64,
    count: u64,
}

impl Draw {
    /// Starts the sequence of a seed.
    pub const fn new(seed: u64) -> Self {
        Self { seed, count: 0 }
    }

    /// The next 32 bytes.
    pub fn bytes(&mut self) -> [u8; 32] {
        self.count += 1;
        let digest = Sha256::new().chain_update(self.seed.to_be_bytes()).chain_update(self.count.to_be_bytes());
        digest.finalize().into()
    }

    /// The next id in URL-safe base64; 16 bytes make the 22 characters that SendGrid uses.
    pub fn id(&mut self, bytes: usize) -> String {
        let drawn = self.bytes();
        URL_SAFE_NO_PAD.encode(&drawn[..bytes.min(drawn.len())])
    }

    /// A number below `end`; zero when `end` is zero.
    pub fn below(&mut self, end: u32) -> u32 {
        let [a, b, c, d, ..] = self.bytes();
        u32::from_be_bytes([a, b, c, d]).checked_rem(end).unwrap_or(0)
    }

    /// True in `percent` of all draws.
    pub fn chance(&mut self, percent: u8) -> bool {
        self.below(100) < u32::from(percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_another_differs() {
        let ids = |seed| {
            let mut draw = Draw::new(seed);
            (draw.id(16), draw.id(16))
        };
        assert_eq!(ids(1), ids(1));
        assert_ne!(ids(1), ids(2));
        assert_ne!(ids(1).0, ids(1).1);
        assert_eq!(ids(1).0.len(), 22);
    }

    #[test]
    fn chances_are_near_their_percentage() {
        let mut draw = Draw::new(7);
        let hits = (0..1000).filter(|_| draw.chance(20)).count();
        assert!((150..250).contains(&hits), "{hits}");
        assert!((0..100).all(|_| !draw.chance(0) && draw.chance(100)));
    }
}
