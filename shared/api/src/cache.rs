//! Responses that clients may cache (RFC 9110, section 13.1.2; RFC 9111).

use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH, VARY};
use http::{HeaderMap, StatusCode};
use lambda_http::{Body, Request};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::negotiation::accepts_gzip;
use crate::{ApiError, Response, ok};

/// 200 with the value, its entity tag and its lifetime in seconds for any cache; 304 for a client that has it already.
///
/// # Errors
///
/// [`ApiError::Internal`] if the value has no JSON form.
pub fn cacheable(request: &Request, value: &impl Serialize, max_age: u32) -> Result<Response, ApiError> {
    cached(request, ok(value)?, max_age)
}

/// A text that is part of the program, with its compressed form.
#[derive(Clone, Copy, Debug)]
pub struct StaticText {
    /// Its media type.
    pub media_type: &'static str,
    /// The text.
    pub plain: &'static str,
    /// The text compressed with gzip (RFC 1952).
    pub gzip: &'static [u8],
}

/// The same as [`cacheable`] for a text of the program, in the encoding that the client accepts.
///
/// # Errors
///
/// None that a request can cause.
pub fn cacheable_text(request: &Request, text: StaticText, max_age: u32) -> Result<Response, ApiError> {
    let is_gzip = accepts_gzip(request.headers());
    let body = if is_gzip { Body::Binary(text.gzip.to_vec()) } else { Body::from(text.plain) };
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(text.media_type));
    if is_gzip {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    let mut response = cached(request, response, max_age)?;
    // Of a 304 as well (RFC 9110, section 15.4.5).
    response.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
    Ok(response)
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
    use http::header::{ACCEPT_ENCODING, HeaderName};

    use super::*;

    fn answer(known: Option<&str>) -> Response {
        let mut request = Request::default();
        if let Some(known) = known {
            request.headers_mut().insert(IF_NONE_MATCH, known.parse().unwrap());
        }
        cacheable(&request, &["a"], 60).unwrap()
    }

    #[test]
    fn each_encoding_has_a_tag_of_its_own() {
        let text = StaticText { media_type: "text/plain", plain: "a text", gzip: b"its short form" };
        let answer = |headers: &[(HeaderName, &str)]| {
            let mut request = Request::default();
            request.headers_mut().extend(headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())));
            cacheable_text(&request, text, 60).unwrap()
        };
        let (plain, gzip) = (answer(&[]), answer(&[(ACCEPT_ENCODING, "gzip, br")]));
        assert_eq!((plain.body(), plain.headers().get(CONTENT_ENCODING)), (&Body::from("a text"), None));
        assert_eq!(gzip.body(), &Body::Binary(b"its short form".to_vec()));
        assert_eq!(gzip.headers()[CONTENT_ENCODING], "gzip");
        assert_ne!(plain.headers()[ETAG], gzip.headers()[ETAG]);
        let tag = gzip.headers()[ETAG].to_str().unwrap();
        let known = answer(&[(ACCEPT_ENCODING, "gzip"), (IF_NONE_MATCH, tag)]);
        assert_eq!((known.status(), known.headers().get(CONTENT_ENCODING)), (StatusCode::NOT_MODIFIED, None));
        assert_eq!(answer(&[(IF_NONE_MATCH, tag)]).status(), StatusCode::OK, "the plain text is not known");
        for response in [plain, gzip, known] {
            assert_eq!(response.headers()[VARY], "accept-encoding");
        }
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
