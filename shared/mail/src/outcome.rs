//! The outcome of sending a mail.

use std::time::Duration;

use bytes::Bytes;
use domain::Timestamp;
use http::{HeaderMap, Response, StatusCode};
use resilience::{Verdict, retry_after};
use serde::Deserialize;

/// The outcome of sending a mail. SendGrid has no idempotency keys, so an uncertain outcome stays
/// [`Unknown`](Self::Unknown).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// SendGrid accepted it (202). The event webhook reports whether it arrives.
    Accepted {
        /// `X-Message-Id`
        message_id: Option<String>,
    },
    /// SendGrid will never accept this mail: an address or a field is invalid.
    Refused {
        /// The invalid fields, without their values.
        reason: String,
    },
    /// The API key is invalid or lacks the permission, or the sender is not verified: an operator must act. Not sent.
    Unauthorized {
        /// 401 or 403.
        status: u16,
    },
    /// Too many requests. Not sent.
    RateLimited {
        /// How long to wait, if SendGrid says so.
        retry_after: Option<Duration>,
    },
    /// SendGrid was not reached or is down: not sent, safe to retry.
    NotSent,
    /// The mail may have been sent: wait for evidence from the event webhook before another attempt.
    Unknown,
}

impl Outcome {
    /// Whether this client may retry by itself: only when the mail certainly was not sent.
    pub(crate) fn verdict(&self) -> Verdict {
        match self {
            Self::RateLimited { retry_after } => Verdict::Retry { after: *retry_after },
            Self::NotSent => Verdict::RETRY,
            _ => Verdict::GiveUp,
        }
    }

    /// Reads SendGrid's answer.
    ///
    /// Statuses: <https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/responses>. A 503
    /// says that the API is unavailable; a 500, 502 or 504 can come after the mail was accepted.
    pub(crate) fn read(response: &Response<Bytes>, now: Timestamp) -> Self {
        let (status, headers) = (response.status(), response.headers());
        match status {
            _ if status.is_success() => Self::Accepted { message_id: text(headers, "x-message-id") },
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Self::Unauthorized { status: status.as_u16() },
            StatusCode::TOO_MANY_REQUESTS => Self::RateLimited { retry_after: wait(headers, now) },
            StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                Self::Refused { reason: reason(status, response.body()) }
            }
            // The remaining 4xx are about the URL or the moment, not about the mail.
            _ if status.is_client_error() || status == StatusCode::SERVICE_UNAVAILABLE => Self::NotSent,
            _ => Self::Unknown,
        }
    }
}

/// `Retry-After`, or SendGrid's own header, which names the second at which the limit is lifted.
fn wait(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    retry_after(headers, now).or_else(|| {
        let reset = text(headers, "x-ratelimit-reset")?.parse().ok()?;
        Some(Timestamp::from_seconds(reset).since(now))
    })
}

/// The fields that SendGrid rejects. Its messages are dropped: they can quote the mail.
fn reason(status: StatusCode, body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Faults {
        errors: Vec<Fault>,
    }
    #[derive(Deserialize)]
    struct Fault {
        field: Option<String>,
    }
    let faults = serde_json::from_slice(body).map_or_else(|_| vec![], |faults: Faults| faults.errors);
    let fields: Vec<_> = faults.into_iter().filter_map(|fault| fault.field).collect();
    format!("status {} {}", status.as_u16(), fields.join(" ")).trim_end().to_owned()
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}
