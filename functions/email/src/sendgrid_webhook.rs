//! `POST /v1/webhooks/sendgrid`: SendGrid reports on our mails. Its reports settle mails of unknown outcome.

use std::collections::BTreeMap;
use std::time::Duration;

use api::{Acknowledgement, ApiError, Endpoint, Response};
use domain::{Delivery, MailEffectId, Timestamp};
use lambda_http::Request;
use lambda_http::http::StatusCode;
use mail::{Batch, SIGNATURE_HEADER, SignatureError, TIMESTAMP_HEADER, UnreadableBatch, WebhookKey};
use resilience::{Clock, Deadline, Ids, Policy, Verdict, retry};
use store::{MailEffects, StoreError};

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::webhook();

/// The time for one delivery: SendGrid waits a few seconds for an answer.
pub const BUDGET: Duration = Duration::from_secs(5);

/// Why a delivery was rejected. SendGrid retries everything that is not answered with 2xx, for up to a day.
#[derive(Debug, thiserror::Error)]
pub enum Rejection {
    /// Not signed by SendGrid, or too old: 400.
    #[error(transparent)]
    InvalidSignature(#[from] SignatureError),
    /// SendGrid's, but not a batch of events: 400.
    #[error(transparent)]
    Unreadable(#[from] UnreadableBatch),
    /// Not all of it was stored: 503.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Receives SendGrid's event webhook.
///
/// Verifies the signature over the raw bytes, applies each report to its email, and answers 200 once all are stored. Reports
/// of other senders' emails are ignored, and those that cannot be read are counted.
///
/// # Errors
///
/// 400 not signed by SendGrid, or too old, or not a batch of reports.
#[utoipa::path(
    post,
    path = "/v1/webhooks/sendgrid",
    operation_id = "sendgrid-webhook",
    tag = "webhooks",
    request_body(content = String, description = "As SendGrid sends and signs it; the signature in `X-Twilio-Email-Event-Webhook-Signature` is checked over these very bytes", content_type = "application/json"),
    responses((status = 200, description = "Taken in", body = Acknowledgement), (status = 503, description = "Not stored: send it again", body = Acknowledgement)),
    extensions(("x-signed" = json!("X-Twilio-Email-Event-Webhook-Signature"))),
)]
pub async fn handle(
    env: &(impl capabilities::Effects + capabilities::SendGridWebhook),
    request: Request,
) -> Result<Response, ApiError> {
    let (mails, clock, ids) = (env.mails(), env.clock(), env.ids());
    let secret = env.webhook_key().await?;
    let key = &WebhookKey::from_base64(&secret.public_key).map_err(|error| ApiError::Internal(error.into()))?;
    let deadline = Deadline::after(clock, BUDGET);
    let taken_in = match read(&request, key, clock) {
        Ok(batch) => merge(mails, clock, ids, deadline, batch).await.map_err(Rejection::from),
        Err(rejection) => Err(rejection),
    };
    let Err(rejection) = taken_in else { return Ok(api::received(StatusCode::OK)) };
    tracing::warn!(error = &rejection as &dyn std::error::Error, "delivery not taken in");
    telemetry::count("SendGridEventsRejected", 1);
    match rejection {
        Rejection::InvalidSignature(_) => Err(ApiError::InvalidSignature),
        Rejection::Unreadable(_) => Err(ApiError::UnreadableDelivery),
        Rejection::Store(_) => Ok(api::received(StatusCode::SERVICE_UNAVAILABLE)),
    }
}

fn read(request: &Request, key: &WebhookKey, clock: &impl Clock) -> Result<Batch, Rejection> {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    key.verify(header(SIGNATURE_HEADER), header(TIMESTAMP_HEADER), request.body(), clock.now())?;
    let batch = Batch::parse(request.body())?;
    if batch.unreadable > 0 {
        // Sent again, they would be no more readable.
        tracing::error!(unreadable = batch.unreadable, read = batch.events.len(), "reports that cannot be read");
        telemetry::count("SendGridEventsUnreadable", u32::try_from(batch.unreadable).unwrap_or(u32::MAX));
    }
    Ok(batch)
}

/// One write for each mail, however many reports the batch has about it.
async fn merge(
    mails: &impl MailEffects,
    clock: &impl Clock,
    ids: &impl Ids,
    deadline: Deadline,
    batch: Batch,
) -> Result<(), StoreError> {
    let mut by_mail: BTreeMap<MailEffectId, Vec<(Delivery, Timestamp)>> = BTreeMap::new();
    for report in batch.events {
        by_mail.entry(report.effect_id).or_default().push((report.event, report.timestamp));
    }
    for (id, reports) in by_mail {
        let judge = |error: &StoreError| match error {
            StoreError::Conflict => Verdict::RETRY,
            _ => Verdict::GiveUp,
        };
        retry(clock, ids, Policy::CONFLICT, deadline, async || merge_one(mails, id, &reports).await, judge).await?;
    }
    Ok(())
}

async fn merge_one(
    mails: &impl MailEffects,
    id: MailEffectId,
    reports: &[(Delivery, Timestamp)],
) -> Result<(), StoreError> {
    let Some(stored) = mails.mail(id).await? else {
        tracing::warn!(effect_id = %id, "report about a mail that is not ours");
        return Ok(());
    };
    let Some(effect) = stored.reported(reports) else { return Ok(()) };
    tracing::info!(effect_id = %id, delivery = ?effect.delivery, correlation_id = effect.correlation_id, "mail reported");
    if matches!(effect.delivery, Some(Delivery::Bounced | Delivery::Dropped | Delivery::SpamReported)) {
        telemetry::count("MailsUndelivered", 1);
    }
    mails.save_mail(&effect).await
}
