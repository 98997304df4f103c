//! `POST /v3/mail/send`.

use bytes::Bytes;
use domain::Timestamp;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use serde_json::Value;

use super::error::{self, ApiError};
use super::mail::Mail;
use super::request::SendRequest;
use super::{SendGrid, types, validate};
use crate::answer;

/// The whole message, attachments included, may have 30 MB.
const MAX_BYTES: usize = 30 * 1024 * 1024;

impl SendGrid {
    pub(super) fn send(&mut self, now: Timestamp, request: &Request<Bytes>) -> Response<Bytes> {
        if let Err(denial) = self.authenticate(request.headers()) {
            return error::answer(401, &[denial]);
        }
        let allowance = self.limit.take(now, self.behaviour.rate_limit, self.behaviour.rate_window_seconds);
        let mut response = if allowance.admitted {
            self.accept(now, request)
        } else {
            error::answer(429, &[ApiError::plain("too many requests")])
        };
        allowance.write_to(&mut response);
        response
    }

    fn authenticate(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some(key) = given.and_then(|value| value.strip_prefix("Bearer ")) else {
            return Err(ApiError::plain("Permission denied, wrong credentials"));
        };
        if self.api_keys.iter().any(|known| known == key) {
            return Ok(());
        }
        Err(ApiError::plain("The provided authorization grant is invalid, expired, or revoked"))
    }

    fn accept(&mut self, now: Timestamp, request: &Request<Bytes>) -> Response<Bytes> {
        let mail = match self.read(now, request) {
            Ok(mail) => mail,
            Err((status, errors)) => return error::answer(status, &errors),
        };
        if mail.mail_settings.sandbox_mode.enable {
            return answer::empty(200);
        }
        let message_id = self.draw.id(16);
        let sender = self.draw.id(6);
        for index in 0..mail.personalizations.len() {
            if let Some(mail) = Mail::compose(&mail, index, &message_id, &sender, now) {
                self.mails.push(mail);
                self.plan_fate(self.mails.len() - 1);
            }
        }
        let mut response = answer::empty(202);
        if let Ok(id) = HeaderValue::from_str(&message_id) {
            response.headers_mut().insert("x-message-id", id);
        }
        response
    }

    fn read(&self, now: Timestamp, request: &Request<Bytes>) -> Result<SendRequest, (u16, Vec<ApiError>)> {
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !content_type.is_some_and(|value| value.starts_with("application/json")) {
            return Err((415, vec![ApiError::plain("Content-Type should be application/json.")]));
        }
        if request.body().len() > MAX_BYTES {
            return Err((413, vec![ApiError::plain("The total message size must not exceed 30MB.")]));
        }
        let bad_request = || (400, vec![ApiError::plain("Bad Request")]);
        let body: Value = serde_json::from_slice(request.body()).map_err(|_| bad_request())?;
        let wrong_types = types::check(&body);
        if !body.is_object() || !wrong_types.is_empty() {
            return Err(if wrong_types.is_empty() { bad_request() } else { (400, wrong_types) });
        }
        let mail: SendRequest = serde_json::from_value(body).map_err(|_| bad_request())?;
        let broken = validate::check(&mail, &self.behaviour.verified_senders, now);
        if broken.is_empty() {
            return Ok(mail);
        }
        Err((if validate::is_forbidden(&broken) { 403 } else { 400 }, broken))
    }
}
