//! Parses Stripe's responses: the object, or an error.

use std::time::SystemTime;

use bytes::Bytes;
use domain::Timestamp;
use http::{HeaderMap, Response, StatusCode, header::DATE};
use resilience::{Verdict, retry_after};
use serde::{Deserialize, de::DeserializeOwned};

use crate::StripeError;

/// An object and when Stripe said it, in seconds since the epoch.
#[derive(Debug)]
pub(crate) struct Answer<O> {
    pub object: O,
    pub said_at: i64,
}

/// The object in a response. `now` replaces a missing `Date`, and `Retry-After` counts from it.
pub(crate) fn read<O: DeserializeOwned>(response: &Response<Bytes>, now: Timestamp) -> Result<Answer<O>, StripeError> {
    if !response.status().is_success() {
        return Err(failure(response, now));
    }
    let object = serde_json::from_slice(response.body()).map_err(StripeError::Unreadable)?;
    Ok(Answer { object, said_at: date(response.headers()).unwrap_or(now).seconds() })
}

#[derive(Default, Deserialize)]
struct Failure {
    error: Detail,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Detail {
    r#type: Option<String>,
    code: Option<String>,
    decline_code: Option<String>,
    param: Option<String>,
}

/// The failure that an answer reports. Stripe's own word on whether to try again comes before any status: a request that is
/// to be tried again was not refused, whatever the status says.
///
/// Source: <https://docs.stripe.com/error-low-level>, and the official clients, which obey `Stripe-Should-Retry` first.
fn failure(response: &Response<Bytes>, now: Timestamp) -> StripeError {
    let (status, headers) = (response.status(), response.headers());
    let error = by_status(response, now);
    let unavailable = |at_once| StripeError::Unavailable { status: Some(status.as_u16()), at_once, source: None };
    match (should_retry(headers), error.verdict()) {
        (Some(true), Verdict::GiveUp) => unavailable(true),
        (Some(false), Verdict::Retry { .. }) => unavailable(false),
        _ => error,
    }
}

fn by_status(response: &Response<Bytes>, now: Timestamp) -> StripeError {
    let (status, headers) = (response.status(), response.headers());
    // An error page of something in between has no such body; the status says enough then.
    let detail = serde_json::from_slice::<Failure>(response.body()).unwrap_or_default().error;
    match (status, detail.r#type.as_deref()) {
        (_, Some("idempotency_error")) if status != StatusCode::CONFLICT => StripeError::KeyReused,
        (StatusCode::CONFLICT, _) => StripeError::KeyInUse,
        (StatusCode::TOO_MANY_REQUESTS, _) => StripeError::RateLimited { retry_after: retry_after(headers, now) },
        (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => StripeError::Unauthorized { status: status.as_u16() },
        (StatusCode::PAYMENT_REQUIRED, _) | (_, Some("card_error")) => {
            StripeError::Declined { code: detail.code, decline_code: detail.decline_code }
        }
        // Something that Stripe depends on failed, or the request took too long or came too early.
        (StatusCode::REQUEST_TIMEOUT | StatusCode::FAILED_DEPENDENCY | StatusCode::TOO_EARLY, _) => {
            StripeError::Unavailable { status: Some(status.as_u16()), at_once: true, source: None }
        }
        _ if status.is_client_error() => {
            StripeError::Invalid { code: detail.code, param: detail.param, request_id: text(headers, "request-id") }
        }
        _ if is_replayed(headers) => StripeError::KeySpent,
        _ => StripeError::Unavailable { status: Some(status.as_u16()), at_once: true, source: None },
    }
}

/// Whether Stripe says that another try may, or will not, end differently.
fn should_retry(headers: &HeaderMap) -> Option<bool> {
    headers.get("stripe-should-retry")?.to_str().ok()?.parse().ok()
}

/// Stripe marks answers that it replays for an idempotency key.
fn is_replayed(headers: &HeaderMap) -> bool {
    headers.get("idempotent-replayed").is_some_and(|value| value == "true")
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let date = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    Some(Timestamp::from_millis(0).plus(date.duration_since(SystemTime::UNIX_EPOCH).ok()?))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Result<Answer<Value>, StripeError> {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        let response = response.body(Bytes::copy_from_slice(body.as_bytes())).unwrap();
        read(&response, Timestamp::from_seconds(1_790_000_000))
    }

    fn error(kind: &str, code: &str) -> String {
        json!({"error": {"type": kind, "code": code, "param": "amount", "message": "text"}}).to_string()
    }

    /// Status, headers and body of an answer, and what has to be made of it.
    type Case<'a> = (u16, &'a [(&'a str, &'a str)], &'a str, fn(&StripeError) -> bool);

    #[test]
    fn each_failure_finds_whoever_has_to_act() {
        let invalid = error("invalid_request_error", "parameter_invalid_integer");
        let key_reused = json!({"error": {"type": "idempotency_error", "message": "text"}}).to_string();
        let in_use = error("idempotency_error", "idempotency_key_in_use");
        let declined = error("card_error", "card_declined");
        let cases: [Case<'_>; 13] = [
            (400, &[], &invalid, |e| matches!(e, StripeError::Invalid { code: Some(_), param: Some(_), .. })),
            (400, &[], &key_reused, |e| matches!(e, StripeError::KeyReused)),
            (409, &[], &in_use, |e| matches!(e, StripeError::KeyInUse)),
            (402, &[], &declined, |e| matches!(e, StripeError::Declined { code: Some(_), .. })),
            (401, &[], "{}", |e| matches!(e, StripeError::Unauthorized { status: 401 })),
            (403, &[], "", |e| matches!(e, StripeError::Unauthorized { status: 403 })),
            (404, &[], &error("invalid_request_error", "resource_missing"), StripeError::is_missing),
            (429, &[], "{}", |e| matches!(e, StripeError::RateLimited { retry_after: None })),
            (
                429,
                &[("retry-after", "7")],
                "",
                |e| matches!(e, StripeError::RateLimited { retry_after: Some(wait) } if *wait == Duration::from_secs(7)),
            ),
            (500, &[], "<html>", |e| matches!(e, StripeError::Unavailable { status: Some(500), .. })),
            (503, &[("idempotent-replayed", "false")], "", |e| matches!(e, StripeError::Unavailable { .. })),
            (500, &[("idempotent-replayed", "true")], "{}", |e| matches!(e, StripeError::KeySpent)),
            (200, &[], "<html>", |e| matches!(e, StripeError::Unreadable(_))),
        ];
        for (status, headers, body, is_right) in cases {
            let error = answer(status, headers, body).unwrap_err();
            assert!(is_right(&error), "{status} {body}: {error:?}");
        }
    }

    #[test]
    fn an_answer_carries_stripes_own_time() {
        let dated = answer(200, &[("date", "Sun, 06 Nov 1994 08:49:37 GMT")], "{}").unwrap();
        assert_eq!(dated.said_at, 784_111_777);
        assert_eq!(answer(200, &[], "{}").unwrap().said_at, 1_790_000_000);
    }

    #[test]
    fn stripes_free_text_stays_out_of_errors() {
        let body = json!({"error": {"type": "invalid_request_error", "code": "email_invalid", "message": "anna@x.de"}});
        let error = answer(400, &[("request-id", "req_1")], &body.to_string()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("anna"), "{error:?}");
        assert!(format!("{error:?}").contains("req_1"));
    }
}
