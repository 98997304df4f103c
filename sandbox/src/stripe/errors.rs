//! Errors in Stripe's shape (docs.stripe.com/api/errors, docs.stripe.com/error-codes).

use bytes::Bytes;
use http::{HeaderValue, Response};
use serde_json::{Value, json};

use super::cards::Decline;
use crate::{Refusal, answer};

/// Stripe's `type` of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorType {
    /// Anything that is the caller's fault.
    InvalidRequest,
    /// A card was declined.
    Card,
    /// An idempotency key came again with other parameters.
    Idempotency,
    /// Stripe's own fault.
    Api,
}

/// An error answer.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiError {
    /// HTTP status.
    pub status: u16,
    /// Stripe's `type`.
    pub kind: ErrorType,
    /// Stripe's `code`.
    pub code: Option<&'static str>,
    /// Why the bank declined.
    pub decline_code: Option<&'static str>,
    /// For people.
    pub message: String,
    /// The parameter at fault.
    pub param: Option<String>,
    /// The PaymentIntent in question, as it is now.
    pub payment_intent: Option<Box<Value>>,
    /// The failed charge.
    pub charge: Option<String>,
    /// Whether execution had begun: then the result is saved under the idempotency key.
    pub executed: bool,
    /// What `Stripe-Should-Retry` says, where it says something.
    pub should_retry: Option<bool>,
}

impl ApiError {
    fn new(status: u16, kind: ErrorType, code: Option<&'static str>, message: String) -> Self {
        let (decline_code, param, payment_intent, charge) = (None, None, None, None);
        let (executed, should_retry) = (false, None);
        Self { status, kind, code, decline_code, message, param, payment_intent, charge, executed, should_retry }
    }

    /// 400: a parameter has a wrong value.
    pub fn invalid(param: &str, message: impl Into<String>) -> Self {
        Self::new(400, ErrorType::InvalidRequest, None, message.into()).at(param)
    }

    /// 400 with a code.
    pub fn coded(code: &'static str, param: &str, message: impl Into<String>) -> Self {
        Self { code: Some(code), ..Self::invalid(param, message) }
    }

    /// 400: a required parameter is missing.
    pub fn missing(param: &str) -> Self {
        Self::coded("parameter_missing", param, format!("Missing required param: {param}."))
    }

    /// 400: a parameter that cannot be unset came empty.
    pub fn empty(param: &str) -> Self {
        let message = format!(
            "You passed an empty string for '{param}'. We assume empty values are an attempt to unset a parameter; \
             however '{param}' cannot be unset. You should remove '{param}' from your request or supply a non-empty value."
        );
        Self::coded("parameter_invalid_empty", param, message)
    }

    /// 400: not a whole number.
    pub fn not_an_integer(param: &str, text: &str) -> Self {
        Self::coded("parameter_invalid_integer", param, format!("Invalid integer: {text}"))
    }

    /// 400: not one of the words that the parameter may be.
    pub fn not_one_of(param: &str, words: &[&str]) -> Self {
        let listed = match words {
            [first, second] => format!("{first} or {second}"),
            [others @ .., last] if !others.is_empty() => format!("{}, or {last}", others.join(", ")),
            words => words.join(""),
        };
        Self::invalid(param, format!("Invalid {param}: must be one of {listed}"))
    }

    /// 400: a parameter that the endpoint does not know.
    pub fn unknown_parameter(param: &str) -> Self {
        Self::coded("parameter_unknown", param, format!("Received unknown parameter: {param}"))
    }

    /// 404: the object in the path does not exist.
    pub fn no_such(object: &str, id: &str) -> Self {
        Self { status: 404, ..Self::no_such_param(object, id, object_param(object)) }
    }

    /// 400: an object that a parameter names does not exist.
    pub fn no_such_param(object: &str, id: &str, param: &str) -> Self {
        Self::coded("resource_missing", param, format!("No such {object}: '{id}'"))
    }

    /// 404: no such path.
    pub fn unknown_url(method: &str, path: &str) -> Self {
        let message = format!(
            "Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we can help at \
             https://support.stripe.com/."
        );
        Self::new(404, ErrorType::InvalidRequest, None, message)
    }

    /// 401: who is this?
    pub fn unauthorized(code: Option<&'static str>, message: impl Into<String>) -> Self {
        Self::new(401, ErrorType::InvalidRequest, code, message.into())
    }

    /// 400: the object's state does not allow it. Execution had begun, so this is saved.
    pub fn state(code: &'static str, message: impl Into<String>) -> Self {
        let error = Self::new(400, ErrorType::InvalidRequest, Some(code), message.into());
        Self { executed: true, ..error }
    }

    /// 400: the version that the request names does not exist.
    pub fn unknown_version(version: &str) -> Self {
        let message =
            format!("Invalid Stripe API version: {version}. You do not need to pass a version with a request.");
        Self::new(400, ErrorType::InvalidRequest, None, message)
    }

    /// 400: a body that is not form-encoded.
    pub fn not_a_form() -> Self {
        let message = "Invalid request (check that your POST content type is application/x-www-form-urlencoded). If you \
                       have any questions, we can help at https://support.stripe.com/.";
        Self::new(400, ErrorType::InvalidRequest, None, message.to_owned())
    }

    /// 402: the card was declined.
    pub fn declined(decline: Decline) -> Self {
        Self { param: decline.param.map(str::to_owned), ..Self::card(decline.code, decline.reason, decline.message) }
    }

    /// 402: the card cannot be charged.
    pub fn card(code: &'static str, decline_code: Option<&'static str>, message: impl Into<String>) -> Self {
        let error = Self::new(402, ErrorType::Card, Some(code), message.into());
        Self { decline_code, executed: true, ..error }
    }

    /// 400: the key was used for another request.
    pub fn key_reused(key: &str) -> Self {
        let message = format!(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. Try \
             using a key other than '{key}' if you meant to execute a different request."
        );
        Self::new(400, ErrorType::Idempotency, None, message)
    }

    /// 409: a request with the key is still running.
    pub fn key_in_use(key: &str) -> Self {
        let message = format!(
            "There is currently another in-progress request using this Stripe-Idempotency-Key (that probably means \
             you submitted twice, and the other request is still going through): {key}."
        );
        let error = Self::new(409, ErrorType::Idempotency, Some("idempotency_key_in_use"), message);
        Self { should_retry: Some(true), ..error }
    }

    /// The error with which a fault answers a call instead of doing what is asked.
    pub fn refused(refusal: Refusal) -> Self {
        if let Refusal::TooManyRequests { .. } = refusal {
            let message = "Request rate limit exceeded. Learn more about rate limits here \
                           https://stripe.com/docs/rate-limits.";
            return Self::new(429, ErrorType::InvalidRequest, Some("rate_limit"), message.to_owned());
        }
        if refusal == Refusal::Invalid {
            let message = "Amount must convert to at least 50 cents.";
            return Self::new(400, ErrorType::InvalidRequest, Some("amount_too_small"), message.to_owned())
                .at("amount");
        }
        let message = "Sorry! There was an error while talking to one of our backends. Support has been notified.";
        let error = Self::new(refusal.status(), ErrorType::Api, None, message.to_owned());
        let executed = matches!(refusal, Refusal::InternalError | Refusal::FinalError);
        let should_retry = match refusal {
            Refusal::Unavailable => Some(true),
            Refusal::FinalError => Some(false),
            _ => None,
        };
        Self { executed, should_retry, ..error }
    }

    /// Execution had begun, so this is saved under the idempotency key.
    #[must_use]
    pub fn executed(self) -> Self {
        Self { executed: true, ..self }
    }

    /// Names the parameter at fault.
    #[must_use]
    pub fn at(mut self, param: &str) -> Self {
        self.param = Some(param.to_owned());
        self
    }

    /// Shows the PaymentIntent with the error.
    #[must_use]
    pub fn with_intent(mut self, intent: Value) -> Self {
        self.payment_intent = Some(Box::new(intent));
        self
    }

    /// The error object as Stripe writes it, also for `last_payment_error`.
    pub fn object(&self) -> Value {
        let mut error = json!({ "message": self.message, "type": self.type_name() });
        let doc_url = self.code.map(|code| format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-")));
        let optional = [
            ("charge", self.charge.clone()),
            ("code", self.code.map(str::to_owned)),
            ("decline_code", self.decline_code.map(str::to_owned)),
            ("doc_url", doc_url),
            ("param", self.param.clone()),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                error[name] = Value::String(value);
            }
        }
        if let Some(intent) = &self.payment_intent {
            error["payment_intent"] = Value::clone(intent);
        }
        error
    }

    /// The HTTP answer.
    pub fn response(&self) -> Response<Bytes> {
        let mut response = answer::json(self.status, &json!({ "error": self.object() }));
        if let Some(should_retry) = self.should_retry {
            let value = HeaderValue::from_static(if should_retry { "true" } else { "false" });
            response.headers_mut().insert("stripe-should-retry", value);
        }
        response
    }

    const fn type_name(&self) -> &'static str {
        match self.kind {
            ErrorType::InvalidRequest => "invalid_request_error",
            ErrorType::Card => "card_error",
            ErrorType::Idempotency => "idempotency_error",
            ErrorType::Api => "api_error",
        }
    }
}

/// Stripe names the path's id by its object, except for its oldest ones.
fn object_param(object: &str) -> &str {
    match object {
        "payment_intent" => "intent",
        "charge" | "refund" | "event" | "dispute" => "id",
        other => other,
    }
}
