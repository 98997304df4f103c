//! The event webhook's events, and the body they are posted in.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use domain::Timestamp;
use serde_json::{Map, Value, json};

use super::event_kind::EventKind;
use super::mail::Mail;
use crate::draw::Draw;

/// One event in SendGrid's flat shape: custom args stand beside SendGrid's own fields, which win over them.
pub fn of(mail: &Mail, kind: EventKind, email: &str, at: Timestamp, draw: &mut Draw) -> Map<String, Value> {
    let mut event: Map<String, Value> = mail.custom_args.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
    let details = match kind {
        EventKind::Processed => json!({"send_at": mail.send_at.map_or(0, Timestamp::seconds)}),
        EventKind::Delivered => json!({"response": "250 2.0.0 OK", "ip": "192.0.2.10", "tls": 1}),
        EventKind::Deferred => json!({"response": "451 4.7.1 try again later", "attempt": "1", "tls": 1}),
        EventKind::Bounce => json!({
            "status": "5.1.1", "reason": "550 5.1.1 the address does not exist", "type": "bounce",
            "bounce_classification": "Invalid Address", "ip": "192.0.2.10", "tls": 1,
        }),
        EventKind::Dropped if mail.recipients().any(|one| one.email == email && one.is_taken_for_a_list()) => {
            json!({"reason": "Invalid", "status": "5.0.0"})
        }
        EventKind::Dropped => json!({"reason": "Bounced Address", "status": "5.0.0"}),
        EventKind::Open => json!({
            "useragent": "Mozilla/5.0", "ip": "192.0.2.20", "sg_content_type": "html", "sg_machine_open": false,
        }),
        EventKind::Click => json!({
            "useragent": "Mozilla/5.0", "ip": "192.0.2.20", "url": "https://example.com/",
            "url_offset": {"index": 0, "type": "html"},
        }),
        EventKind::SpamReport => json!({}),
    };
    let common = json!({
        "email": email,
        "event": kind.name(),
        "timestamp": at.seconds(),
        "sg_event_id": event_id(kind.name(), draw),
        "sg_message_id": mail.sg_message_id,
        "smtp-id": format!("<{}@geopod-ismtpd-1>", mail.message_id),
    });
    for part in [details, common] {
        event.extend(part.as_object().cloned().unwrap_or_default());
    }
    if !mail.categories.is_empty() {
        event.insert("category".to_owned(), json!(mail.categories));
    }
    event
}

/// A fresh `sg_event_id`: base64 of the event's name and something random.
pub fn event_id(name: &str, draw: &mut Draw) -> String {
    URL_SAFE_NO_PAD.encode(format!("{name}-0-{}", draw.id(16)))
}

/// The body as SendGrid writes it: a line break between events and one at the end, both under the signature.
pub fn body(events: &[Map<String, Value>]) -> Bytes {
    let events: Vec<String> = events.iter().filter_map(|event| serde_json::to_string(event).ok()).collect();
    format!("[{}]\r\n", events.join(",\r\n")).into()
}
