//! From a handler's result to the answer that leaves the house.

use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};
use lambda_http::{Body, Request};
use resilience::Clock;
use telemetry::{CORRELATION_HEADER, chain};
use tracing::{Instrument, field::Empty};

use crate::answer::secure;
use crate::fields::{correlation_id, route};
use crate::{ApiError, Response, json};

/// Runs a handler and turns its result into the answer: problem details for an error, security headers and correlation
/// id for all. Logs each request once, and counts and times it. No part of a body is logged, nor anything personal.
pub async fn respond(
    clock: &impl Clock,
    request: Request,
    handler: impl AsyncFnOnce(Request) -> Result<Response, ApiError>,
) -> Response {
    let correlation_id = correlation_id(&request);
    let span = tracing::info_span!(
        "request",
        correlation_id = correlation_id.as_str(),
        route = route(&request),
        order_id = Empty
    );
    async {
        let begun = clock.now();
        // Boxed: with the SDK inside, the future is nested deeper than the compiler looks.
        let result = Box::pin(handler(request)).await;
        let duration = clock.now().since(begun);
        telemetry::count("Requests", 1);
        telemetry::time("Latency", duration);
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let mut response = match result {
            Ok(response) => {
                tracing::info!(status = response.status().as_u16(), millis, "answered");
                response
            }
            Err(error) => {
                log(&error, millis);
                refusal(&error, correlation_id.as_str())
            }
        };
        secure(response.headers_mut());
        insert(response.headers_mut(), CORRELATION_HEADER, correlation_id.as_str());
        response
    }
    .instrument(span)
    .await
}

/// A failure of ours with all its causes; of a caller's only the kind, since details quote what was sent.
fn log(error: &ApiError, millis: u64) {
    let kind = error.kind();
    let status = kind.status().as_u16();
    if kind.status().is_server_error() {
        telemetry::count("ServerErrors", 1);
        tracing::error!(status, millis, problem = kind.uri(), error = %chain(error), "failed");
    } else {
        telemetry::count("ClientErrors", 1);
        tracing::info!(status, millis, problem = kind.uri(), "refused");
    }
}

fn refusal(error: &ApiError, correlation_id: &str) -> Response {
    let status = error.kind().status();
    // Problem details hold text and numbers only, so writing them cannot fail.
    let mut response = json(status, &error.problem(correlation_id)).unwrap_or_else(|_| Response::new(Body::Empty));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if let Some(wait) = error.retry_after() {
        headers.insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
    }
    // RFC 6750, section 3: without a token no error code, with a bad one `invalid_token`.
    let challenge = match error {
        ApiError::InvalidToken => Some(r#"Bearer realm="order-api", error="invalid_token""#),
        _ if status == StatusCode::UNAUTHORIZED => Some(r#"Bearer realm="order-api""#),
        _ => None,
    };
    if let Some(challenge) = challenge {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    response
}

fn insert(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}
