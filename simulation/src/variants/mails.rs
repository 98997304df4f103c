//! Mails that go twice, or never.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use domain::{MailEffect, MailEffectId, MailSubject, Sending, Timestamp};
use resilience::Clock as _;
use store::{MailEffects as _, StoreError};

use super::weathers::{deadly, lossy, slow};
use super::{Answer, Variant, with};
use crate::shelf::{Desk, NaiveStore};

/// All of them.
pub const VARIANTS: [Variant; 9] = [
    Variant::new("each message a mail", "nobody looks whether a mail was sent before", || with(EachMessage)),
    Variant::new("unconditional claim", "a mail is claimed by a plain write, whoever has claimed it", || {
        with(PlainClaim)
    }),
    Variant::new("send before claim", "a mail is sent first and written down afterwards", || with(SendFirst)),
    Variant::new("claimed for ever", "a claim has no end: whoever died with it keeps it", || with(NoLease))
        .in_weather(deadly),
    Variant::new("claim shorter than the work", "a claim is anybody's again after five seconds", || with(ShortLease))
        .in_weather(slow),
    Variant::new("no evidence", "what a dead sender had claimed is sent again without asking whether it went", || {
        with(NoEvidence)
    })
    .in_weather(deadly),
    Variant::new("time-out taken for failure", "a mail of unknown outcome is sent again at once", || {
        with(TimeOutIsFailure)
    })
    .in_weather(lossy),
    Variant::new("sent mails kept in memory", "what was sent is forgotten when the process is recycled", || {
        with(InMemory::default())
    }),
    Variant::new("one mail of a kind", "a mail is known by order and kind: a second refund is not told", || {
        with(CoarseKey)
    }),
];

/// Writes a mail whoever has written it meanwhile.
async fn overwrite(desk: &Desk, effect: &MailEffect) -> Result<(), StoreError> {
    let version = desk.memory.mail(effect.id).await?.map_or(1, |stored| stored.version + 1);
    desk.memory.save_mail(&MailEffect { version, ..effect.clone() }).await
}

/// The mail as it is stored, unless it is claimed: then nobody has it, from this moment on.
async fn free_from(
    desk: &Desk,
    id: MailEffectId,
    moment: impl Fn(Timestamp, Timestamp) -> Timestamp,
) -> Result<Option<MailEffect>, StoreError> {
    let free = |effect: MailEffect| match effect.sending {
        Sending::Claimed { at, lease_until, .. } if moment(at, lease_until) <= desk.clock.now() => {
            MailEffect { sending: Sending::Free, ..effect }
        }
        _ => effect,
    };
    Ok(desk.memory.mail(id).await?.map(free))
}

struct EachMessage;

impl NaiveStore for EachMessage {
    fn mail<'a>(&'a self, _: &'a Desk, _: MailEffectId) -> Answer<'a, Option<MailEffect>> {
        Box::pin(async { Ok(None) })
    }

    fn save_mail<'a>(&'a self, desk: &'a Desk, effect: &'a MailEffect) -> Answer<'a, ()> {
        Box::pin(overwrite(desk, effect))
    }
}

struct PlainClaim;

impl NaiveStore for PlainClaim {
    fn save_mail<'a>(&'a self, desk: &'a Desk, effect: &'a MailEffect) -> Answer<'a, ()> {
        Box::pin(overwrite(desk, effect))
    }
}

struct SendFirst;

impl NaiveStore for SendFirst {
    fn save_mail<'a>(&'a self, desk: &'a Desk, effect: &'a MailEffect) -> Answer<'a, ()> {
        Box::pin(async move {
            match effect.sending {
                Sending::Claimed { .. } => Ok(()),
                _ => overwrite(desk, effect).await,
            }
        })
    }
}

struct NoLease;

impl NaiveStore for NoLease {
    fn mail<'a>(&'a self, desk: &'a Desk, id: MailEffectId) -> Answer<'a, Option<MailEffect>> {
        Box::pin(async move {
            let settled = |effect: MailEffect| match effect.sending {
                Sending::Claimed { at, .. } => MailEffect { sending: Sending::Sent { message_id: None, at }, ..effect },
                _ => effect,
            };
            Ok(desk.memory.mail(id).await?.map(settled))
        })
    }
}

struct ShortLease;

impl NaiveStore for ShortLease {
    fn mail<'a>(&'a self, desk: &'a Desk, id: MailEffectId) -> Answer<'a, Option<MailEffect>> {
        Box::pin(free_from(desk, id, |at, _| at.plus(Duration::from_secs(5))))
    }
}

struct NoEvidence;

impl NaiveStore for NoEvidence {
    fn mail<'a>(&'a self, desk: &'a Desk, id: MailEffectId) -> Answer<'a, Option<MailEffect>> {
        Box::pin(free_from(desk, id, |_, lease_until| lease_until))
    }
}

struct TimeOutIsFailure;

impl NaiveStore for TimeOutIsFailure {
    fn save_mail<'a>(&'a self, desk: &'a Desk, effect: &'a MailEffect) -> Answer<'a, ()> {
        Box::pin(async move {
            let sending = match &effect.sending {
                Sending::Unknown { .. } => Sending::Free,
                known => known.clone(),
            };
            desk.memory.save_mail(&MailEffect { sending, ..effect.clone() }).await
        })
    }
}

/// So long a process lives.
const LIFETIME: Duration = Duration::from_mins(5);

/// What this process knows, and since when it lives.
#[derive(Default)]
struct InMemory(RefCell<(Timestamp, BTreeSet<MailEffectId>)>);

impl NaiveStore for InMemory {
    fn mail<'a>(&'a self, desk: &'a Desk, id: MailEffectId) -> Answer<'a, Option<MailEffect>> {
        Box::pin(async move {
            let now = desk.clock.now();
            let is_known = {
                let (since, known) = &mut *self.0.borrow_mut();
                if now.since(*since) > LIFETIME {
                    known.clear();
                    *since = now;
                }
                known.contains(&id)
            };
            if is_known { desk.memory.mail(id).await } else { Ok(None) }
        })
    }

    fn save_mail<'a>(&'a self, desk: &'a Desk, effect: &'a MailEffect) -> Answer<'a, ()> {
        Box::pin(async move {
            self.0.borrow_mut().1.insert(effect.id);
            overwrite(desk, effect).await
        })
    }
}

struct CoarseKey;

impl NaiveStore for CoarseKey {
    fn mail<'a>(&'a self, desk: &'a Desk, id: MailEffectId) -> Answer<'a, Option<MailEffect>> {
        Box::pin(async move {
            let (known, MailSubject::Order(order)) = (desk.memory.mail(id).await?, id.subject) else {
                return desk.memory.mail(id).await;
            };
            let alike = desk.memory.mails_about(order).await?;
            Ok(known.or_else(|| alike.into_iter().find(|effect| effect.id.kind == id.kind)))
        })
    }
}
