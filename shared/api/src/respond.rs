//! Turns a request into a response.

use std::pin::Pin;

use auth::Caller;
use domain::FieldError;
use http::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, Method, StatusCode};
use lambda_http::{Body, Request, RequestExt};
use resilience::Clock;
use store::RateLimiter;
use telemetry::{CORRELATION_HEADER, chain};
use tracing::{Instrument, field::Empty};

use crate::answer::secure;
use crate::bucket::Owner;
use crate::edge::{RateLimitState, whole_seconds};
use crate::fields::{correlation_id, route};
use crate::negotiation::{accepts, minimal, prefers_minimal};
use crate::{ApiError, Callers, Class, Edge, Endpoint, FRESH_SIGN_IN, Query, Response, caller, json};

/// Checks a request against its function's [`Endpoint`] and its rate limit, runs the handler and turns its result into
/// the response: problem details for an error, security headers and correlation id for all. Logs each request once,
/// counts it and measures its time. Neither bodies nor personal data are logged.
pub async fn respond<G: RateLimiter, C: Clock>(
    edge: &Edge<'_, G, C>,
    endpoint: Endpoint,
    request: Request,
    handler: impl AsyncFnOnce(Request) -> Result<Response, ApiError>,
) -> Response {
    let correlation_id = correlation_id(&request);
    let is_head = request.method() == Method::HEAD;
    let span = tracing::info_span!(
        "request",
        correlation_id = correlation_id.as_str(),
        route = route(&request),
        actor = caller(&request).ok().map(|caller| caller.who.to_string()),
        order_id = Empty
    );
    async {
        let begun = edge.clock.now();
        let (state, result) = limited(edge, endpoint, request, handler).await;
        let duration = edge.clock.now().since(begun);
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
        if is_head {
            *response.body_mut() = Body::Empty;
        }
        let headers = response.headers_mut();
        secure(headers);
        if let Some(state) = state {
            state.write_headers(headers);
        }
        insert(headers, CORRELATION_HEADER, correlation_id.as_str());
        response
    }
    .instrument(span)
    .await
}

/// Every request takes one from its owner's bucket; of webhooks only those with an invalid signature do, so that a
/// provider is never refused.
async fn limited<G: RateLimiter, C: Clock>(
    edge: &Edge<'_, G, C>,
    endpoint: Endpoint,
    request: Request,
    handler: impl AsyncFnOnce(Request) -> Result<Response, ApiError>,
) -> (Option<RateLimitState>, Result<Response, ApiError>) {
    let owner = Owner::of(&request);
    if endpoint.class == Class::Webhook {
        let result = checked(endpoint, request, handler).await;
        if !matches!(result, Err(ApiError::InvalidSignature)) {
            return (None, result);
        }
        return match edge.take(endpoint.class, &owner).await {
            Ok(state) => (state, state.and_then(|state| state.refusal()).map_or(result, Err)),
            Err(error) => (None, Err(error)),
        };
    }
    let state = match edge.take(endpoint.class, &owner).await {
        Ok(state) => state,
        Err(error) => return (None, Err(error)),
    };
    let result = match state.and_then(|state| state.refusal()) {
        Some(refusal) => Err(refusal),
        None => checked(endpoint, request, handler).await,
    };
    (state, result)
}

/// Requests that the endpoint does not allow never reach the handler.
async fn checked(
    endpoint: Endpoint,
    request: Request,
    handler: impl AsyncFnOnce(Request) -> Result<Response, ApiError>,
) -> Result<Response, ApiError> {
    if endpoint.callers == Callers::Known {
        let _: Caller = caller(&request)?;
    }
    if !accepts(request.headers(), endpoint.media_types) {
        return Err(ApiError::NotAcceptable(endpoint.media_types.join(" or ")));
    }
    known_parameters(endpoint, &request)?;
    let is_brief = endpoint.body_is_optional && prefers_minimal(request.headers());
    // Boxed: with the SDK inside, the future is nested too deeply for the compiler.
    let handling: Pin<Box<dyn Future<Output = _> + '_>> = Box::pin(handler(request));
    let response = handling.await?;
    Ok(if is_brief { minimal(response) } else { response })
}

/// A misspelt parameter would silently mean something else: all orders instead of the paid ones.
fn known_parameters(endpoint: Endpoint, request: &Request) -> Result<(), FieldError> {
    let (Query::Only(known), Some(parameters)) = (endpoint.query, request.query_string_parameters_ref()) else {
        return Ok(());
    };
    let mut seen = Vec::new();
    for (name, _) in parameters.iter() {
        if !known.contains(&name) {
            let name: String = name.chars().take(MAX_NAME).collect();
            return Err(FieldError::new(name, "unknown query parameter"));
        }
        if seen.contains(&name) {
            return Err(FieldError::new(name, "must not be repeated"));
        }
        seen.push(name);
    }
    Ok(())
}

/// The length at which a quoted parameter name is cut.
const MAX_NAME: usize = 64;

/// Logs a failure of ours with all its causes; of a caller's error only the type, since details quote the caller's
/// input.
fn log(error: &ApiError, millis: u64) {
    let kind = error.kind();
    let status = kind.status().as_u16();
    if kind.status().is_server_error() {
        telemetry::count("ServerErrors", 1);
        tracing::error!(status, millis, problem = kind.uri(), error = %chain(&error), "failed");
    } else {
        telemetry::count("ClientErrors", 1);
        if let ApiError::TooManyRequests { .. } = error {
            telemetry::count("RateLimited", 1);
        }
        tracing::info!(status, millis, problem = kind.uri(), "refused");
    }
}

fn refusal(error: &ApiError, correlation_id: &str) -> Response {
    let status = error.kind().status();
    // Problem details contain only text and numbers, so serialising them cannot fail.
    let mut response = json(status, &error.problem(correlation_id)).unwrap_or_else(|_| Response::new(Body::Empty));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if let Some(wait) = error.retry_after() {
        headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait).max(1)));
    }
    // RFC 6750, section 3: no error code without a token, `invalid_token` with a bad one.
    let named = match error {
        ApiError::InvalidToken => Some((WWW_AUTHENTICATE, r#"Bearer realm="order-api", error="invalid_token""#)),
        ApiError::MethodNotAllowed(methods) => Some((ALLOW, *methods)),
        _ if status == StatusCode::UNAUTHORIZED => Some((WWW_AUTHENTICATE, r#"Bearer realm="order-api""#)),
        _ => None,
    };
    if let Some((name, value)) = named {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // RFC 9470, section 3.
    if let ApiError::SignInTooOld = error {
        let max_age = FRESH_SIGN_IN.as_secs();
        let challenge =
            format!(r#"Bearer realm="order-api", error="insufficient_user_authentication", max_age="{max_age}""#);
        insert(headers, "www-authenticate", &challenge);
    }
    response
}

fn insert(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}
