//! Rate limits (docs.stripe.com/rate-limits): 429 above a number of requests in a second. Off by default.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use domain::Timestamp;
use http::{HeaderValue, Request, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Answer, Stripe, errors::ApiError, form::Form};
use crate::{Refusal, requests::route};

const WINDOW: Duration = Duration::from_secs(1);

/// How many requests are answered within any second; no limit where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimit {
    /// In all: Stripe allows 100 in live mode, 25 in a sandbox.
    pub per_second: Option<u32>,
    /// By operation, as in `GET /v1/payment_intents/:id`: Stripe allows 25.
    pub per_second_and_endpoint: Option<u32>,
}

/// The requests of the last second.
#[derive(Debug)]
pub struct Limiter {
    limit: RateLimit,
    all: VecDeque<Timestamp>,
    by_endpoint: HashMap<String, VecDeque<Timestamp>>,
}

impl Limiter {
    /// Nothing was asked yet.
    pub fn new(limit: RateLimit) -> Self {
        Self { limit, all: VecDeque::new(), by_endpoint: HashMap::new() }
    }

    /// Which limit a request exceeds, in the words of `Stripe-Rate-Limited-Reason`. What is refused counts for nothing.
    fn exceeded(&mut self, now: Timestamp, request: &Request<Bytes>) -> Option<&'static str> {
        if self.limit == RateLimit::default() {
            return None;
        }
        let endpoint = format!("{} {}", request.method(), route(request.uri().path()));
        let endpoint = self.by_endpoint.entry(endpoint).or_default();
        if is_full(&mut self.all, now, self.limit.per_second) {
            return Some("global-rate");
        }
        if is_full(endpoint, now, self.limit.per_second_and_endpoint) {
            return Some("endpoint-rate");
        }
        self.all.push_back(now);
        endpoint.push_back(now);
        None
    }
}

fn is_full(calls: &mut VecDeque<Timestamp>, now: Timestamp, limit: Option<u32>) -> bool {
    while calls.front().is_some_and(|call| now.since(*call) >= WINDOW) {
        calls.pop_front();
    }
    limit.is_some_and(|limit| calls.len() >= usize::try_from(limit).unwrap_or(usize::MAX))
}

impl Stripe {
    /// The answer to a request too many.
    pub(super) fn limited(&mut self, now: Timestamp, request: &Request<Bytes>) -> Option<Response<Bytes>> {
        let reason = self.limiter.exceeded(now, request)?;
        let mut response = ApiError::refused(Refusal::TooManyRequests { retry_after: None }).response();
        response.headers_mut().insert("stripe-rate-limited-reason", HeaderValue::from_static(reason));
        Some(response)
    }

    /// Changes the limits from now on; parameters that are absent turn them off.
    pub(super) fn set_limits(&mut self, form: &Form) -> Answer {
        form.only(&["per_second", "per_second_and_endpoint"])?;
        let limit = RateLimit {
            per_second: count(form, "per_second")?,
            per_second_and_endpoint: count(form, "per_second_and_endpoint")?,
        };
        self.limiter = Limiter::new(limit);
        Ok(json!(limit))
    }
}

fn count(form: &Form, name: &str) -> Result<Option<u32>, ApiError> {
    let Some(count) = form.integer(name)? else { return Ok(None) };
    u32::try_from(count).map(Some).map_err(|_| ApiError::not_an_integer(name, &count.to_string()))
}
