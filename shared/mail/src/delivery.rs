//! SendGrid's reports about mails.
//!
//! Events come in batches, repeated and in any order; `sg_event_id` can differ between repetitions and `sg_message_id`
//! can be missing. Fields: <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event>.

use std::fmt;

use domain::{Delivery, MailEffectId, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

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
    /// How many are about other senders' mails, or not about delivery.
    pub skipped: usize,
    /// How many have another shape than SendGrid's reports.
    pub unreadable: usize,
}

/// The body is not a JSON array.
#[derive(Debug, thiserror::Error)]
#[error("not a batch of events")]
pub struct UnreadableBatch(#[from] serde_json::Error);

impl Batch {
    /// Parses a verified body, event by event: one that is malformed, or has text that is no Unicode in a field that
    /// nobody reads, does not stop the others.
    ///
    /// # Errors
    ///
    /// [`UnreadableBatch`] if the body as a whole is not an array.
    pub fn parse(body: &[u8]) -> Result<Self, UnreadableBatch> {
        let text = String::from_utf8_lossy(body);
        let reports: Vec<&RawValue> = serde_json::from_str(&text)?;
        let mut batch = Self::default();
        for report in reports {
            match serde_json::from_str::<Report>(report.get()).map(Report::event) {
                Ok(Some(event)) => batch.events.push(event),
                Ok(None) => batch.skipped += 1,
                Err(_) => batch.unreadable += 1,
            }
        }
        Ok(batch)
    }
}

/// A report as SendGrid writes it; without an effect id it is about a mail of another sender.
#[derive(Deserialize)]
struct Report {
    #[serde(default)]
    effect_id: Option<String>,
    email: String,
    event: String,
    timestamp: i64,
    #[serde(default)]
    sg_event_id: Option<String>,
    #[serde(default)]
    status: Option<String>,
}

impl Report {
    /// `None` when it is not about the delivery of a mail of ours.
    fn event(self) -> Option<DeliveryEvent> {
        Some(DeliveryEvent {
            effect_id: self.effect_id?.parse().ok()?,
            recipient: self.email.to_ascii_lowercase(),
            event: delivery(&self.event)?,
            timestamp: Timestamp::from_seconds(self.timestamp),
            sg_event_id: self.sg_event_id,
            status: self.status,
        })
    }
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
    use serde_json::{Value, json};

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
        assert_eq!((batch.events.len(), batch.skipped, batch.unreadable), (1, 3, 3));
        assert_eq!(
            batch.events[0].identity(),
            (EFFECT.parse().unwrap(), "b@example.com", Delivery::Bounced, Timestamp::from_seconds(5))
        );
        assert_eq!(batch.events[0].status.as_deref(), Some("5.2.2"));
    }

    #[test]
    fn text_that_is_no_unicode_costs_at_most_its_own_event() {
        let good = report(&json!({"event": "bounce"})).to_string();
        for (broken, events, unreadable) in [
            // In a field that nobody reads.
            (good.replace("250 OK", "\\ud83d"), 2, 0),
            (good.replace("\"a\"", "\"\\ude00\""), 2, 0),
            // In a field that counts.
            (good.replace("Anna@", "\\ud83d@"), 1, 1),
            (good.replace("bounce", "\\ud83d"), 1, 1),
        ] {
            let batch = Batch::parse(format!("[{broken},\r\n{good}]\r\n").as_bytes()).unwrap();
            assert_eq!((batch.events.len(), batch.skipped, batch.unreadable), (events, 0, unreadable), "{broken}");
        }
        let latin = [b"[".as_slice(), &good.replace("250 OK", "250 Ä").into_bytes(), b"]"].concat();
        let latin: Vec<u8> = latin.into_iter().filter(|byte| *byte != 0xc3).collect();
        assert!(std::str::from_utf8(&latin).is_err());
        assert_eq!(Batch::parse(&latin).unwrap().events.len(), 1);
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
