//! Responses that clients may cache (RFC 9110, section 13.1.2; RFC 9111).

use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};
use lambda_http::{Body, Request};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{ApiError, Response, ok};

/// 200 with the value, its entity tag and its lifetime in seconds for any cache; 304 for a client that has it already.
///
/// # Errors
///
/// [`ApiError::Internal`] if the value has no JSON form.
pub fn cacheable(request: &Request, value: &impl Serialize, max_age: u32) -> Result<Response, ApiError> {
    cached(request, ok(value)?, max_age)
}

/// The same for text of this media type that does not change while the function runs.
///
/// # Errors
///
/// None that a request can cause.
pub fn cacheable_text(
    request: &Request,
    media_type: &'static str,
    text: &'static str,
    max_age: u32,
) -> Result<Response, ApiError> {
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    cached(request, response, max_age)
}

fn cached(request: &Request, mut response: Response, max_age: u32) -> Result<Response, ApiError> {
    let tag = format!("\"{}\"", hex::encode(&Sha256::digest(response.body().as_ref())[..16]));
    if knows(request.headers(), &tag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::Empty;
        response.headers_mut().clear();
    }
    let internal = |error: http::header::InvalidHeaderValue| ApiError::Internal(error.into());
    let keep = HeaderValue::from_str(&format!("public, max-age={max_age}")).map_err(internal)?;
    response.headers_mut().insert(CACHE_CONTROL, keep);
    response.headers_mut().insert(ETAG, HeaderValue::from_str(&tag).map_err(internal)?);
    Ok(response)
}

/// Weak comparison, as `If-None-Match` requires.
fn knows(headers: &HeaderMap, tag: &str) -> bool {
    let listed = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    listed
        .flat_map(|list| list.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(known: Option<&str>) -> Response {
        let mut request = Request::default();
        if let Some(known) = known {
            request.headers_mut().insert(IF_NONE_MATCH, known.parse().unwrap());
        }
        cacheable(&request, &["a"], 60).unwrap()
    }

    #[test]
    fn whoever_has_it_already_gets_no_body() {
        let whole = answer(None);
        assert_eq!(whole.status(), StatusCode::OK);
        let tag = whole.headers()[ETAG].to_str().unwrap().to_owned();
        for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
            let short = answer(Some(&known));
            assert_eq!((short.status(), short.body()), (StatusCode::NOT_MODIFIED, &Body::Empty), "{known}");
            assert_eq!(short.headers()[ETAG], *tag);
            assert_eq!(short.headers()[CACHE_CONTROL], "public, max-age=60");
        }
        assert_eq!(answer(Some("\"x\"")).status(), StatusCode::OK);
    }
}
