//! What was called: the last calls and counts by route. No bodies, no query strings, no headers: nothing secret.

use std::collections::{BTreeMap, VecDeque};

use domain::Timestamp;
use serde::Serialize;

use crate::provider::Provider;

const KEPT: usize = 500;

/// One call as it is remembered.
#[derive(Clone, Debug, Serialize)]
pub struct Call {
    /// When it came.
    pub at: Timestamp,
    /// Which provider was called.
    pub provider: Provider,
    /// HTTP method.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// The HTTP status of the answer; `None` when there was no answer.
    pub status: Option<u16>,
    /// Whether the caller got an answer.
    pub answered: bool,
}

/// How often a route was called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RouteCounts {
    /// Calls in all.
    pub calls: u64,
    /// Calls without an answer.
    pub unanswered: u64,
    /// Answers with 4xx.
    pub refused: u64,
    /// Answers with 5xx.
    pub failed: u64,
}

/// The log of calls.
#[derive(Debug, Default, Serialize)]
pub struct RequestLog {
    counts: BTreeMap<String, RouteCounts>,
    last: VecDeque<Call>,
}

impl RequestLog {
    /// Remembers a call; the oldest is forgotten, its count stays.
    pub fn record(&mut self, call: Call) {
        let counts = self.counts.entry(format!("{} {}", call.method, route(&call.path))).or_default();
        counts.calls += 1;
        counts.unanswered += u64::from(!call.answered);
        counts.refused += u64::from(call.status.is_some_and(|status| (400..500).contains(&status)));
        counts.failed += u64::from(call.status.is_some_and(|status| status >= 500));
        if self.last.len() == KEPT {
            self.last.pop_front();
        }
        self.last.push_back(call);
    }

    /// Calls by route, as in `POST /v1/payment_intents/:id/confirm`.
    pub const fn counts(&self) -> &BTreeMap<String, RouteCounts> {
        &self.counts
    }

    /// The last calls, oldest first.
    pub fn last(&self) -> impl Iterator<Item = &Call> {
        self.last.iter()
    }
}

/// Replaces ids by `:id`, so that counts do not grow with the objects.
pub fn route(path: &str) -> String {
    path.split('/').map(|segment| if is_id(segment) { ":id" } else { segment }).collect::<Vec<_>>().join("/")
}

fn is_id(segment: &str) -> bool {
    segment.len() > 6
        && segment.bytes().any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
        && !segment.contains(':')
        || segment.len() > 24
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_leave_the_route() {
        for (path, expected) in [
            ("/v1/payment_intents/pi_3Nabc123/confirm", "/v1/payment_intents/:id/confirm"),
            ("/v1/payment_intents", "/v1/payment_intents"),
            ("/v3/mail/send", "/v3/mail/send"),
        ] {
            assert_eq!(route(path), expected);
        }
    }

    #[test]
    fn counts_outlive_the_calls() {
        let mut log = RequestLog::default();
        for n in 0..=KEPT {
            let status = (n > 0).then_some(429);
            log.record(Call {
                at: Timestamp::default(),
                provider: Provider::Stripe,
                method: "GET".into(),
                path: format!("/v1/charges/ch_{n:08}"),
                status,
                answered: status.is_some(),
            });
        }
        assert_eq!(log.last().count(), KEPT);
        let counts = log.counts()["GET /v1/charges/:id"];
        assert_eq!(counts, RouteCounts { calls: KEPT as u64 + 1, unanswered: 1, refused: KEPT as u64, failed: 0 });
    }
}
