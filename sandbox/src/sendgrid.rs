//! The SendGrid stand-in: mail/send with its validation, a mailbox to look at, and signed event webhooks.
//!
//! A state machine: time is handed in, nothing waits. What is due by itself (events) comes out of `tick` as webhooks.

mod control;
mod error;
mod event;
mod event_kind;
mod limit;
mod mail;
mod page;
mod request;
mod schedule;
mod send;
mod settings;
mod signing;
mod snapshot;
mod types;
mod validate;

use bytes::Bytes;
use domain::Timestamp;
use http::{HeaderMap, HeaderValue, Request, Response, header};

use crate::answer;
use crate::draw::Draw;
use crate::{Refusal, StandIn, Webhook};

use self::error::ApiError;
use self::limit::RateLimit;
use self::schedule::Schedule;

pub use self::event_kind::EventKind;
pub use self::mail::Mail;
pub use self::settings::{Behaviour, Settings};
pub use self::signing::{SigningKey, SigningKeyError};

const SIGNATURE: &str = "x-twilio-email-event-webhook-signature";
const TIMESTAMP: &str = "x-twilio-email-event-webhook-timestamp";

/// SendGrid, as far as the shop uses it.
#[derive(Debug)]
pub struct SendGrid {
    api_keys: Vec<String>,
    behaviour: Behaviour,
    /// Absent only when the settings name a broken key: posts are unsigned then.
    signing: Option<SigningKey>,
    draw: Draw,
    limit: RateLimit,
    mails: Vec<Mail>,
    schedule: Schedule,
    webhooks: Vec<Webhook>,
}

impl SendGrid {
    /// An account without mails.
    pub fn new(seed: u64, settings: &Settings) -> Self {
        let signing = SigningKey::from_base64(settings.signing_key.as_deref().unwrap_or(signing::DEVELOPMENT));
        if let Err(error) = &signing {
            tracing::error!(%error, "SendGrid's event webhook will not be signed");
        }
        Self {
            api_keys: settings.api_keys.clone(),
            behaviour: settings.behaviour.clone(),
            signing: signing.ok(),
            draw: Draw::new(seed),
            limit: RateLimit::default(),
            mails: Vec::new(),
            schedule: Schedule::default(),
            webhooks: Vec::new(),
        }
    }

    /// The event webhook's public key: base64 of its SPKI DER; empty without a key.
    pub fn public_key(&self) -> String {
        self.signing.as_ref().map(SigningKey::public_key).unwrap_or_default()
    }

    /// The mails that were accepted, oldest first.
    pub fn mails(&self) -> &[Mail] {
        &self.mails
    }

    /// What can be changed while it runs.
    pub fn behaviour_mut(&mut self) -> &mut Behaviour {
        &mut self.behaviour
    }
}

impl StandIn for SendGrid {
    fn handle(&mut self, now: Timestamp, request: &Request<Bytes>) -> Response<Bytes> {
        match (request.method().as_str(), request.uri().path()) {
            ("POST", "/v3/mail/send") => self.send(now, request),
            (_, "/v3/mail/send") => error::answer(405, &[ApiError::plain("method not allowed")]),
            _ => error::answer(404, &[ApiError::plain("not found")]),
        }
    }

    fn refuse(&mut self, now: Timestamp, _request: &Request<Bytes>, refusal: Refusal) -> Response<Bytes> {
        let message = match refusal {
            Refusal::TooManyRequests { .. } => "too many requests",
            Refusal::InternalError | Refusal::FinalError => "internal error",
            Refusal::DependencyFailed => "failed dependency",
            Refusal::Invalid => "bad request",
            Refusal::Unavailable => "service unavailable",
            Refusal::Conflict => "conflict",
        };
        let mut response = error::answer(refusal.status(), &[ApiError::plain(message)]);
        if let Refusal::TooManyRequests { retry_after } = refusal {
            let behaviour = &self.behaviour;
            self.limit.exhausted(now, behaviour.rate_limit, behaviour.rate_window_seconds).write_to(&mut response);
            if let Some(seconds) = retry_after {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
        }
        response
    }

    fn control(&mut self, now: Timestamp, request: &Request<Bytes>, _path: &[&str]) -> Response<Bytes> {
        self.answer_control(now, request).unwrap_or_else(|| answer::problem(404, "no such page of the mailbox"))
    }

    fn take_webhooks(&mut self) -> Vec<Webhook> {
        std::mem::take(&mut self.webhooks)
    }

    fn sign(&self, now: Timestamp, webhook: &Webhook) -> HeaderMap {
        let timestamp = now.seconds().to_string();
        let signature = self.signing.as_ref().map(|key| key.sign(&timestamp, &webhook.body)).unwrap_or_default();
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json;charset=utf-8"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static("SendGrid Event API"));
        for (name, value) in [(SIGNATURE, signature), (TIMESTAMP, timestamp)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        headers
    }

    fn tick(&mut self, now: Timestamp) {
        let due = self.schedule.take_due(now);
        self.post(&due);
    }

    fn next_tick(&self) -> Option<Timestamp> {
        self.schedule.next_due()
    }
}

#[cfg(test)]
mod tests;
