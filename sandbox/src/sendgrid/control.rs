//! The mailbox's control API and pages:
//!
//! - `GET /_sandbox/mail?recipient=&effect_id=&subject=`, `GET /_sandbox/mail/{id}`, `DELETE /_sandbox/mail`
//! - `POST /_sandbox/mail/{id}/events` `{"event":"open","email":…,"after_ms":0}`
//! - `GET /_sandbox/mailbox`, `GET /_sandbox/mailbox/{id}` (HTML)
//! - `GET /_sandbox/sendgrid/public_key`, `GET` and `PATCH /_sandbox/sendgrid/settings`

use std::time::Duration;

use bytes::Bytes;
use domain::Timestamp;
use http::{Request, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::event_kind::EventKind;
use super::mail::Filter;
use super::{SendGrid, page};
use crate::answer;

/// An event requested by hand.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EventRequest {
    event: EventKind,
    /// The first recipient when absent.
    email: Option<String>,
    /// Milliseconds from now.
    #[serde(default)]
    after_ms: u64,
}

impl SendGrid {
    pub(super) fn answer_control(&mut self, now: Timestamp, request: &Request<Bytes>) -> Option<Response<Bytes>> {
        let path = request.uri().path().strip_prefix("/_sandbox/")?;
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        let query = request.uri().query().unwrap_or_default();
        match (request.method().as_str(), segments.as_slice()) {
            ("GET", ["mail"]) => Some(self.list(query)),
            ("DELETE", ["mail"]) => Some(self.empty_mailbox()),
            ("GET", ["mail", id]) => {
                let mail = self.mails.iter().find(|mail| mail.id == *id)?;
                Some(answer::json(200, mail))
            }
            ("POST", ["mail", id, "events"]) => self.make_event(now, id, request.body()),
            ("GET", ["mailbox"]) => Some(page::mailbox(&self.mails, None, query)),
            ("GET", ["mailbox", id]) => Some(page::mailbox(&self.mails, Some(*id), query)),
            ("GET", ["sendgrid", "public_key"]) => Some(answer::json(200, &json!({"public_key": self.public_key()}))),
            ("GET", ["sendgrid", "settings"]) => Some(answer::json(200, &self.behaviour)),
            ("PATCH", ["sendgrid", "settings"]) => Some(self.change(request.body())),
            _ => None,
        }
    }

    fn list(&self, query: &str) -> Response<Bytes> {
        let filter = Filter::from_query(query);
        let mails: Vec<_> = self.mails.iter().filter(|mail| filter.admits(mail)).collect();
        answer::json(200, &json!({"count": mails.len(), "mails": mails}))
    }

    fn empty_mailbox(&mut self) -> Response<Bytes> {
        self.mails.clear();
        self.schedule.clear();
        answer::empty(204)
    }

    fn make_event(&mut self, now: Timestamp, id: &str, body: &Bytes) -> Option<Response<Bytes>> {
        let index = self.mails.iter().position(|mail| mail.id == id)?;
        let wanted: EventRequest = match serde_json::from_slice(body) {
            Ok(wanted) => wanted,
            Err(error) => return Some(answer::problem(400, &error.to_string())),
        };
        let mail = self.mails.get(index)?;
        let email = wanted.email.or_else(|| mail.to.first().map(|address| address.email.clone()))?;
        self.plan_event(index, wanted.event, &email, now.plus(Duration::from_millis(wanted.after_ms)));
        self.mails.get(index).map(|mail| answer::json(201, &json!({"event": mail.events.last()})))
    }

    /// Merges the given fields into the behaviour; an unknown or ill-typed one changes nothing.
    fn change(&mut self, body: &Bytes) -> Response<Bytes> {
        let Ok(Value::Object(wanted)) = serde_json::from_slice(body) else {
            return answer::problem(400, "a JSON object of settings is expected");
        };
        let mut merged = serde_json::to_value(&self.behaviour).unwrap_or_default();
        if let Some(fields) = merged.as_object_mut() {
            fields.extend(wanted);
        }
        match serde_json::from_value(merged) {
            Ok(behaviour) => {
                self.behaviour = behaviour;
                answer::json(200, &self.behaviour)
            }
            Err(error) => answer::problem(400, &error.to_string()),
        }
    }
}
