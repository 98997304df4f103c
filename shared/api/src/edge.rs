//! Rate limits at the edge: one bucket for each caller and class, shared by all environments of all functions.

use std::pin::Pin;
use std::time::Duration;

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use resilience::{Clock, Decision, Limit};
use store::{RateLimiter, StoreError};
use telemetry::chain;

use crate::bucket::Owner;
use crate::class::WithoutTable;
use crate::{ApiError, Class};

/// How long a request waits for its bucket: a limit is not worth more of the response time.
const PATIENCE: Duration = Duration::from_secs(1);

/// draft-ietf-httpapi-ratelimit-headers, as of its tenth edition.
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Applies rate limits at the edge of the API.
#[derive(Clone, Copy, Debug)]
pub struct Edge<'a, G, C> {
    /// The rate limiter.
    pub guards: &'a G,
    /// The clock.
    pub clock: C,
    /// A factor for every class's limit; 0 turns limits off.
    pub scale: u32,
}

/// The state of a bucket after a request was taken or refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimitState {
    class: Class,
    limit: Limit,
    taken: Decision,
}

impl<G: RateLimiter, C: Clock> Edge<'_, G, C> {
    /// Takes a request from its owner's bucket. `None` when there is no limit, or the table is unavailable.
    ///
    /// # Errors
    ///
    /// 503 when the table is unavailable and the class requires it.
    pub async fn take(&self, class: Class, owner: &Owner) -> Result<Option<RateLimitState>, ApiError> {
        let limit = class.limit(owner.subject());
        let limit = Limit { requests: limit.requests.saturating_mul(self.scale), ..limit };
        if limit.requests == 0 {
            return Ok(None);
        }
        match self.ask(&owner.bucket(class), limit).await {
            Ok(taken) => Ok(Some(RateLimitState { class, limit, taken })),
            Err(error) => without_table(class, error),
        }
    }

    async fn ask(&self, bucket: &str, limit: Limit) -> Result<Decision, StoreError> {
        // Boxed: with the SDK inside, the future is nested too deeply for the compiler.
        let take: Pin<Box<dyn Future<Output = _> + '_>> = Box::pin(self.guards.take(bucket, limit, self.clock.now()));
        tokio::select! {
            biased;
            taken = take => taken,
            () = self.clock.sleep(PATIENCE) => Err(StoreError::Unavailable("no answer in time".into())),
        }
    }
}

fn without_table(class: Class, error: StoreError) -> Result<Option<RateLimitState>, ApiError> {
    match class.without_table() {
        WithoutTable::Passes => {
            telemetry::count("RateLimitsOpen", 1);
            tracing::warn!(class = class.as_str(), error = %chain(&error), "rate limit out of reach, request passes");
            Ok(None)
        }
        WithoutTable::IsRefused => Err(error.into()),
    }
}

impl RateLimitState {
    /// Why the request is refused, if it is.
    pub fn refusal(&self) -> Option<ApiError> {
        match self.taken {
            Decision::Allowed { .. } => None,
            Decision::Refused { retry_after } => {
                Some(ApiError::TooManyRequests { class: self.class.as_str(), retry_after })
            }
        }
    }

    /// The headers that tell a client its limit and what is left of it: structured fields (RFC 9651).
    pub fn write_headers(&self, headers: &mut HeaderMap) {
        let (name, Limit { requests, period }) = (self.class.as_str(), self.limit);
        let (remaining, wait) = self.left();
        let policy = format!(r#""{name}";q={requests};w={}"#, period.as_secs());
        let state = format!(r#""{name}";r={remaining};t={}"#, whole_seconds(wait));
        for (header, text) in [(POLICY, policy), (RATE_LIMIT, state)] {
            // Names and numbers are always valid header values.
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(header, value);
            }
        }
    }

    /// How many more requests may pass now and when the bucket is full again; with none left, when the next may pass.
    fn left(&self) -> (u32, Duration) {
        match self.taken {
            Decision::Allowed { remaining: 0, reset } => {
                (0, (reset + self.limit.interval()).saturating_sub(self.limit.period))
            }
            Decision::Allowed { remaining, reset } => (remaining, reset),
            Decision::Refused { retry_after } => (0, retry_after),
        }
    }
}

/// Rounded up: a client that returns then is not too early.
pub fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests;
