//! Stripe's stand-in: payments as the documentation describes them, on this machine.
//!
//! PaymentIntents with their charges, refunds, disputes, events and webhook endpoints; idempotency keys; test cards and
//! bank accounts; errors in Stripe's shape. What people do elsewhere (a bank's 3-D Secure page, a debit that settles
//! days later, a dispute) is done over `/_sandbox/stripe/…`.

use std::collections::BTreeMap;

use bytes::Bytes;
use domain::Timestamp;
use http::{HeaderMap, HeaderValue, Method, Request, Response, header};
use rand::{Rng as _, SeedableRng as _, distr::Alphanumeric, rngs::SmallRng};
use serde_json::Value;

use crate::{Refusal, StandIn, Webhook, answer};
use auth::Caller;
use charges::Charge;
use collection::Collection;
use context::Context;
use disputes::Dispute;
use errors::ApiError;
use events::Event;
use form::Form;
use idempotency::{Fingerprint, Keys};
use limits::Limiter;
use payment_intents::PaymentIntent;
use payment_methods::PaymentMethod;
use refunds::{Refund, RefundStatus};
use webhooks::WebhookEndpoint;

mod auth;
mod balance_transactions;
mod balances;
mod cards;
mod charges;
mod collection;
mod context;
mod control;
mod currency;
mod disputes;
mod errors;
mod events;
mod expand;
mod form;
mod idempotency;
mod limits;
mod metadata;
mod page;
mod parameters;
mod payment_intents;
mod payment_methods;
mod refunds;
mod routes;
mod settings;
mod webhooks;

pub use balance_transactions::Settlement;
pub use balances::Balance;
pub use limits::RateLimit;
pub use settings::{Endpoint, Settings};
pub use webhooks::signature;

/// What a call comes to: an object to show, or an error.
type Answer = Result<Value, ApiError>;

/// Stripe's stand-in.
#[derive(Debug)]
pub struct Stripe {
    settings: Settings,
    rng: SmallRng,
    intents: Collection<PaymentIntent>,
    charges: Collection<Charge>,
    refunds: Collection<Refund>,
    disputes: Collection<Dispute>,
    events: Collection<Event>,
    methods: Collection<PaymentMethod>,
    endpoints: Vec<WebhookEndpoint>,
    keys: Keys,
    limiter: Limiter,
    outbox: Vec<Webhook>,
    timers: BTreeMap<(Timestamp, u64), Timer>,
    last_timer: u64,
}

/// What Stripe does by itself later.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Timer {
    /// A bank debit ends: as its test account says, or as requested.
    Settle(String, Option<bool>),
    /// A refund comes to another end than the call said.
    Refund(String, RefundStatus),
}

impl Stripe {
    /// An account without payments. The seed fixes all ids.
    pub fn new(seed: u64, settings: &Settings) -> Self {
        let mut stripe = Self {
            settings: settings.clone(),
            rng: SmallRng::seed_from_u64(seed),
            intents: Collection::default(),
            charges: Collection::default(),
            refunds: Collection::default(),
            disputes: Collection::default(),
            events: Collection::default(),
            methods: Collection::default(),
            endpoints: Vec::new(),
            keys: Keys::default(),
            limiter: Limiter::new(settings.rate_limit),
            outbox: Vec::new(),
            timers: BTreeMap::new(),
            last_timer: 0,
        };
        for endpoint in &settings.endpoints {
            let id = stripe.new_id("we_1");
            stripe.endpoints.push(WebhookEndpoint::configured(id, endpoint));
        }
        stripe
    }

    /// A fresh id with Stripe's prefix.
    fn new_id(&mut self, prefix: &str) -> String {
        let random = (&mut self.rng).sample_iter(Alphanumeric).take(24).map(char::from);
        prefix.chars().chain(random).collect()
    }

    fn at(&mut self, due: Timestamp, timer: Timer) {
        self.last_timer += 1;
        self.timers.insert((due, self.last_timer), timer);
    }

    /// One call, from key to answer; with `refusal` the execution fails instead of being done.
    fn call(&mut self, now: Timestamp, request: &Request<Bytes>, refusal: Option<Refusal>) -> Response<Bytes> {
        let request_id = self.new_id("req_");
        let mut response =
            self.authenticated(now, request, &request_id, refusal).unwrap_or_else(|error| error.response());
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::from_str(&request_id) {
            headers.insert("request-id", id);
        }
        let version = request.headers().get("stripe-version").cloned();
        let version = version.or_else(|| HeaderValue::from_str(&self.settings.api_version).ok());
        version.map(|version| headers.insert("stripe-version", version));
        if let Some(key) = request.headers().get("idempotency-key") {
            headers.insert("idempotency-key", key.clone());
        }
        response
    }

    fn authenticated(
        &mut self,
        now: Timestamp,
        request: &Request<Bytes>,
        request_id: &str,
        refusal: Option<Refusal>,
    ) -> Result<Response<Bytes>, ApiError> {
        let form = params(request);
        let caller = auth::caller(request, &form, &self.settings)?;
        self.check_version(request)?;
        if let Some(refused) = self.limited(now, request) {
            return Ok(refused);
        }
        let key = idempotency::key_of(request)?;
        match refusal {
            None | Some(Refusal::InternalError | Refusal::FinalError) => {}
            Some(Refusal::Conflict) => return Err(ApiError::key_in_use(key.unwrap_or_default())),
            Some(refused) => return Err(ApiError::refused(refused)),
        }
        let fingerprint = Fingerprint::of(request);
        if let Some(key) = key
            && let Some(replay) = self.keys.replay(now, key, &fingerprint)?
        {
            return Ok(replay);
        }
        let context = Context::of_request(now, request, request_id, key, caller == Caller::Browser);
        let result = match refusal {
            Some(refusal) => Err(ApiError::refused(refusal)),
            None => self.execute(&context, caller, request, &form),
        };
        let executed = result.as_ref().map_or_else(|error| error.executed, |_| true);
        let mut response = result.map_or_else(|error| error.response(), |view| answer::json(200, &view));
        if let Some(key) = key.filter(|_| executed) {
            if let Ok(id) = HeaderValue::from_str(request_id) {
                response.headers_mut().insert("request-id", id);
            }
            self.keys.save(now, key, fingerprint, response.clone());
        }
        Ok(response)
    }

    /// Stripe knows the versions that it once published; here the current one, and older ones by their form.
    fn check_version(&self, request: &Request<Bytes>) -> Result<(), ApiError> {
        let Some(version) = request.headers().get("stripe-version") else { return Ok(()) };
        let version = String::from_utf8_lossy(version.as_bytes());
        if is_version(&version) && version.as_ref() <= self.settings.api_version.as_str() {
            return Ok(());
        }
        Err(ApiError::unknown_version(&version))
    }

    fn execute(&mut self, context: &Context, caller: Caller, request: &Request<Bytes>, form: &Form) -> Answer {
        let path: Vec<&str> = request.uri().path().trim_matches('/').split('/').skip(1).collect();
        if is_json(request) {
            return Err(ApiError::not_a_form());
        }
        parameters::check(caller, request.method(), &path, form)?;
        let mut view = self.dispatch(context, caller, request.method(), &path, form)?;
        self.expand(&mut view, &form.list("expand"))?;
        Ok(view)
    }
}

impl StandIn for Stripe {
    fn handle(&mut self, now: Timestamp, request: &Request<Bytes>) -> Response<Bytes> {
        let response =
            if request.method() == Method::OPTIONS { answer::empty(204) } else { self.call(now, request, None) };
        with_cors(request, response)
    }

    fn refuse(&mut self, now: Timestamp, request: &Request<Bytes>, refusal: Refusal) -> Response<Bytes> {
        let mut response = self.call(now, request, Some(refusal));
        if let Refusal::TooManyRequests { retry_after } = refusal {
            response.headers_mut().insert("stripe-rate-limited-reason", HeaderValue::from_static("global-rate"));
            retry_after.map(|seconds| response.headers_mut().insert(header::RETRY_AFTER, seconds.into()));
        }
        with_cors(request, response)
    }

    fn fail_after(&mut self, now: Timestamp, request: &Request<Bytes>) -> Response<Bytes> {
        let done = self.call(now, request, None);
        if !done.status().is_success() || done.headers().contains_key("idempotent-replayed") {
            return with_cors(request, done);
        }
        let mut response = ApiError::refused(Refusal::InternalError).response();
        for name in ["request-id", "stripe-version", "idempotency-key"] {
            done.headers().get(name).map(|value| response.headers_mut().insert(name, value.clone()));
        }
        if let Ok(Some(key)) = idempotency::key_of(request) {
            self.keys.replace(key, &response);
        }
        with_cors(request, response)
    }

    fn control(&mut self, now: Timestamp, request: &Request<Bytes>, path: &[&str]) -> Response<Bytes> {
        self.handle_control(now, request, path)
    }

    fn take_webhooks(&mut self) -> Vec<Webhook> {
        std::mem::take(&mut self.outbox)
    }

    fn sign(&self, now: Timestamp, webhook: &Webhook) -> HeaderMap {
        self.webhook_headers(now, &webhook.endpoint, &webhook.body)
    }

    fn settled(&mut self, webhook: &Webhook, taken: bool) {
        if let Ok(event) = self.events.get_mut(&webhook.event_id) {
            event.settle(&webhook.endpoint, taken);
        }
    }

    fn tick(&mut self, now: Timestamp) {
        while let Some(entry) = self.timers.first_entry() {
            let (due, _) = *entry.key();
            if due > now {
                return;
            }
            let timer = entry.remove();
            let context = Context::of_stripe(due);
            // Whatever was done by hand in the meantime makes this void: the error says only that.
            let _ = match timer {
                Timer::Settle(intent, told) => self.settle(&context, &intent, told),
                Timer::Refund(refund, status) => self.settle_refund(&context, &refund, status),
            };
        }
    }

    fn next_tick(&self) -> Option<Timestamp> {
        self.timers.keys().next().map(|(due, _)| *due)
    }

    fn still_running(&mut self, request: &Request<Bytes>, until: Timestamp) {
        if let Ok(Some(key)) = idempotency::key_of(request) {
            self.keys.still_running(key, until);
        }
    }
}

/// `2024-06-20`, since Acacia with the name of its release: `2026-10-28.endive`.
fn is_version(text: &str) -> bool {
    const RELEASES: [&str; 5] = ["acacia", "basil", "clover", "dahlia", "endive"];
    let (date, release) = match text.split_once('.') {
        Some((date, release)) => (date, Some(release)),
        None => (text, None),
    };
    let is_date = date.len() == 10 && Timestamp::parse(&format!("{date}T00:00:00Z")).is_ok();
    is_date && release.is_none_or(|release| RELEASES.contains(&release)) && release.is_some() == (date >= "2024-09-30")
}

/// A body in JSON, whatever its type says.
fn is_json(request: &Request<Bytes>) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.starts_with("application/json") || request.method() == Method::POST && request.body().starts_with(b"{")
}

fn params(request: &Request<Bytes>) -> Form {
    if request.method() == Method::POST {
        Form::parse(request.body())
    } else {
        Form::parse(request.uri().query().unwrap_or_default().as_bytes())
    }
}

/// Browsers call Stripe from the shop's page.
fn with_cors(request: &Request<Bytes>, mut response: Response<Bytes>) -> Response<Bytes> {
    if request.headers().contains_key(header::ORIGIN) {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        let methods = HeaderValue::from_static("GET, HEAD, PUT, PATCH, POST, DELETE");
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        let allowed = HeaderValue::from_static("authorization, content-type, idempotency-key, stripe-version");
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
        let exposed = HeaderValue::from_static("Request-Id, Stripe-Version, Idempotent-Replayed");
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("300"));
    }
    response
}

#[cfg(test)]
mod tests;
