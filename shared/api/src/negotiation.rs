//! Content negotiation: `Accept` and `Accept-Encoding` (RFC 9110, section 12.5) and `Prefer` (RFC 7240).

use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use lambda_http::Body;

use crate::Response;

/// The media type of problems, which every function may respond with.
const PROBLEM: &str = "application/problem+json";
const PREFER: HeaderName = HeaderName::from_static("prefer");
const APPLIED: HeaderName = HeaderName::from_static("preference-applied");
const MINIMAL: &str = "return=minimal";

/// Whether the client accepts one of these media types, or a problem. A function without media types suits every
/// client.
pub fn accepts(headers: &HeaderMap, media_types: &[&str]) -> bool {
    let ranges: Vec<Range> = headers.get_all(ACCEPT).iter().flat_map(listed).filter_map(Range::read).collect();
    let takes = |media_type: &str| {
        let best = ranges.iter().filter(|range| range.covers(media_type)).max_by_key(|range| range.precision());
        best.is_some_and(|range| range.wanted)
    };
    media_types.is_empty() || ranges.is_empty() || media_types.iter().any(|known| takes(known)) || takes(PROBLEM)
}

/// Whether the client accepts gzip. Without the header it may (RFC 9110, section 12.5.3), but who sends none rarely does.
pub fn accepts_gzip(headers: &HeaderMap) -> bool {
    let listed: Vec<_> = headers.get_all(ACCEPT_ENCODING).iter().flat_map(listed).map(weighted).collect();
    let wanted = |coding: &str| listed.iter().find(|(name, _)| name.eq_ignore_ascii_case(coding)).map(|(_, is)| *is);
    wanted("gzip").or_else(|| wanted("x-gzip")).or_else(|| wanted("*")).unwrap_or(false)
}

/// Whether the client can do without the body of what it changes.
pub fn prefers_minimal(headers: &HeaderMap) -> bool {
    let preferences = headers.get_all(PREFER).iter().flat_map(listed);
    // Of a repeated preference, the first counts.
    let first = preferences.filter_map(preference).find(|(name, _)| name.eq_ignore_ascii_case("return"));
    first.is_some_and(|(_, value)| value.eq_ignore_ascii_case("minimal"))
}

/// The response without its body, if it is a success.
pub fn minimal(mut response: Response) -> Response {
    if !response.status().is_success() {
        return response;
    }
    *response.body_mut() = Body::Empty;
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::NO_CONTENT;
    }
    let headers = response.headers_mut();
    headers.remove(CONTENT_TYPE);
    headers.remove(CONTENT_LENGTH);
    headers.insert(APPLIED, HeaderValue::from_static(MINIMAL));
    response
}

/// One range of media types, `text/*;q=0.5`.
struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    /// Whether its weight is not zero.
    wanted: bool,
}

impl<'a> Range<'a> {
    /// `None` for a malformed range, which is ignored.
    fn read(text: &'a str) -> Option<Self> {
        let (range, wanted) = weighted(text);
        let (kind, subtype) = range.split_once('/')?;
        Some(Self { kind, subtype, wanted })
    }

    fn covers(&self, media_type: &str) -> bool {
        let covers = |part: &str, whole: &str| part == "*" || part.eq_ignore_ascii_case(whole);
        media_type
            .split_once('/')
            .is_some_and(|(kind, subtype)| covers(self.kind, kind) && covers(self.subtype, subtype))
    }

    /// A specific type takes precedence over a wildcard.
    fn precision(&self) -> u8 {
        u8::from(self.kind != "*") + u8::from(self.subtype != "*")
    }
}

/// What is listed, and whether its weight is not zero.
fn weighted(text: &str) -> (&str, bool) {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let weight = parts.filter_map(|part| part.split_once('=')).find(|(name, _)| name.eq_ignore_ascii_case("q"));
    (name, weight.is_none_or(|(_, weight)| weight.parse().is_ok_and(|weight: f32| weight > 0.0)))
}

fn listed(value: &HeaderValue) -> impl Iterator<Item = &str> {
    value.to_str().unwrap_or_default().split(',').map(str::trim).filter(|item| !item.is_empty())
}

/// The name and value of a preference, without its parameters.
fn preference(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split(';').next()?.split_once('=')?;
    Some((name.trim(), value.trim().trim_matches('"')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &HeaderName, values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_client_that_takes_neither_json_nor_problems_is_told_so() {
        for (accept, suits) in [
            (vec![], true),
            (vec![""], true),
            (vec!["*/*"], true),
            (vec!["application/*"], true),
            (vec!["Application/JSON; charset=utf-8"], true),
            (vec!["application/problem+json"], true),
            (vec!["text/html, application/json;q=0.1"], true),
            (vec!["text/html", "application/json"], true),
            (vec!["text/html,application/xhtml+xml,*/*;q=0.8"], true),
            (vec!["nonsense"], true),
            (vec!["text/html"], false),
            (vec!["text/*, image/*"], false),
            (vec!["application/json;q=0, application/problem+json;q=0, */*"], false),
            (vec!["application/json;q=0, application/problem+json;q=0.0, application/*;q=0.5"], false),
            (vec!["*/*;q=0"], false),
        ] {
            assert_eq!(accepts(&with(&ACCEPT, &accept), &["application/json"]), suits, "{accept:?}");
        }
        assert!(accepts(&with(&ACCEPT, &["text/html"]), &["application/json", "text/html"]));
        assert!(accepts(&with(&ACCEPT, &["text/html"]), &[]), "a redirect suits every client");
    }

    #[test]
    fn gzip_is_for_those_who_ask_for_it() {
        for (accept, gzip) in [
            (vec![], false),
            (vec![""], false),
            (vec!["gzip, deflate, br, zstd"], true),
            (vec!["br", "GZIP;q=0.1"], true),
            (vec!["x-gzip"], true),
            (vec!["*"], true),
            (vec!["identity"], false),
            (vec!["deflate, br"], false),
            (vec!["gzip;q=0, *"], false),
            (vec!["*;q=0"], false),
        ] {
            assert_eq!(accepts_gzip(&with(&ACCEPT_ENCODING, &accept)), gzip, "{accept:?}");
        }
    }

    #[test]
    fn a_preference_is_read_in_all_its_spellings() {
        for (prefer, minimal) in [
            (vec![], false),
            (vec!["return=minimal"], true),
            (vec!["respond-async, Return = \"minimal\"; x=1"], true),
            (vec!["wait=10", "return=minimal"], true),
            (vec!["return=representation, return=minimal"], false),
            (vec!["return"], false),
        ] {
            assert_eq!(prefers_minimal(&with(&PREFER, &prefer)), minimal, "{prefer:?}");
        }
    }

    #[test]
    fn only_what_went_well_loses_its_body() {
        let answer = |status| crate::json(status, &[1]).unwrap();
        for (status, brief) in [(StatusCode::OK, StatusCode::NO_CONTENT), (StatusCode::CREATED, StatusCode::CREATED)] {
            let response = minimal(answer(status));
            assert_eq!((response.status(), response.body()), (brief, &Body::Empty));
            assert_eq!(response.headers()[APPLIED], MINIMAL);
            assert_eq!(response.headers().get(CONTENT_TYPE), None);
        }
        let conflict = minimal(answer(StatusCode::CONFLICT));
        assert!(!conflict.body().is_empty() && !conflict.headers().contains_key(APPLIED));
    }
}
