//! How long a rotation has to wait for what.

use std::time::Duration;

use settings::SECRET_STALE_TIMES;

/// For clocks that differ, and for the way from the file or the service to the function.
const LEAST_MARGIN: Duration = Duration::from_secs(1);

/// The times of a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// How long functions use a secret without asking again, and others our published keys.
    pub fresh: Duration,
}

impl Window {
    /// When all functions know what is written now: those that could not read it for as long as a stale value serves,
    /// and those that cache it.
    pub fn heard(self) -> Duration {
        self.stale() + self.fresh + self.margin()
    }

    /// When everything that the replaced key signed has expired, if that is valid for `lasts`.
    pub fn forgotten(self, lasts: Duration) -> Duration {
        self.stale() + lasts + self.margin()
    }

    fn stale(self) -> Duration {
        self.fresh * SECRET_STALE_TIMES
    }

    fn margin(self) -> Duration {
        LEAST_MARGIN.max(self.fresh / 5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waits_cover_whoever_hears_of_it_last() {
        let aws = Window { fresh: Duration::from_mins(5) };
        assert_eq!(aws.heard(), Duration::from_mins(66));
        assert_eq!(aws.forgotten(Duration::from_mins(15)), Duration::from_mins(76));
        assert_eq!(Window { fresh: Duration::from_secs(1) }.heard(), Duration::from_secs(14));
    }
}
