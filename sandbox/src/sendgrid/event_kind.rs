//! What becomes of a mail: chosen by the recipient's address, so that a test can ask for it.

use serde::{Deserialize, Serialize};

/// The events of SendGrid's event webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EventKind {
    /// SendGrid took it and will try to deliver it.
    Processed,
    /// The recipient's server took it.
    Delivered,
    /// The recipient's server asked to come again.
    Deferred,
    /// The recipient's server refused it for good.
    Bounce,
    /// SendGrid did not try.
    Dropped,
    /// The recipient opened it.
    Open,
    /// The recipient followed a link.
    Click,
    /// The recipient marked it as spam.
    SpamReport,
}

impl EventKind {
    /// The word in the event's `event` field.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Processed => "processed",
            Self::Delivered => "delivered",
            Self::Deferred => "deferred",
            Self::Bounce => "bounce",
            Self::Dropped => "dropped",
            Self::Open => "open",
            Self::Click => "click",
            Self::SpamReport => "spamreport",
        }
    }
}

/// The events that follow for a recipient, in order: `bounce@…`, `dropped@…`, `deferred@…`, `open@…`, `click@…`,
/// `spam@…` and `silent@…` (no event at all); a `+tag` is ignored. Mail to any other address is delivered.
pub fn of(recipient: &str) -> &'static [EventKind] {
    use EventKind::{Bounce, Click, Deferred, Delivered, Dropped, Open, Processed, SpamReport};
    let local = recipient.split(['+', '@']).next().unwrap_or_default().to_lowercase();
    match local.as_str() {
        "bounce" => &[Processed, Bounce],
        "dropped" => &[Dropped],
        "deferred" => &[Processed, Deferred, Delivered],
        "open" => &[Processed, Delivered, Open],
        "click" => &[Processed, Delivered, Open, Click],
        "spam" => &[Processed, Delivered, SpamReport],
        "silent" => &[],
        _ => &[Processed, Delivered],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_chooses() {
        assert_eq!(of("Bounce+17@example.com"), [EventKind::Processed, EventKind::Bounce]);
        assert_eq!(of("silent@example.com"), []);
        assert_eq!(of("bouncer@example.com"), [EventKind::Processed, EventKind::Delivered]);
    }

    #[test]
    fn names_are_the_ones_on_the_wire() {
        for kind in [EventKind::SpamReport, EventKind::Processed, EventKind::Open] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }
}
