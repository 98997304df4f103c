//! The rate limit and its headers.

use bytes::Bytes;
use domain::Timestamp;
use http::{HeaderValue, Response};

/// A fixed window of requests.
#[derive(Clone, Copy, Debug, Default)]
pub struct RateLimit {
    window_start: i64,
    used: u32,
}

/// What a request found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    limit: u32,
    remaining: u32,
    /// Seconds since the epoch.
    reset: i64,
    /// Whether this request is let in.
    pub admitted: bool,
}

impl RateLimit {
    /// Takes one request out of the window.
    pub fn take(&mut self, now: Timestamp, limit: u32, window_seconds: u32) -> Allowance {
        let reset = self.enter_window(now, window_seconds);
        let admitted = self.used < limit;
        self.used += u32::from(admitted);
        Allowance { limit, remaining: limit - self.used.min(limit), reset, admitted }
    }

    /// The headers of a request that a fault refuses, whatever the window's state. Takes nothing out.
    pub fn exhausted(&mut self, now: Timestamp, limit: u32, window_seconds: u32) -> Allowance {
        let reset = self.enter_window(now, window_seconds);
        Allowance { limit, remaining: 0, reset, admitted: false }
    }

    /// Starts afresh in a new window; gives the second at which the present one ends.
    fn enter_window(&mut self, now: Timestamp, window_seconds: u32) -> i64 {
        let window = i64::from(window_seconds.max(1));
        let start = now.seconds().div_euclid(window) * window;
        if start != self.window_start {
            *self = Self { window_start: start, used: 0 };
        }
        start + window
    }
}

impl Allowance {
    /// Writes the `X-RateLimit-*` headers.
    pub fn write_to(self, response: &mut Response<Bytes>) {
        let headers = response.headers_mut();
        headers.insert("x-ratelimit-limit", HeaderValue::from(self.limit));
        headers.insert("x-ratelimit-remaining", HeaderValue::from(self.remaining));
        headers.insert("x-ratelimit-reset", HeaderValue::from(self.reset));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_fills_and_refills() {
        let mut limit = RateLimit::default();
        let at = |seconds| Timestamp::from_seconds(seconds);
        assert!(limit.take(at(60), 2, 60).admitted);
        assert!(!limit.exhausted(at(60), 2, 60).admitted, "a fault takes nothing out");
        assert_eq!(limit.take(at(61), 2, 60), Allowance { limit: 2, remaining: 0, reset: 120, admitted: true });
        assert!(!limit.take(at(119), 2, 60).admitted);
        assert!(limit.take(at(120), 2, 60).admitted);
    }
}
