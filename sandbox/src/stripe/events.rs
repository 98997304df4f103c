//! Events: one for each change, with a snapshot of the object as it was then.

use bytes::Bytes;
use serde_json::{Value, json};
use std::time::Duration;

use super::{Answer, Context, Stripe, collection::Resource, errors::ApiError, form::Form};
use crate::{Provider, Webhook};

/// `GET /v1/events` reaches back so far, in seconds.
const LISTED_FOR: i64 = 30 * 24 * 60 * 60;

/// An event.
#[derive(Debug)]
pub struct Event {
    pub id: String,
    pub created: i64,
    pub kind: String,
    pub api_version: String,
    /// `data` as JSON text: most events are never looked at again.
    pub data: String,
    pub request: Value,
    /// How many endpoints asked for it.
    pub endpoints: usize,
    /// Those that have not taken it.
    pub undelivered: Vec<PendingDelivery>,
}

/// An endpoint that has not taken an event.
#[derive(Debug)]
pub struct PendingDelivery {
    /// The endpoint's id.
    pub endpoint: String,
    /// Whether Stripe tries no more.
    pub given_up: bool,
}

impl Event {
    /// Records the final outcome of one attempt. A copy that is given up changes nothing once another one was accepted.
    pub fn settle(&mut self, endpoint: &str, taken: bool) {
        if taken {
            self.undelivered.retain(|waiting| waiting.endpoint != endpoint);
        }
        for waiting in self.undelivered.iter_mut().filter(|waiting| waiting.endpoint == endpoint) {
            waiting.given_up = true;
        }
    }
}

impl Resource for Event {
    const OBJECT: &'static str = "event";
    const PATH: &'static str = "events";

    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> i64 {
        self.created
    }

    fn view(&self) -> Value {
        let mut view = json!({
            "id": self.id,
            "object": "event",
            "api_version": self.api_version,
            "created": self.created,
            "livemode": false,
            // Those that were given up count as well: what counts is "haven't been successfully delivered".
            "pending_webhooks": self.undelivered.len(),
            "request": self.request,
            "type": self.kind,
        });
        // Put in, since the macro would copy it.
        view["data"] = serde_json::from_str(&self.data).unwrap_or_default();
        view
    }
}

impl Stripe {
    /// Records an event and sends it to every endpoint that asked for its type.
    pub(super) fn emit(&mut self, context: &Context, kind: &str, object: &Value) {
        self.record(context, kind, &json!({ "object": object }));
    }

    /// The same with what the changed fields were before.
    pub(super) fn emit_change(&mut self, context: &Context, kind: &str, object: &Value, previous: &Value) {
        self.record(context, kind, &json!({ "object": object, "previous_attributes": previous }));
    }

    fn record(&mut self, context: &Context, kind: &str, data: &Value) {
        let undelivered = self.subscribers(kind);
        let event = Event {
            id: self.new_id("evt_3"),
            created: context.now.seconds(),
            kind: kind.to_owned(),
            api_version: self.settings.api_version.clone(),
            data: data.to_string(),
            request: json!({ "id": context.request_id, "idempotency_key": context.idempotency_key }),
            endpoints: undelivered.len(),
            undelivered,
        };
        self.send(&event);
        self.events.insert(event);
    }

    /// The endpoints that subscribe to a type of event; none of them has it yet.
    fn subscribers(&self, kind: &str) -> Vec<PendingDelivery> {
        let endpoints = self.endpoints.iter().filter(|endpoint| endpoint.wants(kind));
        endpoints.map(|endpoint| PendingDelivery { endpoint: endpoint.id.clone(), given_up: false }).collect()
    }

    fn send(&mut self, event: &Event) {
        if event.undelivered.is_empty() {
            return;
        }
        // Pretty-printed as Stripe does, so that a check over re-serialised JSON fails here too.
        let body = Bytes::from(serde_json::to_vec_pretty(&event.view()).unwrap_or_default());
        for endpoint in self.endpoints.iter().filter(|endpoint| endpoint.wants(&event.kind)) {
            self.outbox.push(Webhook {
                provider: Provider::Stripe,
                endpoint: endpoint.id.clone(),
                event_id: event.id.clone(),
                event_type: event.kind.clone(),
                url: endpoint.url.clone(),
                body: body.clone(),
                after: Duration::from_millis(self.settings.webhook_after_ms),
            });
        }
    }

    /// Sends an event once more to every endpoint, as the dashboard's button does.
    pub(super) fn resend_event(&mut self, id: &str) -> Answer {
        let view = self.events.get(id)?.view();
        let kind = view["type"].as_str().unwrap_or_default();
        let event = Event {
            id: id.to_owned(),
            created: view["created"].as_i64().unwrap_or_default(),
            kind: kind.to_owned(),
            api_version: view["api_version"].as_str().unwrap_or_default().to_owned(),
            data: view["data"].to_string(),
            request: view["request"].clone(),
            endpoints: 0,
            undelivered: self.subscribers(kind),
        };
        self.send(&event);
        Ok(view)
    }

    /// `GET /v1/events/:id`.
    pub(super) fn retrieve_event(&self, context: &Context, id: &str) -> Answer {
        let event = self.events.get(id)?;
        if event.created < context.now.seconds() - LISTED_FOR {
            return Err(ApiError::no_such(Event::OBJECT, id));
        }
        Ok(event.view())
    }

    /// `GET /v1/events`, 30 days back.
    pub(super) fn list_events(&self, context: &Context, form: &Form) -> Answer {
        let oldest = context.now.seconds() - LISTED_FOR;
        let (kind, kinds) = (form.filled("type"), form.list("types"));
        let success = form.boolean("delivery_success")?;
        self.events.page(form, None, |event| {
            event.created >= oldest
                && kind.is_none_or(|pattern| matches(pattern, &event.kind))
                && (kinds.is_empty() || kinds.iter().any(|pattern| matches(pattern, &event.kind)))
                && success.is_none_or(|success| success == event.undelivered.is_empty())
        })
    }
}

/// Whether an event type is meant by a name or by a pattern such as `charge.*`.
pub fn matches(pattern: &str, kind: &str) -> bool {
    pattern == "*"
        || pattern == kind
        || pattern
            .strip_suffix(".*")
            .is_some_and(|group| kind.strip_prefix(group).is_some_and(|rest| rest.starts_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stop_at_dots() {
        for (pattern, kind, expected) in [
            ("*", "charge.refunded", true),
            ("charge.refunded", "charge.refunded", true),
            ("charge.*", "charge.dispute.created", true),
            ("charge.*", "charges.refunded", false),
            ("charge.refund", "charge.refunded", false),
        ] {
            assert_eq!(matches(pattern, kind), expected, "{pattern} {kind}");
        }
    }
}
