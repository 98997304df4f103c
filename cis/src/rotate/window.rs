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
    /// By then everybody has heard of what is written now: those who could not ask for it for as long as an old value
    /// serves, and those who keep what they got from us.
    pub fn heard(self) -> Duration {
        self.stale() + self.fresh + self.margin()
    }

    /// By then nothing counts any more that was made with what was replaced, and is good for `lasts`.
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
