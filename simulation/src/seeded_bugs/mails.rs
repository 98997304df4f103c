//! Mails that are sent twice, or never.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use domain::{MailEffect, MailEffectId, MailSubject, Sending, Timestamp};
use http::Request;
use resilience::Clock as _;
use serde_json::Value;
use store::{MailEffects as _, StoreError};

use super::profiles::{deadly, lossy, slow};
use super::{Answer, SeededBug, with};
use crate::observed_store::{BuggyStore, StoreContext};
use crate::world::Build;

/// All of them.
pub const BUGS: [SeededBug; 11] = [
    SeededBug::new("each message a mail", "a mail is sent without a look at whether it was sent before", || {
        with(EachMessage)
    }),
    SeededBug::new("unconditional claim", "a mail is claimed by an unconditional write", || with(PlainClaim)),
    SeededBug::new("send before claim", "a mail is sent first and written down afterwards", || with(SendFirst)),
    SeededBug::new("claimed for ever", "a claim never expires, even when its owner died", || with(NoLease))
        .with_profile(deadly),
    SeededBug::new("claim shorter than the work", "a claim expires after five seconds", || with(ShortLease))
        .with_profile(slow),
    SeededBug::new(
        "no evidence",
        "what a dead sender had claimed is sent again without asking whether it went",
        || with(NoEvidence),
    )
    .with_profile(deadly),
    SeededBug::new(
        "evidence not awaited",
        "what a dead sender had claimed is sent again as soon as its lease ends, and counted",
        || with(Impatient),
    )
    .with_profile(deadly),
    SeededBug::new("time-out taken for failure", "a mail of unknown outcome is sent again at once", || {
        with(TimeOutIsFailure)
    })
    .with_profile(lossy),
    SeededBug::new("sent mails kept in memory", "what was sent is forgotten when the process is recycled", || {
        with(InMemory::default())
    }),
    SeededBug::new("one mail of a kind", "a mail is identified by order and kind: a second refund gets none", || {
        with(CoarseKey)
    }),
    SeededBug::new("words for anybody", "a mail says what the customer wrote, though nobody paid", || Build {
        mutator: Some(Rc::new(address)),
        ..Build::default()
    }),
];

/// Puts the customer's name and address into each mail.
fn address(request: &mut Request<Bytes>) {
    let Ok(mut mail) = serde_json::from_slice::<Value>(request.body()) else { return };
    for part in mail["content"].as_array_mut().into_iter().flatten() {
        part["value"] = format!("{}\nAda, Weg 1, Ulm", part["value"].as_str().unwrap_or_default()).into();
    }
    if mail["content"].is_array() {
        *request.body_mut() = mail.to_string().into();
    }
}

/// Writes a mail without checking its version.
async fn overwrite(context: &StoreContext, effect: &MailEffect) -> Result<(), StoreError> {
    let version = context.memory.mail(effect.id).await?.map_or(1, |stored| stored.version + 1);
    context.memory.save_mail(&MailEffect { version, ..effect.clone() }).await
}

/// The mail as it is stored, treated as free when it is claimed.
async fn free_from(
    context: &StoreContext,
    id: MailEffectId,
    moment: impl Fn(Timestamp, Timestamp) -> Timestamp,
) -> Result<Option<MailEffect>, StoreError> {
    let free = |effect: MailEffect| match effect.sending {
        Sending::Claimed { at, lease_until, .. } if moment(at, lease_until) <= context.clock.now() => {
            MailEffect { sending: Sending::Free, ..effect }
        }
        _ => effect,
    };
    Ok(context.memory.mail(id).await?.map(free))
}

struct EachMessage;

impl BuggyStore for EachMessage {
    fn mail<'a>(&'a self, _: &'a StoreContext, _: MailEffectId) -> Answer<'a, Option<MailEffect>> {
        Box::pin(async { Ok(None) })
    }

    fn save_mail<'a>(&'a self, context: &'a StoreContext, effect: &'a MailEffect) -> Answer<'a, ()> {
        Box::pin(overwrite(context, effect))
    }
}

struct PlainClaim;

impl BuggyStore for PlainClaim {
    fn save_mail<'a>(&'a self, context: &'a StoreContext, effect: &'a MailEffect) -> Answer<'a, ()> {
        Box::pin(overwrite(context, effect))
    }
}

struct SendFirst;

impl BuggyStore for SendFirst {
    fn save_mail<'a>(&'a self, context: &'a StoreContext, effect: &'a MailEffect) -> Answer<'a, ()> {
        Box::pin(async move {
            match effect.sending {
                Sending::Claimed { .. } => Ok(()),
                _ => overwrite(context, effect).await,
            }
        })
    }
}

struct NoLease;

impl BuggyStore for NoLease {
    fn mail<'a>(&'a self, context: &'a StoreContext, id: MailEffectId) -> Answer<'a, Option<MailEffect>> {
        Box::pin(async move {
            let settled = |effect: MailEffect| match effect.sending {
                Sending::Claimed { at, .. } => MailEffect { sending: Sending::Sent { message_id: None, at }, ..effect },
                _ => effect,
            };
            Ok(context.memory.mail(id).await?.map(settled))
        })
    }
}

struct ShortLease;

impl BuggyStore for ShortLease {
    fn mail<'a>(&'a self, context: &'a StoreContext, id: MailEffectId) -> Answer<'a, Option<MailEffect>> {
        Box::pin(free_from(context, id, |at, _| at.plus(Duration::from_secs(5))))
    }
}

struct NoEvidence;

impl BuggyStore for NoEvidence {
    fn mail<'a>(&'a self, context: &'a StoreContext, id: MailEffectId) -> Answer<'a, Option<MailEffect>> {
        Box::pin(free_from(context, id, |_, lease_until| lease_until))
    }
}

struct Impatient;

impl BuggyStore for Impatient {
    fn mail<'a>(&'a self, context: &'a StoreContext, id: MailEffectId) -> Answer<'a, Option<MailEffect>> {
        Box::pin(async move {
            let counted = |effect: MailEffect| match effect.sending {
                Sending::Claimed { lease_until, .. } if lease_until <= context.clock.now() => {
                    MailEffect { sending: Sending::Free, doubts: effect.doubts + 1, ..effect }
                }
                _ => effect,
            };
            Ok(context.memory.mail(id).await?.map(counted))
        })
    }
}

struct TimeOutIsFailure;

impl BuggyStore for TimeOutIsFailure {
    fn save_mail<'a>(&'a self, context: &'a StoreContext, effect: &'a MailEffect) -> Answer<'a, ()> {
        Box::pin(async move {
            let sending = match &effect.sending {
                Sending::Unknown { .. } => Sending::Free,
                known => known.clone(),
            };
            context.memory.save_mail(&MailEffect { sending, ..effect.clone() }).await
        })
    }
}

/// A process's lifetime.
const LIFETIME: Duration = Duration::from_mins(5);

/// What this process remembers, and when it started.
#[derive(Default)]
struct InMemory(RefCell<(Timestamp, BTreeSet<MailEffectId>)>);

impl BuggyStore for InMemory {
    fn mail<'a>(&'a self, context: &'a StoreContext, id: MailEffectId) -> Answer<'a, Option<MailEffect>> {
        Box::pin(async move {
            let now = context.clock.now();
            let is_known = {
                let (since, known) = &mut *self.0.borrow_mut();
                if now.since(*since) > LIFETIME {
                    known.clear();
                    *since = now;
                }
                known.contains(&id)
            };
            if is_known { context.memory.mail(id).await } else { Ok(None) }
        })
    }

    fn save_mail<'a>(&'a self, context: &'a StoreContext, effect: &'a MailEffect) -> Answer<'a, ()> {
        Box::pin(async move {
            self.0.borrow_mut().1.insert(effect.id);
            overwrite(context, effect).await
        })
    }
}

struct CoarseKey;

impl BuggyStore for CoarseKey {
    fn mail<'a>(&'a self, context: &'a StoreContext, id: MailEffectId) -> Answer<'a, Option<MailEffect>> {
        Box::pin(async move {
            let (known, MailSubject::Order(order)) = (context.memory.mail(id).await?, id.subject) else {
                return context.memory.mail(id).await;
            };
            let alike = context.memory.mails_about(order).await?;
            Ok(known.or_else(|| alike.into_iter().find(|effect| effect.id.kind == id.kind)))
        })
    }
}
