//! The circumstances of what is being done: when, on whose request.

use bytes::Bytes;
use domain::Timestamp;
use http::{Request, header};

/// When, and on whose request.
#[derive(Clone, Debug)]
pub struct Context {
    pub now: Timestamp,
    /// The API request behind it; `None` when Stripe acts by itself.
    pub request_id: Option<String>,
    pub idempotency_key: Option<String>,
    /// Whether the caller is a browser.
    pub public: bool,
    /// Scheme and host under which the sandbox was reached, for links to its pages.
    pub origin: String,
}

impl Context {
    /// Of an API request.
    pub fn of_request(
        now: Timestamp,
        request: &Request<Bytes>,
        request_id: &str,
        idempotency_key: Option<&str>,
        public: bool,
    ) -> Self {
        Self {
            now,
            request_id: Some(request_id.to_owned()),
            idempotency_key: idempotency_key.map(str::to_owned),
            public,
            origin: origin(request),
        }
    }

    /// Of something that people do elsewhere.
    pub fn of_control(now: Timestamp, request: &Request<Bytes>) -> Self {
        Self { origin: origin(request), ..Self::of_stripe(now) }
    }

    /// Of what Stripe does by itself.
    pub const fn of_stripe(now: Timestamp) -> Self {
        Self { now, request_id: None, idempotency_key: None, public: false, origin: String::new() }
    }

    /// The year, for expiry dates.
    pub fn year(&self) -> i64 {
        self.now.to_string().split('-').next().and_then(|year| year.parse().ok()).unwrap_or(1970)
    }
}

fn origin(request: &Request<Bytes>) -> String {
    let host = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
    let host = host.or_else(|| request.uri().authority().map(http::uri::Authority::as_str));
    host.map(|host| format!("http://{host}")).unwrap_or_default()
}
