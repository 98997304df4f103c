//! Rate limits as a token bucket, by the generic cell rate algorithm (ITU-T I.371, annex A): a bucket's whole state is
//! one moment, its theoretical arrival time.

use std::time::Duration;

use timestamp::Timestamp;

/// The requests per period, all of them at once if nothing came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Requests that may come at once.
    pub requests: u32,
    /// How long an empty bucket takes to fill up again.
    pub period: Duration,
}

/// What a bucket says to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may pass.
    Allowed {
        /// How many more may pass now.
        remaining: u32,
        /// How long until the bucket is full again.
        reset: Duration,
    },
    /// It may not.
    Refused {
        /// How long until one may pass.
        retry_after: Duration,
    },
}

impl Limit {
    /// How long one request takes to be made good, in whole milliseconds: the next higher, so that no more pass than the
    /// limit has.
    pub fn interval(self) -> Duration {
        let millis = self.period.as_millis().div_ceil(u128::from(self.requests.max(1)));
        Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX).max(1))
    }

    /// How long an empty bucket takes to fill up: the period, or a little more where it does not divide evenly.
    pub fn whole(self) -> Duration {
        self.interval().saturating_mul(self.requests.max(1))
    }

    /// Takes a request from a bucket with this theoretical arrival time, `None` for an unused bucket. Returns the
    /// bucket's next theoretical arrival time, `None` if nothing is taken.
    pub fn take(self, arrival: Option<Timestamp>, now: Timestamp) -> (Option<Timestamp>, Decision) {
        let begin = arrival.unwrap_or(now).max(now);
        let next = begin.plus(self.interval());
        let ahead = next.since(now);
        let whole = self.whole();
        if ahead > whole {
            return (None, Decision::Refused { retry_after: ahead.saturating_sub(whole) });
        }
        let left = whole.saturating_sub(ahead).as_millis() / self.interval().as_millis();
        (Some(next), Decision::Allowed { remaining: u32::try_from(left).unwrap_or(u32::MAX), reset: ahead })
    }

    /// The theoretical arrival time of a bucket to which one of its requests is given back.
    pub fn give_back(self, arrival: Timestamp) -> Timestamp {
        let interval = i64::try_from(self.interval().as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(arrival.millis().saturating_sub(interval))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Limit = Limit { requests: 3, period: Duration::from_secs(30) };

    /// Takes at these seconds, and returns what was left each time; `None` when refused.
    fn asked_at(limit: Limit, seconds: &[i64]) -> Vec<Option<u32>> {
        let mut arrival = None;
        let ask = |second: &i64| {
            let (next, taken) = limit.take(arrival, Timestamp::from_seconds(*second));
            arrival = next.or(arrival);
            match taken {
                Decision::Allowed { remaining, .. } => Some(remaining),
                Decision::Refused { .. } => None,
            }
        };
        seconds.iter().map(ask).collect()
    }

    #[test]
    fn a_bucket_empties_and_fills_up_again_evenly() {
        assert_eq!(asked_at(LIMIT, &[0, 0, 0, 0]), [Some(2), Some(1), Some(0), None]);
        assert_eq!(
            asked_at(LIMIT, &[0, 0, 0, 9, 10, 10, 20]),
            [Some(2), Some(1), Some(0), None, Some(0), None, Some(0)]
        );
        assert_eq!(
            asked_at(LIMIT, &[0, 0, 0, 100, 100, 100, 100]),
            [Some(2), Some(1), Some(0), Some(2), Some(1), Some(0), None]
        );
    }

    #[test]
    fn refusals_cost_nothing_and_say_when_to_come_back() {
        let now = Timestamp::from_seconds(0);
        let full = Some(Timestamp::from_seconds(30));
        let (next, taken) = LIMIT.take(full, now);
        assert_eq!((next, taken), (None, Decision::Refused { retry_after: Duration::from_secs(10) }));
        assert!(matches!(
            LIMIT.take(full, now.plus(Duration::from_secs(10))).1,
            Decision::Allowed { remaining: 0, .. }
        ));
    }

    #[test]
    fn a_period_that_does_not_divide_evenly_lets_no_more_through() {
        for (requests, millis) in [(3, 1000), (7, 1000), (400, 1000), (1000, 1500), (3000, 1000)] {
            let limit = Limit { requests, period: Duration::from_millis(millis) };
            let asked = u32::try_from(asked_at(limit, &vec![0; 4000]).into_iter().flatten().count());
            assert_eq!(asked, Ok(requests), "{requests} in {millis} ms");
        }
    }

    #[test]
    fn over_any_stretch_no_more_pass_than_the_limit_and_what_it_refills() {
        let hammered: Vec<i64> = (0..600).collect();
        let passed = asked_at(LIMIT, &hammered).into_iter().flatten().count();
        assert_eq!(passed, 3 + 599 / 10);
    }
}
