//! Errors in the shape of Google's APIs.

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};

use crate::answer;

/// An error answer: `{"error":{"code","message","status","details"}}`.
#[derive(Clone, Debug, PartialEq)]
pub struct GoogleError {
    code: u16,
    status: &'static str,
    message: String,
    details: Vec<Value>,
}

impl GoogleError {
    fn new(code: u16, status: &'static str, message: impl Into<String>) -> Self {
        Self { code, status, message: message.into(), details: Vec::new() }
    }

    /// 400: the request is at fault.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "INVALID_ARGUMENT", message)
    }

    /// 401: no token, or none that counts.
    pub fn unauthenticated() -> Self {
        let message = "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or \
                       other valid authentication credential. See \
                       https://developers.google.com/identity/sign-in/web/devconsole-project.";
        Self::new(401, "UNAUTHENTICATED", message)
    }

    /// 403: the token's scopes do not allow this.
    pub fn insufficient_scope() -> Self {
        let error = Self::new(403, "PERMISSION_DENIED", "Request had insufficient authentication scopes.");
        error.with_reason("ACCESS_TOKEN_SCOPE_INSUFFICIENT", &json!({"service": "sheets.googleapis.com"}))
    }

    /// 404: no such spreadsheet or method.
    pub fn not_found() -> Self {
        Self::new(404, "NOT_FOUND", "Requested entity was not found.")
    }

    /// 429: a quota is used up. `kind` is `Read` or `Write`.
    pub fn quota(kind: &str, per_user: bool, limit: u32) -> Self {
        let (per, quota) = if per_user { (" per user", "PerUser") } else { ("", "PerProject") };
        let message = format!(
            "Quota exceeded for quota metric '{kind} requests' and limit '{kind} requests per minute{per}' of service \
             'sheets.googleapis.com' for consumer 'project_number:100000000000'."
        );
        Self::new(429, "RESOURCE_EXHAUSTED", message).with_reason(
            "RATE_LIMIT_EXCEEDED",
            &json!({
                "consumer": "projects/100000000000",
                "quota_limit": format!("{kind}RequestsPerMinute{quota}"),
                "quota_limit_value": limit.to_string(),
                "quota_location": "global",
                "quota_metric": format!("sheets.googleapis.com/{}_requests", kind.to_lowercase()),
                "service": "sheets.googleapis.com",
            }),
        )
    }

    /// 500 and 503, as the sandbox's faults ask for them.
    pub fn failure(code: u16) -> Self {
        match code {
            409 => Self::new(409, "ABORTED", "The operation was aborted."),
            503 => Self::new(503, "UNAVAILABLE", "The service is currently unavailable."),
            _ => Self::new(500, "INTERNAL", "Internal error encountered."),
        }
    }

    /// 501: Google knows it and the stand-in does not.
    pub fn unimplemented(what: &str) -> Self {
        Self::new(501, "UNIMPLEMENTED", format!("The sandbox does not know {what}."))
    }

    /// The same error with its place in a batch in front, as in `Invalid requests[0].addSheet: …`.
    #[must_use]
    pub fn within(self, place: &str) -> Self {
        Self { message: format!("Invalid {place}: {}", self.message), ..self }
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The HTTP status.
    pub const fn code(&self) -> u16 {
        self.code
    }

    fn with_reason(mut self, reason: &str, metadata: &Value) -> Self {
        self.details.push(json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": reason,
            "domain": "googleapis.com",
            "metadata": metadata,
        }));
        self
    }

    /// The HTTP answer.
    pub fn answer(&self) -> Response<Bytes> {
        let mut error = json!({"code": self.code, "message": self.message, "status": self.status});
        if let (false, Some(fields)) = (self.details.is_empty(), error.as_object_mut()) {
            fields.insert("details".to_owned(), json!(self.details));
        }
        answer::json(self.code, &json!({ "error": error }))
    }
}
