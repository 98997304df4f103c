//! `Idempotency-Key` (`docs.stripe.com/api/idempotent_requests`): the first result of a POST is saved once its execution
//! has begun, errors included, and given again to every repetition.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use bytes::Bytes;
use domain::Timestamp;
use http::{HeaderValue, Request, Response};

use super::errors::ApiError;

/// Stripe may prune a key after a day, and so does this.
const KEPT_FOR: Duration = Duration::from_hours(24);
const LONGEST_KEY: usize = 255;

/// The saved results.
#[derive(Debug, Default)]
pub struct Keys {
    saved: HashMap<String, SavedResponse>,
    by_age: BTreeSet<(Timestamp, String)>,
}

#[derive(Debug)]
struct SavedResponse {
    request: Fingerprint,
    response: Response<Bytes>,
    running_until: Timestamp,
}

/// What makes two requests the same: method, path and parameters, whatever their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    target: String,
    params: Vec<(String, String)>,
}

impl Fingerprint {
    /// Of a request.
    pub fn of(request: &Request<Bytes>) -> Self {
        let mut params: Vec<_> = form_urlencoded::parse(request.body()).into_owned().collect();
        params.sort_unstable();
        Self { target: format!("{} {}", request.method(), request.uri().path()), params }
    }
}

/// The key of a POST; other methods have none that counts.
///
/// # Errors
///
/// 400 when the key is too long.
pub fn key_of(request: &Request<Bytes>) -> Result<Option<&str>, ApiError> {
    if request.method() != http::Method::POST {
        return Ok(None);
    }
    let key = request.headers().get("idempotency-key").and_then(|value| value.to_str().ok());
    match key.filter(|key| !key.is_empty()) {
        Some(key) if key.len() > LONGEST_KEY => {
            let message = format!("Idempotency keys can be at most {LONGEST_KEY} characters long.");
            Err(ApiError::invalid("Idempotency-Key", message))
        }
        key => Ok(key),
    }
}

impl Keys {
    /// The answer that is saved for the request, if there is one.
    ///
    /// # Errors
    ///
    /// 409 while the first one is still running, 400 when the first one was another request.
    pub fn replay(
        &mut self,
        now: Timestamp,
        key: &str,
        request: &Fingerprint,
    ) -> Result<Option<Response<Bytes>>, ApiError> {
        self.prune(now);
        let Some(saved) = self.saved.get(key) else { return Ok(None) };
        if saved.running_until > now {
            return Err(ApiError::key_in_use(key));
        }
        if saved.request != *request {
            return Err(ApiError::key_reused(key));
        }
        let mut response = saved.response.clone();
        response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
        if let Some(original) = saved.response.headers().get("request-id") {
            response.headers_mut().insert("original-request", original.clone());
        }
        Ok(Some(response))
    }

    /// Saves the first result.
    pub fn save(&mut self, now: Timestamp, key: &str, request: Fingerprint, response: Response<Bytes>) {
        self.by_age.insert((now, key.to_owned()));
        self.saved.insert(key.to_owned(), SavedResponse { request, response, running_until: now });
    }

    /// Saves another result in place of the first one.
    pub fn replace(&mut self, key: &str, response: &Response<Bytes>) {
        if let Some(saved) = self.saved.get_mut(key) {
            saved.response = response.clone();
        }
    }

    /// The request takes until then: repetitions before are concurrent with it.
    pub fn still_running(&mut self, key: &str, until: Timestamp) {
        if let Some(saved) = self.saved.get_mut(key) {
            saved.running_until = saved.running_until.max(until);
        }
    }

    fn prune(&mut self, now: Timestamp) {
        while let Some((saved_at, _)) = self.by_age.first() {
            if now.since(*saved_at) <= KEPT_FOR {
                return;
            }
            if let Some((_, key)) = self.by_age.pop_first() {
                self.saved.remove(&key);
            }
        }
    }
}
