//! What API Gateway does for browsers: it answers preflights itself, and marks the answers to allowed origins.
//! (docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html)

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    HeaderName, HeaderValue, ORIGIN, VARY,
};
use http::{HeaderMap, Method, Request, Response, StatusCode};

use crate::template::Cors;

/// The answer to a preflight; `None` when the request is not one.
pub fn preflight(cors: &Cors, request: &Request<Bytes>) -> Option<Response<Bytes>> {
    let headers = request.headers();
    let is_one = request.method() == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let origin = headers.get(ORIGIN).filter(|_| is_one)?;
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    if allowed(cors, origin) {
        let headers = response.headers_mut();
        shared(cors, origin, headers);
        set(headers, ACCESS_CONTROL_ALLOW_METHODS, &cors.methods.join(","));
        set(headers, ACCESS_CONTROL_ALLOW_HEADERS, &cors.headers.join(","));
        set(headers, ACCESS_CONTROL_MAX_AGE, &cors.max_age.as_secs().to_string());
    }
    Some(response)
}

/// Lets a page of an allowed origin read the answer.
pub fn mark(cors: &Cors, origin: Option<&HeaderValue>, response: &mut Response<Bytes>) {
    let Some(origin) = origin.filter(|origin| allowed(cors, origin)) else { return };
    let headers = response.headers_mut();
    shared(cors, origin, headers);
    set(headers, ACCESS_CONTROL_EXPOSE_HEADERS, &cors.exposed.join(","));
}

fn allowed(cors: &Cors, origin: &HeaderValue) -> bool {
    cors.origins.iter().any(|known| known.as_bytes() == origin.as_bytes())
}

fn shared(cors: &Cors, origin: &HeaderValue, headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.append(VARY, HeaderValue::from_static("origin"));
    if cors.credentials {
        set(headers, ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    // What the template lists are names.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
