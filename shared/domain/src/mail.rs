//! The effect of sending one mail: claimed before it is sent, settled by evidence.
//!
//! SendGrid has no idempotency keys, so this decides whether a mail may be sent, from what is stored about it.

mod id;
mod kind;
mod recipient;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::Timestamp;

pub use id::{InvalidMailEffectId, MailEffectId, MailSubject};
pub use kind::{MailKind, OrderMail, StaffAlert};
pub use recipient::Recipient;

/// The state of sending a mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Sending {
    /// An invocation is about to send it, or died on the way.
    Claimed {
        /// The invocation.
        owner: Uuid,
        /// When.
        at: Timestamp,
        /// Until then, no other invocation may send it; afterwards the outcome counts as unknown.
        lease_until: Timestamp,
    },
    /// SendGrid certainly does not have it; any invocation may send it.
    Free,
    /// It may have been sent: only SendGrid's events, or their absence for long enough, show it.
    Unknown {
        /// When the request was sent.
        since: Timestamp,
    },
    /// SendGrid has it.
    Sent {
        /// SendGrid's `X-Message-Id`, if we received it.
        message_id: Option<String>,
        /// When we learned it.
        at: Timestamp,
    },
    /// SendGrid refused it for good.
    Refused {
        /// Its reason, without personal data.
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// We did not send it: the address, which nobody has shown to be theirs, has had enough mails about orders that nobody
    /// paid for.
    Withheld {
        /// When.
        at: Timestamp,
    },
}

string_enum! {
    /// How far the mail got, by SendGrid's events. Greater is later: `delivered` never overwrites `opened`, and what went
    /// wrong in the end is never hidden by what went well before.
    #[derive(ToSchema)]
    pub enum Delivery {
        /// SendGrid took it up.
        Processed = "processed",
        /// The receiving server put it off.
        Deferred = "deferred",
        /// The receiving server took it.
        Delivered = "delivered",
        /// Somebody opened it.
        Opened = "opened",
        /// Somebody clicked in it.
        Clicked = "clicked",
        /// SendGrid did not even try.
        Dropped = "dropped",
        /// The receiving server refused it, at once or after it had taken it.
        Bounced = "bounced",
        /// Somebody called it spam.
        SpamReported = "spam_reported",
    }
}

/// A mail as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailEffect {
    /// The id.
    pub id: MailEffectId,
    /// The state of sending.
    pub sending: Sending,
    /// The state of delivery, once SendGrid reported it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery>,
    /// How many earlier attempts had an unknown outcome: that many extra copies may have been sent.
    pub doubts: u32,
    /// Counts the changes, from 1. Each write is conditional on it.
    pub version: u64,
    /// The correlation id of the event that caused it.
    pub correlation_id: String,
}

/// Whether an invocation may send the mail now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailClaim {
    /// Yes, once this effect is stored on condition that the stored one has not changed.
    Send(MailEffect),
    /// No: it is settled.
    Settled,
    /// Not now: another invocation is sending it, or SendGrid's events are awaited. Ask again after this time.
    Wait(Timestamp),
}

/// How long a claim holds, and how long evidence is awaited before a mail of unknown outcome is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailPatience {
    /// How long a claim holds: longer than the function may run.
    pub lease: Duration,
    /// How long evidence is awaited: longer than SendGrid's events take.
    pub evidence: Duration,
}

impl MailEffect {
    /// Asks to send the mail whose stored effect is `stored`.
    pub fn claim(
        stored: Option<&Self>,
        id: MailEffectId,
        owner: Uuid,
        correlation_id: &str,
        patience: MailPatience,
        now: Timestamp,
    ) -> MailClaim {
        let ready = match stored.map(|effect| &effect.sending) {
            None | Some(Sending::Free) => now,
            Some(Sending::Sent { .. } | Sending::Refused { .. } | Sending::Withheld { .. }) => {
                return MailClaim::Settled;
            }
            Some(Sending::Unknown { since }) => since.plus(patience.evidence),
            Some(Sending::Claimed { at, lease_until, .. }) => (*lease_until).max(at.plus(patience.evidence)),
        };
        if ready > now {
            return MailClaim::Wait(ready);
        }
        MailClaim::Send(Self {
            id,
            sending: Sending::Claimed { owner, at: now, lease_until: now.plus(patience.lease) },
            delivery: None,
            doubts: stored.map_or(0, |effect| effect.doubts + u32::from(effect.sending != Sending::Free)),
            version: stored.map_or(1, |effect| effect.version + 1),
            correlation_id: correlation_id.to_owned(),
        })
    }

    /// Stored in place of a claim: the mail is not sent.
    #[must_use]
    pub fn withheld(self, at: Timestamp) -> Self {
        Self { sending: Sending::Withheld { at }, ..self }
    }

    /// Records how the sending ended. Evidence that came first stays.
    #[must_use]
    pub fn ended(&self, sending: Sending) -> Option<Self> {
        let settled = matches!(self.sending, Sending::Sent { .. } | Sending::Refused { .. } | Sending::Withheld { .. });
        (!settled).then(|| Self { sending, version: self.version + 1, ..self.clone() })
    }

    /// Applies SendGrid's reports, in any order and any number of times; `None` when they say nothing new.
    pub fn reported(&self, reports: &[(Delivery, Timestamp)]) -> Option<Self> {
        let furthest = reports.iter().max()?;
        let sending = match &self.sending {
            sent @ Sending::Sent { .. } => sent.clone(),
            // A report exists, so SendGrid has the mail, whatever we assumed.
            _ => Sending::Sent { message_id: None, at: furthest.1 },
        };
        let next = Self { sending, delivery: self.delivery.max(Some(furthest.0)), ..self.clone() };
        (next != *self).then(|| Self { version: self.version + 1, ..next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EventId, OrderId};

    const PATIENCE: MailPatience = MailPatience { lease: Duration::from_mins(1), evidence: Duration::from_mins(5) };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn id() -> MailEffectId {
        MailEffectId {
            subject: MailSubject::Order(OrderId::from_uuid(Uuid::from_u128(1))),
            kind: MailKind::OrderConfirmation,
            event_id: EventId::from_uuid(Uuid::from_u128(2)),
        }
    }

    fn claim(stored: Option<&MailEffect>, now: i64) -> MailClaim {
        MailEffect::claim(stored, id(), Uuid::from_u128(9), "corr", PATIENCE, at(now))
    }

    fn claimed(now: i64) -> MailEffect {
        match claim(None, now) {
            MailClaim::Send(effect) => effect,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_claimed_mail_is_nobody_elses_until_lease_and_evidence_have_run_out() {
        let effect = claimed(0);
        assert_eq!(claim(Some(&effect), 61), MailClaim::Wait(at(300)));
        let MailClaim::Send(second) = claim(Some(&effect), 300) else { panic!("still waiting") };
        assert_eq!((second.doubts, second.version), (1, 2));
    }

    #[test]
    fn what_was_sent_or_refused_is_settled() {
        for sending in [
            Sending::Sent { message_id: None, at: at(1) },
            Sending::Refused { reason: "bad address".into(), at: at(1) },
        ] {
            let effect = claimed(0).ended(sending).unwrap();
            assert_eq!(claim(Some(&effect), 9999), MailClaim::Settled);
            assert_eq!(effect.ended(Sending::Free), None);
        }
        let withheld = claimed(0).withheld(at(0));
        assert_eq!((claim(Some(&withheld), 9999), withheld.ended(Sending::Free)), (MailClaim::Settled, None));
    }

    #[test]
    fn what_certainly_was_not_sent_may_be_sent_at_once() {
        let effect = claimed(0).ended(Sending::Free).unwrap();
        assert!(matches!(claim(Some(&effect), 1), MailClaim::Send(second) if second.doubts == 0));
    }

    #[test]
    fn an_unknown_outcome_waits_for_evidence_and_evidence_settles_it() {
        let unknown = claimed(0).ended(Sending::Unknown { since: at(5) }).unwrap();
        assert_eq!(claim(Some(&unknown), 10), MailClaim::Wait(at(305)));
        let evident = unknown.reported(&[(Delivery::Processed, at(20))]).unwrap();
        assert_eq!(claim(Some(&evident), 9999), MailClaim::Settled);
        assert_eq!((claimed(0).version, unknown.version, evident.version), (1, 2, 3));
    }

    #[test]
    fn delivery_only_moves_forward() {
        let opened = claimed(0).reported(&[(Delivery::Opened, at(1)), (Delivery::Processed, at(0))]).unwrap();
        assert_eq!(opened.reported(&[(Delivery::Delivered, at(2))]), None);
        assert_eq!(opened.reported(&[(Delivery::Opened, at(2))]), None);
        assert_eq!(opened.reported(&[(Delivery::SpamReported, at(2))]).unwrap().delivery, Some(Delivery::SpamReported));
    }
}
