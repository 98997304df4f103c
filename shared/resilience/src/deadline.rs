//! The moment by which work has to be over.

use std::time::Duration;

use timestamp::Timestamp;

use crate::Clock;

/// A moment after which nothing more is tried and nothing more is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Timestamp);

impl Deadline {
    /// At a given moment.
    pub const fn at(moment: Timestamp) -> Self {
        Self(moment)
    }

    /// This long from now.
    pub fn after(clock: &impl Clock, duration: Duration) -> Self {
        Self(clock.now().plus(duration))
    }

    /// From the Lambda context's deadline (milliseconds since the epoch), less what the function needs to put an
    /// answer together: at the deadline itself Lambda kills the process.
    pub fn of_invocation(deadline_millis: u64, reserve: Duration) -> Self {
        let reserve = u64::try_from(reserve.as_millis()).unwrap_or(u64::MAX);
        let millis = deadline_millis.saturating_sub(reserve);
        Self(Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX)))
    }

    /// The earlier of two.
    #[must_use]
    pub fn or_earlier(self, other: Self) -> Self {
        self.min(other)
    }

    /// The moment itself.
    pub const fn moment(self) -> Timestamp {
        self.0
    }

    /// What is left; zero once it has passed.
    pub fn left(self, clock: &impl Clock) -> Duration {
        self.0.since(clock.now())
    }

    /// Whether a wait of this length ends before the deadline.
    pub fn allows(self, clock: &impl Clock, wait: Duration) -> bool {
        clock.now().plus(wait) < self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::VirtualClock;

    #[test]
    fn what_is_left_shrinks_to_zero() {
        let clock = VirtualClock::at(Timestamp::from_seconds(1_000));
        let deadline = Deadline::after(&clock, Duration::from_secs(2));
        assert_eq!(deadline.left(&clock), Duration::from_secs(2));
        assert!(deadline.allows(&clock, Duration::from_millis(1_999)));
        assert!(!deadline.allows(&clock, Duration::from_secs(2)), "a wait that ends at the deadline leaves no time");

        clock.advance(Duration::from_secs(3));
        assert_eq!(deadline.left(&clock), Duration::ZERO);
    }

    #[test]
    fn the_invocations_deadline_keeps_its_reserve() {
        let deadline = Deadline::of_invocation(10_000, Duration::from_millis(500));
        assert_eq!(deadline.moment(), Timestamp::from_millis(9_500));
        assert_eq!(deadline.or_earlier(Deadline::at(Timestamp::from_seconds(3))).moment(), Timestamp::from_seconds(3));
        assert_eq!(Deadline::of_invocation(100, Duration::from_secs(1)).moment(), Timestamp::from_millis(0));
    }
}
