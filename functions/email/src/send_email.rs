//! Tells people by mail what happened to their order or their account, and the shop what needs its people: once for each
//! order or account, kind of mail and event.

mod letter;

use std::time::Duration;

use auth::LinkKeys;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use domain::{MailClaim, MailEffect, MailPatience, Sending, Timestamp};
use events::{Event, consume};
use mail::{ContentError, Mail, Mailbox, Outcome, SendGrid, Shop};
use resilience::{Clock, Deadline, Ids, Policy, Transport, Verdict, retry};
use settings::{CachedSecret, SecretError, SecretSource};
use store::{Accounts, ApiKeys, MailEffects, Orders, StoreError};

use letter::effect_id;

/// Left of the invocation when no other mail is begun: one answer's time and the write after it.
pub const RESERVE: Duration = Duration::from_secs(7);
/// How long a claim holds: longer than the function may run, so that a claim outlives whoever made it.
pub const LEASE: Duration = Duration::from_mins(1);

/// Why a mail is not settled yet; its message comes again.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// There is no such order, or not yet to be seen.
    #[error("no such order")]
    NoOrder,
    /// Somebody else is at it, or SendGrid's events are awaited.
    #[error("not before {0}")]
    NotBefore(Timestamp),
    /// SendGrid certainly does not have it.
    #[error("not sent")]
    NotSent,
    /// SendGrid may have it: its events tell, or their absence.
    #[error("sent, perhaps")]
    OutcomeUnknown,
    /// It could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What links are signed with cannot be read.
    #[error("no keys for links")]
    Keys(#[from] SecretError),
    /// The words could not be put together.
    #[error(transparent)]
    Content(#[from] ContentError),
}

/// Where it stands what a mail is to say, and which mails there are.
#[derive(Debug)]
pub struct Known<'a, O, A, M> {
    /// Orders.
    pub orders: &'a O,
    /// Accounts, their links and API keys.
    pub accounts: &'a A,
    /// Mails.
    pub mails: &'a M,
}

/// Who sends, and how patiently.
#[derive(Debug)]
pub struct Sender<'a, T, C, I, S> {
    /// Whom the mails are handed to.
    pub sendgrid: &'a SendGrid<T, C, I>,
    /// The verified sender.
    pub from: &'a Mailbox,
    /// Where the shop's people read of what needs them.
    pub alerts_to: &'a Mailbox,
    /// The shop that signs.
    pub shop: Shop<'a>,
    /// What links are signed with; read when there is a link to sign.
    pub link_keys: &'a CachedSecret<LinkKeys, S, C>,
    /// How long a claim holds and how long evidence is awaited.
    pub patience: MailPatience,
}

/// Sends the mail that each event asks for, each alone.
///
/// SendGrid knows no idempotency key. So a mail is claimed before it is sent; when its outcome stays unknown, it is
/// sent again only after SendGrid's events had the time to show that it has it.
pub async fn handle<T: Transport, C: Clock, I: Ids>(
    known: Known<'_, impl Orders, impl Accounts + ApiKeys, impl MailEffects>,
    sender: Sender<'_, T, C, I, impl SecretSource>,
    clock: &impl Clock,
    ids: &impl Ids,
    deadline: Deadline,
    event: SqsEvent,
) -> SqsBatchResponse {
    let post = Post { known, sender, clock, ids, deadline };
    consume(clock, deadline, event, async |event: Event| post.send(&event).await).await
}

struct Post<'a, O, A, M, T, C, I, S, K, R> {
    known: Known<'a, O, A, M>,
    sender: Sender<'a, T, C, I, S>,
    clock: &'a K,
    ids: &'a R,
    deadline: Deadline,
}

impl<O, A, M, T, C, I, S, K, R> Post<'_, O, A, M, T, C, I, S, K, R>
where
    O: Orders,
    A: Accounts + ApiKeys,
    M: MailEffects,
    T: Transport,
    C: Clock,
    I: Ids,
    S: SecretSource,
    K: Clock,
    R: Ids,
{
    async fn send(&self, event: &Event) -> Result<(), SendError> {
        let Some(id) = effect_id(event) else { return Ok(()) };
        let stored = self.known.mails.mail(id).await?;
        let (owner, now) = (self.ids.fresh(), self.clock.now());
        let claim = MailEffect::claim(stored.as_ref(), id, owner, event.correlation_id(), self.sender.patience, now);
        let effect = match claim {
            MailClaim::Settled => return Ok(()),
            MailClaim::Wait(until) => return Err(SendError::NotBefore(until)),
            MailClaim::Send(effect) => effect,
        };
        let Some(letter) = self.letter(event).await? else {
            tracing::info!(effect_id = %id, "no mail: overtaken, or nobody to send it to");
            telemetry::count("MailsOvertaken", 1);
            return Ok(());
        };
        if effect.doubts > 0 {
            tracing::warn!(effect_id = %id, doubts = effect.doubts, "mail of unknown outcome is sent again");
            telemetry::count("MailsSentAgain", 1);
        }
        self.known.mails.save_mail(&effect).await?;
        let mail = Mail { from: self.sender.from, to: &letter.to, content: &letter.content, effect_id: id };
        let outcome = self.sender.sendgrid.send(&mail, self.deadline).await;
        self.settle(effect, outcome).await
    }

    async fn settle(&self, effect: MailEffect, outcome: Outcome) -> Result<(), SendError> {
        let effect_id = effect.id;
        let at = self.clock.now();
        let (sending, result) = match outcome {
            Outcome::Accepted { message_id } => {
                tracing::info!(%effect_id, message_id, correlation_id = effect.correlation_id, "mail accepted");
                telemetry::count("MailsAccepted", 1);
                (Sending::Sent { message_id, at }, Ok(()))
            }
            Outcome::Refused { reason } => {
                tracing::error!(%effect_id, reason, "mail refused");
                telemetry::count("MailsRefused", 1);
                (Sending::Refused { reason, at }, Ok(()))
            }
            Outcome::Unauthorized { .. } | Outcome::RateLimited { .. } | Outcome::NotSent => {
                tracing::warn!(%effect_id, ?outcome, "mail not sent");
                (Sending::Free, Err(SendError::NotSent))
            }
            Outcome::Unknown => {
                tracing::warn!(%effect_id, "mail of unknown outcome");
                telemetry::count("MailsOfUnknownOutcome", 1);
                (Sending::Unknown { since: at }, Err(SendError::OutcomeUnknown))
            }
        };
        self.note(effect, sending).await?;
        result
    }

    /// Stores how the sending ended. SendGrid's events may have been faster; then they are right.
    async fn note(&self, claimed: MailEffect, sending: Sending) -> Result<(), StoreError> {
        let id = claimed.id;
        let mut known = Some(claimed);
        let store = async || {
            let effect = match known.take() {
                Some(effect) => effect,
                None => match self.known.mails.mail(id).await? {
                    Some(effect) => effect,
                    None => return Ok(()),
                },
            };
            match effect.ended(sending.clone()) {
                Some(next) => self.known.mails.save_mail(&next).await,
                None => Ok(()),
            }
        };
        let judge = |error: &StoreError| match error {
            StoreError::Conflict => Verdict::RETRY,
            _ => Verdict::GiveUp,
        };
        retry(self.clock, self.ids, Policy::CONFLICT, self.deadline, store, judge).await
    }
}
