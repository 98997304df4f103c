//! Retries with exponential backoff, full jitter and an end.
//!
//! Twenty lines of our own instead of a crate: backon's sleeper has to be `'static` and draws its own jitter, while here
//! clock and jitter are borrowed from the caller, so that a simulation controls both.

use std::time::Duration;

use crate::{Clock, Deadline, Ids};

/// How long to wait between attempts, and how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The ceiling of the first wait; it doubles with each attempt.
    pub first: Duration,
    /// No ceiling grows beyond this.
    pub max: Duration,
    /// Attempts in one invocation, the first included.
    pub attempts: u32,
}

impl Policy {
    /// For calls to other systems: waits of up to 1 s, 2 s, 4 s … 30 s, three attempts in one invocation. What is
    /// still failing then belongs to the queue, whose visibility timeout is the longer wait.
    pub const CALL: Self = Self { first: Duration::from_secs(1), max: Duration::from_secs(30), attempts: 3 };

    /// For lost races on one record (a version condition, a transaction conflict): the winner is done within
    /// milliseconds, so the loser looks again soon.
    pub const CONFLICT: Self = Self { first: Duration::from_millis(20), max: Duration::from_millis(400), attempts: 8 };

    /// The most that is waited after the given attempt (counted from 1).
    fn ceiling(&self, attempt: u32) -> Duration {
        self.first.saturating_mul(2_u32.saturating_pow(attempt - 1)).min(self.max)
    }
}

/// What an error calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Another attempt may succeed.
    Retry {
        /// The wait that the other side requested (`Retry-After`), if any.
        after: Option<Duration>,
    },
    /// Another attempt would fail as well, or would do harm.
    GiveUp,
}

impl Verdict {
    /// Another attempt may succeed, at an unknown time.
    pub const RETRY: Self = Self::Retry { after: None };
}

/// Runs `operation` until it succeeds, its error says to give up, or attempts or time run out.
///
/// Waits a random part of the policy's ceiling (full jitter). If the other side requested a wait, that wait comes first
/// and the jitter on top, so that clients with the same wait don't all return at once. A wait that would outlast the
/// deadline is not begun.
///
/// # Errors
///
/// The last attempt's error.
pub async fn retry<T, E>(
    clock: &impl Clock,
    ids: &impl Ids,
    policy: Policy,
    deadline: Deadline,
    mut operation: impl AsyncFnMut() -> Result<T, E>,
    judge: impl Fn(&E) -> Verdict,
) -> Result<T, E> {
    let mut attempt = 1;
    loop {
        let error = match operation().await {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let Verdict::Retry { after } = judge(&error) else { return Err(error) };
        let wait = after.unwrap_or_default().saturating_add(ids.jitter(policy.ceiling(attempt)));
        if attempt >= policy.attempts || !deadline.allows(clock, wait) {
            return Err(error);
        }
        clock.sleep(wait).await;
        attempt += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use timestamp::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::VirtualClock;

    /// Draws the whole ceiling, so that waits can be named.
    struct NoJitter;

    impl Ids for NoJitter {
        fn fresh(&self) -> Uuid {
            Uuid::nil()
        }

        fn jitter(&self, ceiling: Duration) -> Duration {
            ceiling
        }
    }

    /// Runs an operation that fails with each of `failures` in turn and then succeeds; says how it ended and at which
    /// milliseconds it was tried.
    fn run(policy: Policy, budget: Duration, failures: &[Verdict]) -> (Result<(), Verdict>, Vec<i64>) {
        let clock = VirtualClock::at(Timestamp::from_millis(0));
        let deadline = Deadline::after(&clock, budget);
        let (left, tried) = (Cell::new(failures), RefCell::new(Vec::new()));
        let ended = clock.run(retry(
            &clock,
            &NoJitter,
            policy,
            deadline,
            async || {
                tried.borrow_mut().push(clock.now().millis());
                let Some((first, rest)) = left.get().split_first() else { return Ok(()) };
                left.set(rest);
                Err(*first)
            },
            |verdict| *verdict,
        ));
        (ended, tried.into_inner())
    }

    const HOUR: Duration = Duration::from_hours(1);

    fn after(seconds: u64) -> Verdict {
        Verdict::Retry { after: Some(Duration::from_secs(seconds)) }
    }

    #[test]
    fn waits_double_up_to_the_maximum() {
        let patient = Policy { attempts: 9, ..Policy::CALL };
        let (ended, tried) = run(patient, HOUR, &[Verdict::RETRY; 8]);
        assert_eq!(ended, Ok(()));
        assert_eq!(tried, [0, 1_000, 3_000, 7_000, 15_000, 31_000, 61_000, 91_000, 121_000]);
    }

    #[test]
    fn attempts_end_and_the_last_error_comes_back() {
        let (ended, tried) = run(Policy::CALL, HOUR, &[Verdict::RETRY, Verdict::RETRY, after(1), Verdict::RETRY]);
        assert_eq!(ended, Err(after(1)));
        assert_eq!(tried, [0, 1_000, 3_000]);
    }

    #[test]
    fn giving_up_waits_for_nothing() {
        let (ended, tried) = run(Policy::CALL, HOUR, &[Verdict::GiveUp]);
        assert_eq!(ended, Err(Verdict::GiveUp));
        assert_eq!(tried, [0]);
    }

    #[test]
    fn a_wait_that_was_asked_for_comes_before_the_jitter() {
        let (ended, tried) = run(Policy::CALL, HOUR, &[after(40)]);
        assert_eq!(ended, Ok(()));
        assert_eq!(tried, [0, 41_000]);
    }

    #[test]
    fn no_wait_is_begun_that_outlasts_the_deadline() {
        let (ended, tried) = run(Policy::CALL, Duration::from_secs(3), &[Verdict::RETRY; 3]);
        assert_eq!(ended, Err(Verdict::RETRY));
        assert_eq!(tried, [0, 1_000], "the second wait would end at the deadline");

        let (ended, tried) = run(Policy::CALL, Duration::from_secs(30), &[after(u64::MAX)]);
        assert_eq!(ended, Err(after(u64::MAX)));
        assert_eq!(tried, [0]);
    }

    #[test]
    fn conflicts_are_retried_within_two_seconds() {
        let (ended, tried) = run(Policy::CONFLICT, HOUR, &[Verdict::RETRY; 7]);
        assert_eq!(ended, Ok(()));
        assert_eq!(tried, [0, 20, 60, 140, 300, 620, 1_020, 1_420]);
    }
}
