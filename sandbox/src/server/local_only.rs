//! Who may call a server of a local stack: programs on this machine, and the stack's own pages.
//!
//! A browser lets the pages of every web site send requests to 127.0.0.1. It says whose page it was (`Origin`,
//! `Sec-Fetch-Site`), except where the site's own DNS name leads to 127.0.0.1 ("DNS rebinding"): there `Host` tells.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use http::header::{CONTENT_TYPE, HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use serde_json::json;

/// Which pages may call, beside programs.
#[derive(Clone, Debug)]
pub struct LocalOnly(Pages);

#[derive(Clone, Debug)]
enum Pages {
    None,
    OwnAnd(Arc<[String]>),
}

impl LocalOnly {
    /// No page at all: for what stands in for AWS's services.
    pub const fn programs() -> Self {
        Self(Pages::None)
    }

    /// The server's own pages, and those of these origins (`http://localhost:5173`).
    pub fn pages(origins: &[String]) -> Self {
        Self(Pages::OwnAnd(origins.into()))
    }

    /// Puts the check before every route: what is refused gets 403 with a sentence that says why, and no CORS header.
    pub fn guard(self, routes: Router) -> Router {
        routes.layer(from_fn_with_state(self, check))
    }

    /// Why a request is refused; `None` when it is not.
    fn refusal(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<&'static str> {
        let Some(host) = host(uri, headers) else {
            return Some("the Host header must be 127.0.0.1, localhost or a name under .localhost");
        };
        let mut origins = headers.get_all(ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (None, _) if self.admits_fetch(method, headers) => None,
            (None, _) => Some("a page of another site made the request"),
            (Some(origin), None) if self.admits(origin.as_bytes(), host) => None,
            (Some(_), _) => Some("the Origin header names none of this stack's pages"),
        }
    }

    fn admits(&self, origin: &[u8], host: &str) -> bool {
        let Pages::OwnAnd(others) = &self.0 else { return false };
        let is_own = origin.strip_prefix(b"http://").is_some_and(|name| name.eq_ignore_ascii_case(host.as_bytes()));
        is_own || others.iter().any(|other| other.as_bytes() == origin)
    }

    /// Without an `Origin`, as in a GET for an image: the browser's word of whose page it was. Following a link from
    /// another site to a page is allowed, showing the page in a frame is not. Programs send no such header.
    /// (<https://www.w3.org/TR/fetch-metadata/>)
    fn admits_fetch(&self, method: &Method, headers: &HeaderMap) -> bool {
        let is = |name: &str, value: &str| headers.get(name).is_some_and(|sent| sent.as_bytes() == value.as_bytes());
        if !headers.contains_key("sec-fetch-site") || is("sec-fetch-site", "none") {
            return true;
        }
        let follows_link =
            method == Method::GET && is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document");
        matches!(self.0, Pages::OwnAnd(_)) && (is("sec-fetch-site", "same-origin") || follows_link)
    }
}

/// The one host that a request names, if that is this machine. A full URL in the request's first line counts too.
fn host<'a>(uri: &Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next()?.to_str().ok()?;
    let is_one = hosts.next().is_none() && uri.authority().is_none_or(|authority| is_local(authority.as_str()));
    (is_one && is_local(host)).then_some(host)
}

fn is_local(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host().to_ascii_lowercase();
    // Browsers resolve names under .localhost themselves, so no site can own one.
    !host.contains('@')
        && (["127.0.0.1", "[::1]", "localhost"].contains(&name.as_str()) || name.ends_with(".localhost"))
}

async fn check(State(guard): State<LocalOnly>, request: Request, next: Next) -> Response {
    let Some(reason) = guard.refusal(request.method(), request.uri(), request.headers()) else {
        return next.run(request).await;
    };
    let message = format!("This server answers programs on this machine and its own pages: {reason}.");
    let mut response = Response::new(Body::from(json!({ "message": message }).to_string()));
    *response.status_mut() = StatusCode::FORBIDDEN;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a request with these headers passes.
    #[track_caller]
    fn check(guard: &LocalOnly, method: &Method, headers: &[(&'static str, &str)], passes: bool) {
        let mut sent = HeaderMap::new();
        for (name, value) in headers {
            sent.append(*name, value.parse().unwrap());
        }
        let refusal = guard.refusal(method, &Uri::from_static("/"), &sent);
        assert_eq!(refusal.is_none(), passes, "{headers:?}: {refusal:?}");
    }

    fn with_app() -> LocalOnly {
        LocalOnly::pages(&["http://localhost:5173".to_owned()])
    }

    #[test]
    fn the_host_is_this_machine() {
        for host in ["127.0.0.1:9", "127.0.0.1", "localhost:9", "LOCALHOST", "api.localhost:9", "[::1]:9"] {
            check(&LocalOnly::programs(), &Method::POST, &[("host", host)], true);
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:9",
            "evillocalhost",
            "a@localhost",
            "",
            "0.0.0.0",
            "127.0.0.2",
            "[::1",
            "evil.example:127.0.0.1",
        ] {
            check(&with_app(), &Method::GET, &[("host", host)], false);
        }
        check(&with_app(), &Method::GET, &[], false);
        check(&with_app(), &Method::GET, &[("host", "localhost"), ("host", "evil.example")], false);
        let headers = HeaderMap::from_iter([(HOST, "localhost".parse().unwrap())]);
        let elsewhere = Uri::from_static("http://evil.example/");
        assert!(with_app().refusal(&Method::GET, &elsewhere, &headers).is_some());
    }

    #[test]
    fn the_origin_is_the_server_itself_or_the_app() {
        let from = |origin| [("host", "127.0.0.1:9"), ("origin", origin)];
        for origin in ["http://127.0.0.1:9", "http://localhost:5173"] {
            check(&with_app(), &Method::POST, &from(origin), true);
            check(&LocalOnly::programs(), &Method::POST, &from(origin), false);
        }
        for origin in
            ["https://evil.example", "null", "", "http://127.0.0.1:10", "http://localhost:9", "https://127.0.0.1:9"]
        {
            check(&with_app(), &Method::POST, &from(origin), false);
            check(&with_app(), &Method::OPTIONS, &from(origin), false);
        }
        let twice = [("host", "localhost"), ("origin", "http://localhost:5173"), ("origin", "http://localhost:5173")];
        check(&with_app(), &Method::POST, &twice, false);
    }

    #[test]
    fn a_link_from_another_site_may_be_followed_and_nothing_else() {
        let fetch = |site, mode, dest| {
            [("host", "localhost"), ("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", dest)]
        };
        for site in ["cross-site", "same-site"] {
            check(&with_app(), &Method::GET, &fetch(site, "navigate", "document"), true);
            check(&with_app(), &Method::POST, &fetch(site, "navigate", "document"), false);
            check(&with_app(), &Method::GET, &fetch(site, "navigate", "iframe"), false);
            check(&with_app(), &Method::GET, &fetch(site, "no-cors", "image"), false);
            check(&LocalOnly::programs(), &Method::GET, &fetch(site, "navigate", "document"), false);
        }
        check(&with_app(), &Method::GET, &fetch("same-origin", "no-cors", "style"), true);
        check(&with_app(), &Method::GET, &fetch("none", "navigate", "document"), true);
        // Node's fetch sends the mode alone.
        check(&LocalOnly::programs(), &Method::POST, &[("host", "localhost"), ("sec-fetch-mode", "cors")], true);
    }
}
