//! Errors in SendGrid's shape.

use bytes::Bytes;
use http::Response;
use serde::Serialize;

const HELP: &str = "http://sendgrid.com/docs/API_Reference/Web_API_v3/Mail/errors.html#message.";

/// One entry of SendGrid's `errors` array.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApiError {
    /// What is wrong, in SendGrid's words where they are known.
    pub message: String,
    /// Dotted path of the field at fault, with array indices.
    pub field: Option<String>,
    /// Address of the page about it.
    pub help: Option<String>,
}

impl ApiError {
    /// An error that is about no field.
    pub fn plain(message: impl Into<String>) -> Self {
        Self { message: message.into(), field: None, help: None }
    }

    /// An error about a field; the help address follows from it (`personalizations.0.to` → `personalizations.to`).
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        let field = field.into();
        let topic: Vec<_> = field.split('.').filter(|part| part.parse::<usize>().is_err()).take(2).collect();
        let help = format!("{HELP}{}", topic.join("."));
        Self { message: message.into(), field: Some(field), help: Some(help) }
    }
}

/// `{"errors":[…]}` with a status.
pub fn answer(status: u16, errors: &[ApiError]) -> Response<Bytes> {
    crate::answer::json(status, &serde_json::json!({ "errors": errors }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_points_to_the_field_without_its_indices() {
        let error = ApiError::field("personalizations.0.to.3.email", "Does not contain a valid address.");
        assert!(error.help.unwrap().ends_with("errors.html#message.personalizations.to"));
        assert!(ApiError::field("from.email", "").help.unwrap().ends_with("#message.from.email"));
    }
}
