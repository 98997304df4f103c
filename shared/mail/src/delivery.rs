//! SendGrid's reports about mails.
//!
//! Events come in batches, repeated and in any order; `sg_event_id` can differ between repetitions and `sg_message_id`
//! can be missing. Fields: <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event>.

use std::fmt;

use domain::{Delivery, MailEffectId, Timestamp};
use serde::Deserialize;
use serde_json::Value;

/// A report about one of our mails. Any report at all is evidence that SendGrid has the mail.
#[derive(Clone, PartialEq, Eq)]
pub struct DeliveryEvent {
    /// The mail.
    pub effect_id: MailEffectId,
    /// The recipient.
    pub recipient: String,
    /// The state of delivery.
    pub event: Delivery,
    /// When, to the second.
    pub timestamp: Timestamp,
    /// SendGrid's id of the report; it can differ when the report is repeated.
    pub sg_event_id: Option<String>,
    /// The recipient's server's enhanced status code (RFC 3463), such as `5.2.2`.
    pub status: Option<String>,
}

/// `Debug` hides the recipient.
impl fmt::Debug for DeliveryEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeliveryEvent")
            .field("effect_id", &self.effect_id)
            .field("event", &self.event)
            .field("timestamp", &self.timestamp)
            .finish_non_exhaustive()
    }
}

impl DeliveryEvent {
    /// What repetitions of a report have in common, whatever id they have.
    pub fn identity(&self) -> (MailEffectId, &str, Delivery, Timestamp) {
        (self.effect_id, &self.recipient, self.event, self.timestamp)
    }
}

/// A delivery's reports about our mails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// The reports that could be parsed.
    pub events: Vec<DeliveryEvent>,
    /// How many were skipped: other senders' mails, new kinds of event, or malformed ones.
    pub skipped: usize,
}

/// The body is not a JSON array.
#[derive(Debug, thiserror::Error)]
#[error("not a batch of events")]
pub struct UnreadableBatch(#[from] serde_json::Error);

impl Batch {
    /// Parses a verified body. A malformed event does not stop the others.
    ///
    /// # Errors
    ///
    /// [`UnreadableBatch`] if the body as a whole is not an array.
    pub fn parse(body: &[u8]) -> Result<Self, UnreadableBatch> {
        let reports: Vec<Value> = serde_json::from_slice(body)?;
        let total = reports.len();
        let events: Vec<_> = reports.into_iter().filter_map(read).collect();
        Ok(Self { skipped: total - events.len(), events })
    }
}

#[derive(Deserialize)]
struct Report {
    effect_id: String,
    email: String,
    event: String,
    timestamp: i64,
    #[serde(default)]
    sg_event_id: Option<String>,
    #[serde(default)]
    status: Option<String>,
}

fn read(report: Value) -> Option<DeliveryEvent> {
    let report: Report = serde_json::from_value(report).ok()?;
    Some(DeliveryEvent {
        effect_id: report.effect_id.parse().ok()?,
        recipient: report.email.to_ascii_lowercase(),
        event: delivery(&report.event)?,
        timestamp: Timestamp::from_seconds(report.timestamp),
        sg_event_id: report.sg_event_id,
        status: report.status,
    })
}

/// The state of delivery behind SendGrid's word; `None` for events that are not about delivery, such as
/// `group_unsubscribe`.
fn delivery(word: &str) -> Option<Delivery> {
    Some(match word {
        "processed" => Delivery::Processed,
        "deferred" => Delivery::Deferred,
        "dropped" => Delivery::Dropped,
        "bounce" => Delivery::Bounced,
        "delivered" => Delivery::Delivered,
        "open" => Delivery::Opened,
        "click" => Delivery::Clicked,
        "spamreport" => Delivery::SpamReported,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const EFFECT: &str = "ord_00000000000000000000000000000001/order_confirmation/evt_00000000000000000000000000000002";

    fn report(changes: &Value) -> Value {
        let mut report = json!({"effect_id": EFFECT, "email": "Anna@example.com", "event": "delivered",
            "timestamp": 1_600_112_492, "sg_event_id": "e-1", "sg_message_id": "m-1", "smtp-id": "<x>", "tls": 1,
            "category": ["a"], "ip": "127.0.0.1", "response": "250 OK"});
        report.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        report
    }

    fn parse(reports: &[Value]) -> Batch {
        Batch::parse(serde_json::to_string(reports).unwrap().as_bytes()).unwrap()
    }

    #[test]
    fn every_kind_of_delivery_is_read() {
        use Delivery as D;
        for (word, event) in [
            ("processed", D::Processed),
            ("deferred", D::Deferred),
            ("delivered", D::Delivered),
            ("open", D::Opened),
            ("click", D::Clicked),
            ("spamreport", D::SpamReported),
            ("dropped", D::Dropped),
            ("bounce", D::Bounced),
        ] {
            let batch = parse(&[report(&json!({"event": word}))]);
            assert_eq!(batch.events[0].event, event, "{word}");
        }
    }

    #[test]
    fn what_cannot_be_read_does_not_stop_the_rest() {
        let mut no_effect = report(&json!({}));
        no_effect.as_object_mut().unwrap().remove("effect_id");
        let batch = parse(&[
            json!("text"),
            no_effect,
            report(&json!({"event": "group_unsubscribe"})),
            report(&json!({"effect_id": "mail-1"})),
            report(&json!({"timestamp": "yesterday"})),
            report(&json!({"effect_id": 7})),
            json!({"effect_id": EFFECT, "email": "b@example.com", "event": "bounce", "timestamp": 5, "status": "5.2.2"}),
        ]);
        assert_eq!((batch.events.len(), batch.skipped), (1, 6));
        assert_eq!(
            batch.events[0].identity(),
            (EFFECT.parse().unwrap(), "b@example.com", Delivery::Bounced, Timestamp::from_seconds(5))
        );
        assert_eq!(batch.events[0].status.as_deref(), Some("5.2.2"));
    }

    #[test]
    fn repetitions_under_another_id_are_the_same_event() {
        let batch = parse(&[report(&json!({})), report(&json!({"sg_event_id": "e-2", "email": "anna@example.com"}))]);
        assert_eq!(batch.events[0].identity(), batch.events[1].identity());
    }

    #[test]
    fn only_an_array_is_a_batch_and_recipients_do_not_show() {
        for body in ["", "{}", "null", "[{}"] {
            assert!(Batch::parse(body.as_bytes()).is_err(), "{body}");
        }
        assert_eq!(Batch::parse(b"[]\r\n").unwrap(), Batch::default());
        assert!(!format!("{:?}", parse(&[report(&json!({}))])).to_lowercase().contains("anna"));
    }
}
