//! Building HTTP answers, the same way everywhere.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;

/// A JSON answer.
pub fn json(status: u16, body: &impl Serialize) -> Response<Bytes> {
    let body = serde_json::to_vec(body).unwrap_or_default();
    with_type(status, "application/json", Bytes::from(body))
}

/// An HTML page.
pub fn html(page: String) -> Response<Bytes> {
    with_type(200, "text/html; charset=utf-8", Bytes::from(page))
}

/// The pages' style sheet.
pub fn css(style: &'static str) -> Response<Bytes> {
    with_type(200, "text/css", Bytes::from_static(style.as_bytes()))
}

/// An answer without a body.
pub fn empty(status: u16) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
}

/// Sends a browser on to another page after a form was posted.
pub fn see_other(location: &str) -> Response<Bytes> {
    let mut response = empty(303);
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// The control API's error shape.
pub fn problem(status: u16, detail: &str) -> Response<Bytes> {
    json(status, &serde_json::json!({ "error": detail }))
}

fn with_type(status: u16, content_type: &'static str, body: Bytes) -> Response<Bytes> {
    let mut response = empty(status);
    *response.body_mut() = body;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
