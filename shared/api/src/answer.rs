//! Responses.

use http::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use http::{HeaderMap, StatusCode};
use lambda_http::Body;
use serde::Serialize;
use utoipa::ToSchema;

use crate::ApiError;

/// A handler's response; [`respond`](crate::respond) adds what all responses have.
pub type Response = http::Response<Body>;

/// 200 with a JSON body.
///
/// # Errors
///
/// As [`json`].
pub fn ok(value: &impl Serialize) -> Result<Response, ApiError> {
    json(StatusCode::OK, value)
}

/// 201 with a JSON body and the location of the new resource.
///
/// # Errors
///
/// As [`json`].
pub fn created(location: &str, value: &impl Serialize) -> Result<Response, ApiError> {
    let mut response = json(StatusCode::CREATED, value)?;
    let location = HeaderValue::from_str(location).map_err(|error| ApiError::Internal(error.into()))?;
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}

/// A JSON body.
///
/// # Errors
///
/// [`ApiError::Internal`] if the value has no JSON form, such as a map with keys that are not text.
pub fn json(status: StatusCode, value: &impl Serialize) -> Result<Response, ApiError> {
    let body = serde_json::to_string(value).map_err(|error| ApiError::Internal(error.into()))?;
    Ok(with_body(status, body))
}

/// A response without a body, such as 202 and 204.
pub fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = status;
    response
}

/// 303: the browser continues at another URL (RFC 9110, section 15.4.4).
///
/// # Errors
///
/// [`ApiError::Internal`] when the text is not a valid header value.
pub fn see_other(location: &str) -> Result<Response, ApiError> {
    let location = HeaderValue::from_str(location).map_err(|error| ApiError::Internal(error.into()))?;
    let mut response = empty(StatusCode::SEE_OTHER);
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}

/// The response to a webhook. Its sender only looks at the status.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Acknowledgement {
    /// Whether the delivery was accepted.
    pub received: bool,
}

/// Accepts a webhook's delivery.
pub fn received(status: StatusCode) -> Response {
    with_body(status, format!(r#"{{"received":{}}}"#, status.is_success()))
}

fn with_body(status: StatusCode, json: String) -> Response {
    let mut response = Response::new(Body::Text(json));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Headers of every response (OWASP REST Security Cheat Sheet; Helmet's defaults as far as they concern responses that
/// are not pages: `tests/clients/helmet_node.mjs` compares). Nothing here is a page, a script or a frame, and nothing
/// may be cached unless the handler allows it.
const SECURE: [(&str, &str); 7] = [
    ("cache-control", "no-store"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
];

pub(crate) fn secure(headers: &mut HeaderMap) {
    for (name, value) in SECURE {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}
