//! The id that follows one request from the browser through API, event, queue, mail and row.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The request and response header that carries the id.
pub const CORRELATION_HEADER: &str = "x-correlation-id";

const SHORTEST: usize = 8;
const LONGEST: usize = 64;

/// 8 to 64 characters of `A-Z a-z 0-9 _ -`: safe in a log, a header and a message attribute.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct CorrelationId(String);

/// The text is too short, too long, or has other characters.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a correlation id has 8 to 64 characters of A-Z a-z 0-9 _ -")]
pub struct InvalidCorrelationId;

impl CorrelationId {
    /// The caller's own id, if it sent a valid one, else one made from the platform's request id. A caller with an
    /// invalid id is served: the id is a convenience, not a condition.
    pub fn from_request(header: Option<&str>, request_id: &str) -> Self {
        header.and_then(|text| text.parse().ok()).unwrap_or_else(|| Self::from_request_id(request_id))
    }

    /// From a request id of API Gateway (`JKJaXmPLvHcESHA=`) or Lambda (a UUID): what is not allowed becomes `-`.
    pub fn from_request_id(request_id: &str) -> Self {
        let mut text: String =
            request_id.chars().take(LONGEST).map(|char| if is_allowed(char) { char } else { '-' }).collect();
        while text.len() < SHORTEST {
            text.push('-');
        }
        Self(text)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CorrelationId {
    type Err = InvalidCorrelationId;

    fn from_str(text: &str) -> Result<Self, InvalidCorrelationId> {
        let valid = (SHORTEST..=LONGEST).contains(&text.len()) && text.chars().all(is_allowed);
        valid.then(|| Self(text.to_owned())).ok_or(InvalidCorrelationId)
    }
}

impl TryFrom<String> for CorrelationId {
    type Error = InvalidCorrelationId;

    fn try_from(text: String) -> Result<Self, InvalidCorrelationId> {
        text.parse()
    }
}

impl fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_allowed(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '-' || char == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_callers_id_is_kept_if_it_is_valid() {
        let longest = "x".repeat(64);
        for id in ["abcdefgh", "Cart-42_retry", &longest] {
            assert_eq!(CorrelationId::from_request(Some(id), "request-1").as_str(), id);
        }
    }

    #[test]
    fn anything_else_falls_back_to_the_request_id() {
        let too_long = "x".repeat(65);
        for id in ["", "short", "with space", "line\nbreak", "\"quoted\"", "ümlaut-id", &too_long] {
            assert_eq!(CorrelationId::from_request(Some(id), "request-1").as_str(), "request-1");
        }
        assert_eq!(CorrelationId::from_request(None, "JKJaXmPLvHcESHA=").as_str(), "JKJaXmPLvHcESHA-");
    }

    #[test]
    fn an_id_made_from_any_request_id_is_valid() {
        for request_id in ["", "a", "ü", "{}\n", &"=".repeat(200)] {
            let id = CorrelationId::from_request_id(request_id);
            assert_eq!(id.as_str().parse(), Ok(id.clone()));
        }
    }

    #[test]
    fn a_stored_id_is_checked_when_it_is_read() {
        assert_eq!(serde_json::from_str::<CorrelationId>("\"abcdefgh\"").unwrap().as_str(), "abcdefgh");
        assert!(serde_json::from_str::<CorrelationId>("\"a b c d e\"").is_err());
    }
}
