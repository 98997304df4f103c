//! Errors of Google, by who has to act.

use std::time::Duration;

use bytes::Bytes;
use domain::Timestamp;
use http::{Response, StatusCode};
use resilience::{TransportError, Verdict, retry_after};
use serde::Deserialize;

/// Why the sheet was not written or read. Google's own text stays out, since it quotes what was sent.
#[derive(Debug, thiserror::Error)]
pub enum SheetsError {
    /// The minute's quota is used up; it is refilled each minute.
    #[error("quota exceeded")]
    QuotaExceeded {
        /// The wait that Google asked for, if it did.
        retry_after: Option<Duration>,
    },
    /// Google does not take the service account or its token, or the spreadsheet isn't shared with it: an operator acts.
    #[error("google refused the service account ({status})")]
    Unauthorized {
        /// 400 or 401 from the token endpoint, 401 or 403 from the sheet.
        status: u16,
    },
    /// There is no such spreadsheet.
    #[error("no such spreadsheet")]
    NotFound,
    /// A row lies below the grid's last one. [`Sheets::write_rows`](crate::Sheets::write_rows) makes room by itself.
    #[error("beyond the grid")]
    BeyondGrid,
    /// There is no such tab. [`Sheets::write_rows`](crate::Sheets::write_rows) adds it by itself.
    #[error("no such tab")]
    MissingTab,
    /// The spreadsheet has no room for another row: an operator gives another one.
    #[error("the spreadsheet is full")]
    Full,
    /// The request is wrong: repeating it changes nothing.
    #[error("refused ({status})")]
    Invalid {
        /// The HTTP status.
        status: u16,
    },
    /// Google failed or was not reached: try again.
    #[error("google sheets unavailable")]
    Unavailable {
        /// The HTTP status, if there was an answer.
        status: Option<u16>,
        /// What kept the request from leaving.
        #[source]
        source: Option<TransportError>,
    },
    /// The request left and no answer came. Rows are written by address, so another try is safe.
    #[error("google may or may not have acted")]
    OutcomeUnknown(#[source] TransportError),
    /// Google answered something else than it promises.
    #[error("google's answer cannot be read")]
    Unreadable(#[from] serde_json::Error),
    /// The request cannot be written down: a base address or an id with illegal characters.
    #[error("cannot build the request")]
    Unbuildable(#[from] http::Error),
    /// The token request could not be signed.
    #[error("cannot sign with the service account's key")]
    Unsigned,
}

impl SheetsError {
    /// Whether another try can end differently.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::QuotaExceeded { retry_after } => Verdict::Retry { after: *retry_after },
            Self::Unavailable { .. } | Self::OutcomeUnknown(_) => Verdict::RETRY,
            _ => Verdict::GiveUp,
        }
    }

    /// Reads the sheet's failure.
    ///
    /// Statuses: <https://developers.google.com/workspace/sheets/api/troubleshoot-api-errors>.
    pub(crate) fn read(response: &Response<Bytes>, now: Timestamp) -> Self {
        let status = response.status();
        let detail = Detail::of(response.body());
        let code = status.as_u16();
        match status {
            StatusCode::TOO_MANY_REQUESTS => Self::QuotaExceeded { retry_after: retry_after(response.headers(), now) },
            StatusCode::FORBIDDEN if detail.status == "RESOURCE_EXHAUSTED" => {
                Self::QuotaExceeded { retry_after: retry_after(response.headers(), now) }
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Self::Unauthorized { status: code },
            StatusCode::NOT_FOUND => Self::NotFound,
            // The API tells these two apart by their text alone.
            StatusCode::BAD_REQUEST if detail.message.contains("exceeds grid limits") => Self::BeyondGrid,
            StatusCode::BAD_REQUEST if detail.message.contains("Unable to parse range") => Self::MissingTab,
            // At ten million cells, empty ones included.
            StatusCode::BAD_REQUEST if detail.message.contains("number of cells in the workbook") => Self::Full,
            // 409: two writes met, and this one was put off.
            _ if status.is_client_error() && status != StatusCode::CONFLICT => Self::Invalid { status: code },
            _ => Self::Unavailable { status: Some(code), source: None },
        }
    }

    /// Reads the token endpoint's failure, which is OAuth's (RFC 6749, section 5.2).
    pub(crate) fn of_token(response: &Response<Bytes>, now: Timestamp) -> Self {
        let status = response.status();
        match status {
            StatusCode::TOO_MANY_REQUESTS => Self::QuotaExceeded { retry_after: retry_after(response.headers(), now) },
            _ if status.is_client_error() => Self::Unauthorized { status: status.as_u16() },
            _ => Self::Unavailable { status: Some(status.as_u16()), source: None },
        }
    }
}

impl From<TransportError> for SheetsError {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::NotSent(_) => Self::Unavailable { status: None, source: Some(error) },
            TransportError::OutcomeUnknown(_) => Self::OutcomeUnknown(error),
        }
    }
}

#[derive(Default, Deserialize)]
struct Failure {
    error: Detail,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Detail {
    message: String,
    status: String,
}

impl Detail {
    fn of(body: &[u8]) -> Self {
        serde_json::from_slice::<Failure>(body).unwrap_or_default().error
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(status: u16, kind: &str, message: &str) -> SheetsError {
        let body = json!({"error": {"code": status, "message": message, "status": kind}}).to_string();
        let response = Response::builder().status(status).body(Bytes::from(body)).unwrap();
        SheetsError::read(&response, Timestamp::from_seconds(0))
    }

    #[test]
    fn each_failure_finds_whoever_has_to_act() {
        use SheetsError as E;
        let beyond = "Range ('Orders'!A1001:L1001) exceeds grid limits. Max rows: 1000, max columns: 26";
        assert!(matches!(read(400, "INVALID_ARGUMENT", beyond), E::BeyondGrid));
        assert!(matches!(read(400, "INVALID_ARGUMENT", "Unable to parse range: 'Orders'!A1:L1"), E::MissingTab));
        let full = "This action would increase the number of cells in the workbook above the limit of 10000000 cells.";
        assert!(matches!(read(400, "INVALID_ARGUMENT", full), E::Full));
        assert!(matches!(read(400, "INVALID_ARGUMENT", "Invalid values[0][0]"), E::Invalid { status: 400 }));
        assert!(matches!(read(401, "UNAUTHENTICATED", ""), E::Unauthorized { status: 401 }));
        assert!(matches!(read(403, "PERMISSION_DENIED", ""), E::Unauthorized { status: 403 }));
        assert!(matches!(read(404, "NOT_FOUND", ""), E::NotFound));
        assert!(matches!(read(429, "RESOURCE_EXHAUSTED", ""), E::QuotaExceeded { retry_after: None }));
        assert!(matches!(read(403, "RESOURCE_EXHAUSTED", ""), E::QuotaExceeded { .. }));
        assert!(matches!(read(503, "UNAVAILABLE", ""), E::Unavailable { status: Some(503), .. }));
        assert!(matches!(read(409, "ABORTED", ""), E::Unavailable { status: Some(409), .. }));
    }

    #[test]
    fn what_was_sent_stays_out_of_errors() {
        let error = read(400, "INVALID_ARGUMENT", "Invalid values[0][4]: anna@example.com");
        assert!(!format!("{error} {error:?}").contains("anna"));
    }
}
