//! Values from a request's headers and context.

use std::time::Duration;

use domain::IdempotencyKey;
use http::HeaderMap;
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};
use resilience::{Clock, Deadline};
use telemetry::{CORRELATION_HEADER, CorrelationId};

use crate::ApiError;

/// Marks the response to a repeated request, as Stripe does.
pub const REPLAYED: &str = "idempotent-replayed";

const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// The time for one call: a customer should not wait for all of API Gateway's 30 seconds.
const PATIENCE: Duration = Duration::from_secs(8);
/// The part of the invocation's time that is reserved for storing the result and responding.
const RESERVE: Duration = Duration::from_secs(2);

/// The request's `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header).
///
/// # Errors
///
/// 400 when it is missing, repeated (which API Gateway turns into one value with a comma), longer than 255 characters,
/// or not visible ASCII.
pub fn idempotency_key(request: &Request) -> Result<IdempotencyKey, ApiError> {
    let mut values = request.headers().get_all(IDEMPOTENCY_KEY).iter();
    let value = values.next().ok_or(ApiError::IdempotencyKeyMissing)?;
    let text = value.to_str().ok().filter(|_| values.next().is_none()).unwrap_or_default();
    Ok(text.parse()?)
}

/// The correlation id of this request: the caller's own, or one derived from API Gateway's request id.
pub fn correlation_id(request: &Request) -> CorrelationId {
    CorrelationId::from_request(text(request.headers(), CORRELATION_HEADER), request_id(request).unwrap_or_default())
}

/// The deadline for this call's work: 8 seconds from now, or earlier if Lambda's own is earlier.
pub fn deadline(clock: &impl Clock, request: &Request) -> Deadline {
    let patience = Deadline::after(clock, PATIENCE);
    match request.lambda_context_ref() {
        Some(context) => Deadline::of_invocation(context.deadline, RESERVE).or_earlier(patience),
        None => patience,
    }
}

/// API Gateway's route: `POST /v1/orders`.
pub(crate) fn route(request: &Request) -> Option<&str> {
    let RequestContext::ApiGatewayV2(context) = request.request_context_ref()? else { return None };
    context.route_key.as_deref()
}

fn request_id(request: &Request) -> Option<&str> {
    let RequestContext::ApiGatewayV2(context) = request.request_context_ref()? else { return None };
    context.request_id.as_deref()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;
    use lambda_http::Context;
    use resilience::VirtualClock;

    use super::*;
    use crate::ProblemType;

    fn with(headers: &[(&'static str, &str)]) -> Request {
        let mut request = Request::default();
        for (name, value) in headers {
            request.headers_mut().append(*name, http::HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        request
    }

    #[test]
    fn a_key_is_there_once_and_legible() {
        assert_eq!(idempotency_key(&with(&[(IDEMPOTENCY_KEY, "k-1")])).unwrap().as_str(), "k-1");
        let long = "k".repeat(256);
        for (headers, kind) in [
            (vec![], ProblemType::IdempotencyKeyMissing),
            (vec![(IDEMPOTENCY_KEY, "")], ProblemType::IdempotencyKeyMalformed),
            (vec![(IDEMPOTENCY_KEY, "two words")], ProblemType::IdempotencyKeyMalformed),
            (vec![(IDEMPOTENCY_KEY, "schlüssel")], ProblemType::IdempotencyKeyMalformed),
            (vec![(IDEMPOTENCY_KEY, long.as_str())], ProblemType::IdempotencyKeyMalformed),
            (vec![(IDEMPOTENCY_KEY, "k,k")], ProblemType::IdempotencyKeyMalformed),
            (vec![(IDEMPOTENCY_KEY, "a"), (IDEMPOTENCY_KEY, "b")], ProblemType::IdempotencyKeyMalformed),
        ] {
            assert_eq!(idempotency_key(&with(&headers)).unwrap_err().kind(), kind, "{headers:?}");
        }
    }

    #[test]
    fn the_callers_correlation_id_is_kept() {
        assert_eq!(correlation_id(&with(&[(CORRELATION_HEADER, "browser-1")])).as_str(), "browser-1");
    }

    #[test]
    fn work_ends_before_lambda_ends_it() {
        let clock = VirtualClock::at(Timestamp::from_seconds(100));
        assert_eq!(deadline(&clock, &Request::default()).moment(), Timestamp::from_seconds(108));
        let mut context = Context::default();
        context.deadline = 107_000;
        let request = Request::default().with_lambda_context(context);
        assert_eq!(deadline(&clock, &request).moment(), Timestamp::from_seconds(105));
    }
}
