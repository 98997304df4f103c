//! Asking Stripe: addresses, headers, form bodies, and retries with the same idempotency key.

use std::fmt;

use bytes::Bytes;
use http::{Request, header};
use resilience::{Clock, Deadline, Ids, Policy, Transport, retry};
use serde::de::DeserializeOwned;

use crate::{
    StripeError,
    answer::{self, Answer},
};

/// The version of Stripe's API that this client reads and writes, pinned so that an account's upgrade cannot change
/// the shape of an answer.
pub const API_VERSION: &str = "2026-10-28.endive";

/// The URL of Stripe's API.
pub const LIVE_URL: &str = "https://api.stripe.com";

/// A client for the parts of Stripe that an order needs. Every call ends by its deadline, plus at most the transport's
/// own timeout.
pub struct Stripe<T, C, I> {
    transport: T,
    clock: C,
    ids: I,
    base_url: String,
    api_key: String,
}

/// The API key does not show.
impl<T, C, I> fmt::Debug for Stripe<T, C, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stripe").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

/// The parameters of a request, in Stripe's bracket notation.
pub(crate) type Form<'a> = Vec<(&'a str, String)>;

impl<T: Transport, C: Clock, I: Ids> Stripe<T, C, I> {
    /// A client that speaks to `base_url` (scheme and host, without `/v1`) with a secret key.
    pub fn new(transport: T, clock: C, ids: I, base_url: &str, api_key: impl Into<String>) -> Self {
        let base_url = base_url.trim_end_matches('/').to_owned();
        Self { transport, clock, ids, base_url, api_key: api_key.into() }
    }

    /// POSTs a form. Without a key the request must be harmless to repeat: it is repeated.
    pub(crate) async fn post<O: DeserializeOwned>(
        &self,
        path: &str,
        form: &Form<'_>,
        key: Option<&str>,
        deadline: Deadline,
    ) -> Result<Answer<O>, StripeError> {
        let body = Bytes::from(encode(form));
        let build = || {
            let mut request = Request::post(format!("{}{path}", self.base_url))
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            if let Some(key) = key {
                request = request.header("idempotency-key", key);
            }
            request
        };
        self.ask(async || self.once(build(), body.clone()).await, deadline).await
    }

    /// GETs an object or a list.
    pub(crate) async fn get<O: DeserializeOwned>(
        &self,
        path: &str,
        query: &Form<'_>,
        deadline: Deadline,
    ) -> Result<Answer<O>, StripeError> {
        let separator = if query.is_empty() { "" } else { "?" };
        let url = format!("{}{path}{separator}{}", self.base_url, encode(query));
        self.ask(async || self.once(Request::get(&url), Bytes::new()).await, deadline).await
    }

    async fn ask<O>(
        &self,
        attempt: impl AsyncFnMut() -> Result<Answer<O>, StripeError>,
        deadline: Deadline,
    ) -> Result<Answer<O>, StripeError> {
        retry(&self.clock, &self.ids, Policy::CALL, deadline, attempt, StripeError::verdict).await
    }

    async fn once<O: DeserializeOwned>(
        &self,
        request: http::request::Builder,
        body: Bytes,
    ) -> Result<Answer<O>, StripeError> {
        let request = request
            .header(header::AUTHORIZATION, format!("Bearer {}", self.api_key))
            .header("stripe-version", API_VERSION)
            .body(body)?;
        let response = self.transport.send(request).await?;
        let answer = answer::read(&response, self.clock.now());
        tracing::debug!(
            status = response.status().as_u16(),
            request_id = response.headers().get("request-id").and_then(|id| id.to_str().ok()),
            "stripe answered"
        );
        answer
    }
}

fn encode(pairs: &Form<'_>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// An id as one segment of a path, whatever is in it.
pub(crate) fn segment(id: &str) -> String {
    form_urlencoded::byte_serialize(id.as_bytes()).collect()
}
