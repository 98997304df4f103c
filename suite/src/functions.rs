//! The wiring of every function: what its `main` does on Lambda, with the suite's sides of the seams.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::MailPatience;
use lambda_http::{Body, Request, Response};
use mail::Shop;
use resilience::{Clock, Deadline, Ids, Transport};
use send_email::Sender;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::call::CallError;
use crate::gate::{BusGate, StoreGate};
use crate::ports::Stores;
use crate::suite::Suite;

/// Every function that the suite can call, by name. A test holds it against the template.
pub const FUNCTIONS: [&str; 6] =
    ["order-stream", "send-email", "sendgrid-webhook", "settle-payment", "stripe-webhook", "sync-sheet"];

/// Longer than any function may run, so that a claim outlives whoever made it.
const LEASE: Duration = Duration::from_mins(1);

/// What a function keeps of its time to end what it has begun, as in its `main`.
pub fn reserve(function: &str) -> Duration {
    match function {
        "settle-payment" => Duration::from_secs(12),
        "send-email" => Duration::from_secs(7),
        "sync-sheet" => Duration::from_secs(6),
        _ => Duration::from_secs(1),
    }
}

impl<S: Stores, T: Transport, C: Clock + Clone, I: Ids> Suite<S, T, C, I> {
    /// Runs a function's handler on an event.
    pub(crate) async fn run(&self, function: &str, event: Value, deadline: Deadline) -> Result<Value, CallError> {
        let (clock, ids, stripe) = (&self.clock, &self.ids, &self.clients.stripe);
        let store = &StoreGate::new(&self.store, &self.gate);
        match function {
            "order-stream" => {
                let bus = &BusGate::new(&self.bus, &self.gate);
                result(&order_stream::handle(bus, bus, &event).await)
            }
            "send-email" => {
                result(&send_email::handle(store, store, self.sender(), clock, ids, deadline, read(event)?).await)
            }
            "sendgrid-webhook" => {
                let (key, request) = (&self.settings.sendgrid_webhook_key, request(&event)?);
                Ok(answer(sendgrid_webhook::handle(store, key, clock, ids, deadline, request).await))
            }
            "settle-payment" => {
                result(&settle_payment::handle(store, stripe, clock, ids, deadline, read(event)?).await)
            }
            "stripe-webhook" => {
                let (secrets, request) = (&self.settings.stripe.webhook_secrets, request(&event)?);
                Ok(answer(stripe_webhook::handle(store, stripe, secrets, clock, ids, deadline, request).await))
            }
            "sync-sheet" => {
                let (sheets, spreadsheet) = (&self.clients.sheets, &self.settings.spreadsheet_id);
                result(&sync_sheet::handle(store, store, sheets, spreadsheet, clock, deadline, read(event)?).await)
            }
            _ => Err(CallError::Unknown(function.to_owned())),
        }
    }

    fn sender(&self) -> Sender<'_, impl Transport, impl Clock, impl Ids> {
        let (settings, from) = (&self.settings, &self.settings.mail_from);
        Sender {
            sendgrid: &self.clients.sendgrid,
            from,
            shop: Shop { name: from.name.as_deref().unwrap_or("shop"), url: Some(&settings.public_url) },
            patience: MailPatience { lease: LEASE, evidence: settings.mail_evidence_wait },
        }
    }
}

fn read<E: DeserializeOwned>(event: Value) -> Result<E, CallError> {
    serde_json::from_value(event).map_err(CallError::Event)
}

fn request(event: &Value) -> Result<Request, CallError> {
    lambda_http::request::from_str(&event.to_string()).map_err(CallError::Event)
}

fn result(result: &impl Serialize) -> Result<Value, CallError> {
    serde_json::to_value(result).map_err(CallError::Result)
}

/// The function's answer in payload format 2.0.
fn answer(response: Response<Body>) -> Value {
    let (parts, body) = response.into_parts();
    let text = |value: &lambda_http::http::HeaderValue| json!(String::from_utf8_lossy(value.as_bytes()));
    let headers: Map<_, _> = parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    let (body, is_base64) = match body {
        Body::Text(text) => (text, false),
        Body::Binary(bytes) => (STANDARD.encode(bytes), true),
        _ => (String::new(), false),
    };
    json!({ "statusCode": parts.status.as_u16(), "headers": headers, "body": body, "isBase64Encoded": is_base64 })
}
