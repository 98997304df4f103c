//! `GET /openapi.json` and `GET /reference`: the API's contract, for programs and for people.

use api::{ApiError, Class, Endpoint, Response, StaticText};
use lambda_http::Request;
use lambda_http::http::HeaderValue;
use lambda_http::http::header::CONTENT_SECURITY_POLICY;

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::open(Class::Read).answering(&["application/json", "text/html"]);

/// The contract, written by `cargo cis openapi`.
pub const DOCUMENT: &str = include_str!("../../../openapi.json");
/// The page that the build makes from it.
pub const REFERENCE: &str = include_str!(concat!(env!("OUT_DIR"), "/reference.html"));

const CONTRACT: StaticText = StaticText {
    media_type: "application/json",
    plain: DOCUMENT,
    gzip: include_bytes!(concat!(env!("OUT_DIR"), "/openapi.json.gz")),
};
const PAGE: StaticText = StaticText {
    media_type: "text/html; charset=utf-8",
    plain: REFERENCE,
    gzip: include_bytes!(concat!(env!("OUT_DIR"), "/reference.html.gz")),
};

/// How long caches may keep either, in seconds.
const MAX_AGE: u32 = 300;
/// The page has no script and loads nothing; its one style sheet is named by its hash (CSP Level 3, section 2.3.1).
pub const PAGE_POLICY: &str = "default-src 'none'; style-src 'sha256-W36L2GFkVX9JPoCZeRIfpjAAWVrdif//6Jg2aKMyrvA='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Returns the document or the page, as the path asks, compressed for a client that accepts gzip; 304 for one that has it
/// already.
///
/// # Errors
///
/// None that a request can cause.
#[expect(clippy::unused_async, reason = "every function of the API is called in the same way")]
pub async fn handle(_: &impl Sized, request: Request) -> Result<Response, ApiError> {
    if request.uri().path() != "/reference" {
        return api::cacheable_text(&request, CONTRACT, MAX_AGE);
    }
    let mut page = api::cacheable_text(&request, PAGE, MAX_AGE)?;
    page.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
    Ok(page)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use flate2::read::GzDecoder;
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn the_compressed_form_is_the_same_text_and_a_tenth_of_it() {
        for text in [CONTRACT, PAGE] {
            let mut whole = String::new();
            GzDecoder::new(text.gzip).read_to_string(&mut whole).unwrap();
            assert!(whole == text.plain);
            assert!(text.gzip.len() * 10 < text.plain.len(), "{} of {}", text.gzip.len(), text.plain.len());
        }
    }

    #[test]
    fn the_policy_allows_the_pages_style_and_the_page_needs_no_more() {
        let style = REFERENCE.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
        let hash = STANDARD.encode(Sha256::digest(style));
        assert!(PAGE_POLICY.contains(&format!("'sha256-{hash}'")), "the style's hash is sha256-{hash}");
        for forbidden in ["<script", "<link", "<img", "style=\"", "javascript:", " on"] {
            let in_tags = REFERENCE.split('<').filter_map(|tag| tag.split_once('>')).map(|(tag, _)| format!("<{tag}"));
            let found: Vec<_> = in_tags.filter(|tag| tag.contains(forbidden)).collect();
            assert!(found.is_empty(), "{found:?}");
        }
    }
}
