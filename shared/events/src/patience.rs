//! When a message that failed comes again.
//!
//! SQS counts every receive, and after the queue's maximum of them a message becomes a dead letter. So how long each
//! receive lasts decides how long a failure is borne: the more often a message came, the longer it stays out of sight,
//! while one that nobody can handle comes again soon until its receives are used up.

use std::time::Duration;

use domain::Timestamp;
use resilience::Ids;

/// The longest wait after the first receive. It doubles with each.
const FIRST: Duration = Duration::from_secs(5);
/// No wait for something that is down is longer.
const LONGEST: Duration = Duration::from_mins(15);
/// SQS hides a message for at most 12 hours from its receive on; an invocation lasts for minutes at most.
const MOST: Duration = Duration::from_hours(11);

/// What a failure says about the next try of its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Something else is down, slow or in the way: wait ever longer, for hours.
    Outage,
    /// There is nothing to do before this moment.
    NotBefore(Timestamp),
    /// The message itself: no wait helps, and it soon becomes a dead letter.
    Poison,
}

impl Failure {
    /// How long a message that was received so often stays out of sight, in whole seconds. Half of the wait is random,
    /// so that messages that failed together do not all come again at once.
    pub fn wait(self, receives: u32, now: Timestamp, ids: &impl Ids) -> Duration {
        let longest = match self {
            Self::Poison => FIRST,
            Self::Outage | Self::NotBefore(_) => longest_wait(receives),
        };
        let least = match self {
            Self::NotBefore(moment) => moment.since(now).max(longest / 2),
            Self::Outage | Self::Poison => longest / 2,
        };
        let wait = least.saturating_add(ids.jitter(longest / 2)).min(MOST);
        Duration::from_secs(wait.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX))
    }
}

/// The longest wait after a message's `receives`-th receive while something is down; the shortest is half of it.
pub fn longest_wait(receives: u32) -> Duration {
    FIRST.saturating_mul(2_u32.saturating_pow(receives.saturating_sub(1))).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use resilience::SeededIds;

    use super::*;

    const NOON: Timestamp = Timestamp::from_seconds(1_000_000);

    /// The shortest and the longest of many waits, in seconds.
    fn waits(failure: Failure, receives: u32) -> (u64, u64) {
        let ids = SeededIds::new(1);
        let drawn: Vec<_> = (0..500).map(|_| failure.wait(receives, NOON, &ids).as_secs()).collect();
        (drawn.iter().copied().min().unwrap(), drawn.into_iter().max().unwrap())
    }

    #[test]
    fn what_is_down_is_asked_ever_more_seldom() {
        for (receives, expected) in
            [(1, (3, 5)), (2, (5, 10)), (3, (10, 20)), (8, (320, 640)), (9, (450, 900)), (99, (450, 900))]
        {
            let (shortest, longest) = waits(Failure::Outage, receives);
            let spread = (expected.1 - expected.0) / 10;
            assert!((expected.0..=expected.0 + spread + 1).contains(&shortest), "{receives}: {shortest}");
            assert!((expected.1 - spread..=expected.1).contains(&longest), "{receives}: {longest}");
        }
    }

    #[test]
    fn poison_comes_again_soon_however_often_it_came() {
        assert_eq!(waits(Failure::Poison, 1), waits(Failure::Poison, 99));
        assert_eq!(waits(Failure::Poison, 99), (3, 5));
    }

    #[test]
    fn nothing_comes_before_its_moment_nor_hours_after_it() {
        let soon = Failure::NotBefore(NOON.plus(Duration::from_mins(5)));
        let (shortest, longest) = waits(soon, 1);
        assert!(shortest >= 300 && longest <= 303, "{shortest} to {longest}");
        let (shortest, longest) = waits(soon, 20);
        assert!(shortest >= 450 && longest <= 900, "an outage's wait is kept: {shortest} to {longest}");
        let past = Failure::NotBefore(NOON);
        assert_eq!(waits(past, 1), waits(Failure::Outage, 1));
        let tomorrow = Failure::NotBefore(NOON.plus(Duration::from_hours(30)));
        assert_eq!(waits(tomorrow, 1), (MOST.as_secs(), MOST.as_secs()), "no longer than SQS allows");
    }
}
