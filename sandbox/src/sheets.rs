//! The Google Sheets stand-in: the token endpoint for service accounts and the part of Sheets v4 that works on values
//! and tabs, with Google's habits, quotas and limits.
//!
//! A state machine: time is handed in, nothing waits. Must not know who uses it.

mod a1;
mod account;
mod api;
mod batch;
mod book;
mod cell;
mod control;
mod edit;
mod enter;
mod error;
mod evaluate;
mod fields;
mod format;
mod formula;
mod functions;
mod grid;
mod page;
mod quota;
mod render;
mod route;
mod snapshot;
mod token;
mod values;

use bytes::Bytes;
use domain::Timestamp;
use http::{HeaderValue, Request, Response, header};
use serde::{Deserialize, Serialize};

use crate::answer;
use crate::draw::Draw;
use crate::{Refusal, StandIn};

use self::account::ServiceAccount;
use self::book::Spreadsheet;
use self::error::GoogleError;
use self::quota::Usage;
use self::token::Tokens;

pub use self::account::{KeyFile, development_key_file};

pub use self::quota::Quotas;

/// What the stand-in starts with.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Who may ask for a token.
    pub service_accounts: Vec<KeyFile>,
    /// The spreadsheets that exist, shared with every account.
    pub spreadsheets: Vec<NewSpreadsheet>,
    /// Requests per minute.
    pub quotas: Quotas,
}

/// A spreadsheet that exists from the start.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewSpreadsheet {
    /// The id in its address.
    pub id: String,
    /// The title.
    pub title: String,
    /// Titles of its tabs, `Sheet1` when there are none.
    #[serde(default)]
    pub tabs: Vec<String>,
}

impl Default for Settings {
    /// The development account, one spreadsheet `sandbox-orders` with one tab `Orders`, Google's quotas.
    fn default() -> Self {
        let spreadsheet = NewSpreadsheet {
            id: "sandbox-orders".to_owned(),
            title: "Orders".to_owned(),
            tabs: vec!["Orders".to_owned()],
        };
        Self {
            service_accounts: vec![KeyFile::development()],
            spreadsheets: vec![spreadsheet],
            quotas: Quotas::default(),
        }
    }
}

/// Google's token endpoint and Sheets.
#[derive(Debug)]
pub struct Sheets {
    accounts: Vec<ServiceAccount>,
    quotas: Quotas,
    usage: Usage,
    tokens: Tokens,
    draw: Draw,
    books: Vec<Spreadsheet>,
}

impl Sheets {
    /// The spreadsheets of the settings, empty.
    pub fn new(seed: u64, settings: &Settings) -> Self {
        let mut accounts = Vec::new();
        for file in &settings.service_accounts {
            match ServiceAccount::from_key_file(file) {
                Ok(account) => accounts.push(account),
                Err(error) => tracing::error!(%error, "a service account of the settings is left out"),
            }
        }
        let books = settings.spreadsheets.iter().map(|new| Spreadsheet::new(&new.id, &new.title, &new.tabs)).collect();
        Self {
            accounts,
            quotas: settings.quotas,
            usage: Usage::default(),
            tokens: Tokens::default(),
            draw: Draw::new(seed),
            books,
        }
    }

    /// The quotas, to change them while it runs.
    pub fn quotas_mut(&mut self) -> &mut Quotas {
        &mut self.quotas
    }
}

impl StandIn for Sheets {
    fn handle(&mut self, now: Timestamp, request: &Request<Bytes>) -> Response<Bytes> {
        if request.uri().path() == "/token" {
            if request.method() != http::Method::POST {
                return GoogleError::not_found().answer();
            }
            return self.tokens.exchange(now, request, &self.accounts, &mut self.draw);
        }
        match self.call(now, request) {
            Ok(body) => answer::json(200, &body),
            Err(error) => error.answer(),
        }
    }

    fn refuse(&mut self, _now: Timestamp, request: &Request<Bytes>, refusal: Refusal) -> Response<Bytes> {
        let is_read = request.method() == http::Method::GET;
        let error = match refusal {
            Refusal::TooManyRequests { .. } if is_read => GoogleError::quota("Read", true, self.quotas.reads_per_user),
            Refusal::TooManyRequests { .. } => GoogleError::quota("Write", true, self.quotas.writes_per_user),
            other => GoogleError::failure(other.status()),
        };
        let mut response = error.answer();
        if let Refusal::TooManyRequests { retry_after: Some(seconds) } = refusal {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    fn control(&mut self, now: Timestamp, request: &Request<Bytes>, _path: &[&str]) -> Response<Bytes> {
        self.answer_control(now, request).unwrap_or_else(|| answer::problem(404, "no such spreadsheet"))
    }
}

#[cfg(test)]
mod tests;
