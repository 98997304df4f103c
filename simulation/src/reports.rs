//! What SendGrid was thanked for: its reports on mails that were answered with a 2xx.

use std::cell::RefCell;
use std::collections::BTreeMap;

use domain::Delivery;
use serde_json::Value;

/// The reports of a run.
#[derive(Debug, Default)]
pub struct Reports(RefCell<BTreeMap<String, Delivery>>);

impl Reports {
    /// Records that a batch was answered with a 2xx.
    pub fn record(&self, batch: &[u8]) {
        let reports: Vec<Value> = serde_json::from_slice(batch).unwrap_or_default();
        for report in reports {
            let (Some(effect), Some(delivery)) = (report["effect_id"].as_str(), delivery(&report)) else { continue };
            let mut known = self.0.borrow_mut();
            let furthest = known.entry(effect.to_owned()).or_insert(delivery);
            *furthest = delivery.max(*furthest);
        }
    }

    /// Whether SendGrid was thanked for any report on a mail, by the id of our effect.
    pub fn is_about(&self, effect: &str) -> bool {
        self.0.borrow().contains_key(effect)
    }

    /// How far each mail got by them, by the id of our effect.
    pub fn all(&self) -> BTreeMap<String, Delivery> {
        self.0.borrow().clone()
    }
}

/// The words of SendGrid's event webhook
/// (<https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event>).
fn delivery(report: &Value) -> Option<Delivery> {
    Some(match report["event"].as_str()? {
        "processed" => Delivery::Processed,
        "deferred" => Delivery::Deferred,
        "delivered" => Delivery::Delivered,
        "open" => Delivery::Opened,
        "click" => Delivery::Clicked,
        "dropped" => Delivery::Dropped,
        "bounce" => Delivery::Bounced,
        "spamreport" => Delivery::SpamReported,
        _ => return None,
    })
}
