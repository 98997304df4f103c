//! Sends mails to customers about their orders and accounts, and alerts to staff: once for each order or account, kind
//! of mail and event.

mod compose;

use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use domain::{EmailAddress, MailClaim, MailEffect, MailKind, MailPatience, Recipient, Sending, Timestamp};
use events::{Event, EventKind, Failure};
use mail::{ContentError, Mail, Outcome, SendGrid};
use resilience::{Clock, Deadline, Decision, Ids, Limit, Policy, Verdict, retry};
use settings::SecretError;
use store::{MailEffects, RateLimiter, StoreError};

use compose::effect_id;

/// The remaining time at which no other mail is begun: one answer's time and the write after it.
pub const RESERVE: Duration = Duration::from_secs(7);
/// How long a claim holds: longer than the function may run, so that a claim outlives its invocation.
pub const LEASE: Duration = Duration::from_mins(1);

/// Mails to one address that nobody has shown to be theirs, about orders that nobody paid for.
pub const TO_STRANGERS: Limit = Limit { requests: 5, period: Duration::from_hours(1) };

/// Whether events of this kind are heard: those that ask for a mail.
pub fn hears(kind: EventKind) -> bool {
    let mail = match kind {
        EventKind::Order(event_type) => MailKind::for_order_event(event_type),
        EventKind::Account(event_type) => MailKind::for_account_event(event_type),
    };
    mail.is_some()
}

/// Why a mail is not settled yet. Its message comes again.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// There is no such order, or it is not visible yet.
    #[error("no such order")]
    NoOrder,
    /// Another invocation is sending it, or SendGrid's events are awaited.
    #[error("not before {0}")]
    NotBefore(Timestamp),
    /// SendGrid certainly does not have it.
    #[error("not sent")]
    NotSent,
    /// SendGrid may have it: by then its events show it, or their absence.
    #[error("sent, perhaps; known by {0}")]
    OutcomeUnknown(Timestamp),
    /// It could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keys that sign links cannot be read.
    #[error("no keys for links")]
    Keys(#[from] SecretError),
    /// The mail cannot be composed.
    #[error(transparent)]
    Content(#[from] ContentError),
}

impl SendError {
    /// What it says about the message.
    const fn failure(&self) -> Failure {
        match self {
            Self::NotBefore(moment) | Self::OutcomeUnknown(moment) => Failure::NotBefore(*moment),
            Self::Store(error) if error.is_about_one() => Failure::Poison,
            // A web app's address that is not configured is the shop's to mend.
            Self::NotSent | Self::Store(_) | Self::Keys(_) | Self::Content(ContentError::NoWebApp) => Failure::Outage,
            Self::NoOrder | Self::Content(ContentError::Money(_) | ContentError::Render(_)) => Failure::Poison,
        }
    }
}

/// What a function is given that sends emails.
pub trait Needs:
    capabilities::ApiKeys
    + capabilities::Effects
    + capabilities::Email
    + capabilities::Guards
    + capabilities::Identity
    + capabilities::LinkKeys
    + capabilities::Orders
    + capabilities::Queue
{
}

impl<E> Needs for E where
    E: capabilities::ApiKeys
        + capabilities::Effects
        + capabilities::Email
        + capabilities::Guards
        + capabilities::Identity
        + capabilities::LinkKeys
        + capabilities::Orders
        + capabilities::Queue
{
}

/// Sends the mail that each event causes, each alone.
///
/// SendGrid has no idempotency keys. So a mail is claimed before it is sent; when its outcome stays unknown, it is sent
/// again only after SendGrid's events have had the time to show that it was sent.
pub async fn handle(env: &impl Needs, deadline: Deadline, event: SqsEvent) -> Result<SqsBatchResponse, SecretError> {
    let consumer = env.consumer();
    let secrets = consumer.needs(&event, env.sendgrid_secrets().await).await?;
    let mailer = Mailer { env, sendgrid: env.sendgrid(&secrets), deadline };
    Ok(consumer.each(deadline, event, async |event: Event| mailer.send(&event).await, SendError::failure).await)
}

struct Mailer<'a, E: Needs> {
    env: &'a E,
    sendgrid: SendGrid<E::Transport, E::Clock, E::Ids>,
    deadline: Deadline,
}

impl<E: Needs> Mailer<'_, E> {
    async fn send(&self, event: &Event) -> Result<(), SendError> {
        let Some(id) = effect_id(event) else { return Ok(()) };
        let stored = self.env.mails().mail(id).await?;
        let (owner, now) = (self.env.ids().fresh(), self.env.clock().now());
        let settings = self.env.mail_settings();
        let patience = MailPatience { lease: LEASE, evidence: settings.evidence_wait };
        let claim = MailEffect::claim(stored.as_ref(), id, owner, event.correlation_id(), patience, now);
        let effect = match claim {
            MailClaim::Settled => return Ok(()),
            MailClaim::Wait(until) => return Err(SendError::NotBefore(until)),
            MailClaim::Send(effect) => effect,
        };
        let Some(outgoing) = self.compose(event).await? else {
            tracing::info!(effect_id = %id, "no mail: overtaken, or nobody to send it to");
            telemetry::count("MailsOvertaken", 1);
            return Ok(());
        };
        // What was claimed before has been counted.
        let is_new = stored.is_none() && outgoing.recipient == Recipient::Stranger;
        if is_new && !self.may_reach(&outgoing.to.email).await? {
            tracing::warn!(effect_id = %id, "mail withheld: too many to one unverified address");
            telemetry::count("MailsWithheld", 1);
            return Ok(self.env.mails().save_mail(&effect.withheld(now)).await?);
        }
        if effect.doubts > 0 {
            tracing::warn!(effect_id = %id, doubts = effect.doubts, "mail of unknown outcome is sent again");
            telemetry::count("MailsSentAgain", 1);
        }
        self.env.mails().save_mail(&effect).await?;
        let mail = Mail { from: &settings.from, to: &outgoing.to, content: &outgoing.content, effect_id: id };
        let outcome = self.sendgrid.send(&mail, self.deadline).await;
        self.settle(effect, outcome).await
    }

    /// Takes one of the mails that may go to an address which may be anybody's.
    async fn may_reach(&self, email: &EmailAddress) -> Result<bool, SendError> {
        let bucket = format!("mail/{}/orders", api::email_digest(email));
        let taken = self.env.guards().take(&bucket, TO_STRANGERS, self.env.clock().now()).await?;
        Ok(matches!(taken, Decision::Allowed { .. }))
    }

    async fn settle(&self, effect: MailEffect, outcome: Outcome) -> Result<(), SendError> {
        let effect_id = effect.id;
        let at = self.env.clock().now();
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
                let known_by = at.plus(self.env.mail_settings().evidence_wait);
                (Sending::Unknown { since: at }, Err(SendError::OutcomeUnknown(known_by)))
            }
        };
        self.record(effect, sending).await?;
        result
    }

    /// Stores how the sending ended. If SendGrid's events came first, they are right.
    async fn record(&self, claimed: MailEffect, sending: Sending) -> Result<(), StoreError> {
        let id = claimed.id;
        let mut known = Some(claimed);
        let store = async || {
            let effect = match known.take() {
                Some(effect) => effect,
                None => match self.env.mails().mail(id).await? {
                    Some(effect) => effect,
                    None => return Ok(()),
                },
            };
            match effect.ended(sending.clone()) {
                Some(next) => self.env.mails().save_mail(&next).await,
                None => Ok(()),
            }
        };
        let judge = |error: &StoreError| match error {
            StoreError::Conflict => Verdict::RETRY,
            _ => Verdict::GiveUp,
        };
        retry(self.env.clock(), self.env.ids(), Policy::CONFLICT, self.deadline, store, judge).await
    }
}
