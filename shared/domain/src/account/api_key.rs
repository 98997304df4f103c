//! The key with which another service calls the API.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{ACCOUNT_EVENT_SCHEMA_VERSION, AccountEvent, AccountEventType, AccountId, Scopes, TokenHash};
use crate::{Actor, CustomerId, EventId, KeyId, Timestamp, UserId};

/// The shortest interval between two recorded uses of a key, so that most calls cost no write.
const NOTED_EVERY: Duration = Duration::from_hours(1);

/// How many days before a key expires its creator is notified.
const NOTICES: [u32; 3] = [14, 3, 1];
const DAY: Duration = Duration::from_hours(24);

/// An API key as it is stored. The key itself is `cis_live_<hex of the id>_<secret>`, shown once when it is created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// The id, which is the key's lookup prefix.
    pub id: KeyId,
    /// The hash of the secret part.
    pub secret: TokenHash,
    /// The name that its creator gave it.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// The customer in whose name it places orders. A key that replaces another has the same, and so sees the same
    /// orders.
    pub customer: CustomerId,
    /// Who created it, and is notified before it expires.
    pub created_by: UserId,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
    /// Who revoked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_by: Option<Actor>,
    /// When it was last used, to within an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
    /// The last expiry notice that its creator got: that many days before `expires_at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noticed_days: Option<u32>,
    /// Counts the changes, from 1, other than those of `last_used_at`. Each write is conditional on it.
    pub version: u64,
}

impl ApiKey {
    /// The next version, revoked by this actor; `None` when it is revoked already.
    pub fn revoked(&self, by: Actor, now: Timestamp) -> Option<Self> {
        self.revoked_at.is_none().then(|| Self { revoked_at: Some(now), revoked_by: Some(by), ..self.next() })
    }

    /// The next version, which expires then; `None` when it expires earlier anyway.
    pub fn ended(&self, at: Timestamp) -> Option<Self> {
        let ends_later = self.revoked_at.is_none() && at < self.expires_at;
        ends_later.then(|| Self { expires_at: at, ..self.next() })
    }

    /// Whether a use at this time should be recorded.
    pub fn use_is_due(&self, now: Timestamp) -> bool {
        self.last_used_at.is_none_or(|at| now.since(at) >= NOTED_EVERY)
    }

    /// The next version and the event for its creator, when the next expiry notice is due. A creator who missed earlier
    /// notices gets the last one that applies, not all of them.
    pub fn expiry_notice(
        &self,
        event_id: EventId,
        correlation_id: &str,
        now: Timestamp,
    ) -> Option<(Self, AccountEvent)> {
        if self.revoked_at.is_some() || now >= self.expires_at {
            return None;
        }
        let left = self.expires_at.since(now);
        let stage = NOTICES.into_iter().filter(|days| left <= DAY * *days).min()?;
        if self.noticed_days.is_some_and(|noticed| noticed <= stage) {
            return None;
        }
        let event = AccountEvent {
            event_id,
            event_type: AccountEventType::ApiKeyExpiring,
            schema_version: ACCOUNT_EVENT_SCHEMA_VERSION,
            account_id: AccountId::User(self.created_by),
            link_id: None,
            key_id: Some(self.id),
            provider: None,
            at: now,
            correlation_id: correlation_id.to_owned(),
        };
        Some((Self { noticed_days: Some(stage), ..self.next() }, event))
    }

    fn next(&self) -> Self {
        Self { version: self.version + 1, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);
    const ADMIN: Actor = Actor::User(UserId::from_uuid(Uuid::from_u128(8)));

    fn key(expires_in: Duration) -> ApiKey {
        let id = Uuid::from_u128(7);
        ApiKey {
            id: KeyId::from_uuid(id),
            secret: TokenHash("0".to_owned()),
            name: "warehouse".to_owned(),
            scopes: Scopes::default(),
            customer: CustomerId::from_uuid(id),
            created_by: UserId::from_uuid(id),
            created_at: NOW,
            expires_at: NOW.plus(expires_in),
            revoked_at: None,
            revoked_by: None,
            last_used_at: None,
            noticed_days: None,
            version: 1,
        }
    }

    fn noticed(key: &ApiKey) -> Option<u32> {
        let event_id = EventId::from_uuid(Uuid::from_u128(9));
        let (next, event) = key.expiry_notice(event_id, "correlation", NOW)?;
        assert_eq!((next.version, event.key_id), (key.version + 1, Some(key.id)));
        next.noticed_days
    }

    #[test]
    fn a_key_is_revoked_once() {
        let revoked = key(DAY).revoked(ADMIN, NOW).unwrap();
        assert_eq!((revoked.revoked_at, revoked.revoked_by, revoked.version), (Some(NOW), Some(ADMIN), 2));
        assert_eq!(revoked.revoked(ADMIN, NOW), None);
    }

    #[test]
    fn a_replaced_key_ends_earlier_and_never_later() {
        let (soon, later) = (NOW.plus(DAY), NOW.plus(DAY * 3));
        let ended = key(DAY * 2).ended(soon).unwrap();
        assert_eq!((ended.expires_at, ended.version), (soon, 2));
        assert_eq!(key(DAY * 2).ended(NOW.plus(DAY * 2)), None, "it ends there anyway");
        assert_eq!(key(DAY * 2).ended(later), None);
        assert_eq!(key(DAY * 2).revoked(ADMIN, NOW).unwrap().ended(soon), None);
    }

    #[test]
    fn notices_come_at_fourteen_three_and_one_days_once_each() {
        let millisecond = Duration::from_millis(1);
        for (left, before, told) in [
            (DAY * 14 + millisecond, None, None),
            (DAY * 14, None, Some(14)),
            (DAY * 13, Some(14), None),
            (DAY * 3 + millisecond, Some(14), None),
            (DAY * 3, Some(14), Some(3)),
            (DAY * 3, None, Some(3)),
            (DAY, Some(14), Some(1)),
            (millisecond, Some(3), Some(1)),
            (millisecond, Some(1), None),
            (Duration::ZERO, None, None),
        ] {
            let key = ApiKey { noticed_days: before, ..key(left) };
            assert_eq!(noticed(&key), told, "{left:?} {before:?}");
            assert_eq!(key.revoked(ADMIN, NOW).and_then(|key| noticed(&key)), None);
        }
    }

    #[test]
    fn a_use_is_noted_once_an_hour() {
        let used = |at| ApiKey { last_used_at: at, ..key(DAY) };
        assert!(used(None).use_is_due(NOW));
        assert!(used(Some(NOW)).use_is_due(NOW.plus(NOTED_EVERY)));
        assert!(!used(Some(NOW)).use_is_due(NOW.plus(NOTED_EVERY.saturating_sub(Duration::from_millis(1)))));
        assert!(!used(Some(NOW.plus(DAY))).use_is_due(NOW), "another clock is ahead");
    }
}
