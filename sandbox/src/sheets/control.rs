//! The sheet's control API and page:
//!
//! - `GET /_sandbox/sheets` (HTML), `GET /_sandbox/sheets/{id}?tab=` (JSON; HTML for a browser)
//! - `POST /_sandbox/sheets` `{"id","title","tabs"}`, `DELETE /_sandbox/sheets/{id}`
//! - `POST /_sandbox/sheets/{id}/cells` `{"tab","edits":[{"set":{"cell","value"}},{"sort":{"column"}},
//!   {"delete_rows":{"from","count"}},{"insert_rows":{"before","count"}}]}`
//! - `GET` and `PATCH /_sandbox/sheets/quotas`, `GET /_sandbox/sheets/service_account`

use bytes::Bytes;
use domain::Timestamp;
use http::{Request, Response, header};
use serde_json::{Value as Json, json};

use super::book::{Block, Spreadsheet};
use super::edit::Edits;
use super::evaluate::Evaluator;
use super::render::{self, RenderOption, Rendering};
use super::{NewSpreadsheet, Sheets, account, page};
use crate::answer;

impl Sheets {
    pub(super) fn answer_control(&mut self, now: Timestamp, request: &Request<Bytes>) -> Option<Response<Bytes>> {
        let path = request.uri().path().strip_prefix("/_sandbox/sheets")?;
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        let parameter = |name: &str| {
            let query = request.uri().query().unwrap_or_default().as_bytes();
            form_urlencoded::parse(query).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        match (request.method().as_str(), segments.as_slice()) {
            ("GET", []) => {
                let wanted = parameter("id");
                let book = self.books.iter().find(|book| wanted.as_ref().is_none_or(|id| book.id == *id))?;
                Some(page::spreadsheet(&self.books, book, parameter("tab").as_deref(), now))
            }
            ("POST", []) => Some(self.create_by_hand(request.body())),
            ("GET", ["quotas"]) => Some(answer::json(200, &self.quotas)),
            ("PATCH", ["quotas"]) => Some(self.change_quotas(request.body())),
            ("GET", ["service_account"]) => {
                let host = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
                let token_uri = format!("http://{}/token", host.unwrap_or("127.0.0.1"));
                Some(answer::json(200, &account::development_key_file(&token_uri)))
            }
            ("GET", [id]) => {
                let book = self.books.iter().find(|book| book.id == *id)?;
                if wants_page(request) {
                    return Some(page::spreadsheet(&self.books, book, parameter("tab").as_deref(), now));
                }
                Some(answer::json(200, &describe(book, now)))
            }
            ("DELETE", [id]) => {
                let index = self.books.iter().position(|book| book.id == *id)?;
                self.books.remove(index);
                Some(answer::empty(204))
            }
            ("POST", [id, "cells"]) => {
                let book = self.books.iter_mut().find(|book| book.id == *id)?;
                Some(edit(book, request.body(), now))
            }
            _ => None,
        }
    }

    fn create_by_hand(&mut self, body: &Bytes) -> Response<Bytes> {
        match serde_json::from_slice::<NewSpreadsheet>(body) {
            Ok(new) if self.books.iter().any(|book| book.id == new.id) => {
                answer::problem(409, "there is a spreadsheet with this id")
            }
            Ok(new) => {
                let book = Spreadsheet::new(&new.id, &new.title, &new.tabs);
                let resource = book.resource();
                self.books.push(book);
                answer::json(201, &resource)
            }
            Err(error) => answer::problem(400, &error.to_string()),
        }
    }

    /// Merges the given quotas into the present ones; an unknown or ill-typed one changes nothing.
    fn change_quotas(&mut self, body: &Bytes) -> Response<Bytes> {
        let Ok(Json::Object(wanted)) = serde_json::from_slice(body) else {
            return answer::problem(400, "a JSON object of quotas is expected");
        };
        let mut merged = serde_json::to_value(self.quotas).unwrap_or_default();
        if let Some(fields) = merged.as_object_mut() {
            fields.extend(wanted);
        }
        match serde_json::from_value(merged) {
            Ok(quotas) => {
                self.quotas = quotas;
                answer::json(200, &self.quotas)
            }
            Err(error) => answer::problem(400, &error.to_string()),
        }
    }
}

/// Whether the caller is a browser with a page open, rather than a program.
fn wants_page(request: &Request<Bytes>) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

fn edit(book: &mut Spreadsheet, body: &Bytes, now: Timestamp) -> Response<Bytes> {
    let edits: Edits = match serde_json::from_slice(body) {
        Ok(edits) => edits,
        Err(error) => return answer::problem(400, &error.to_string()),
    };
    let mut copy = book.clone();
    if let Err(error) = edits.apply(&mut copy, now) {
        return answer::problem(error.code(), error.message());
    }
    *book = copy;
    answer::json(200, &describe(book, now))
}

/// Every tab with what it shows and what was entered, and the calls that its formulas would make to the outside.
fn describe(book: &Spreadsheet, now: Timestamp) -> Json {
    let whole = |tab: usize, option| {
        let grid = book.tabs.get(tab)?;
        let block = Block { tab, rows: (0, grid.rows), columns: (0, grid.columns) };
        let range = render::value_range(book, block, Rendering { option, ..Rendering::default() }, now).ok()?;
        Some(range.get("values").cloned().unwrap_or_else(|| json!([])))
    };
    let tabs: Vec<Json> = (0..book.tabs.len())
        .map(|tab| {
            json!({
                "properties": book.properties(tab),
                "values": whole(tab, RenderOption::Formatted),
                "entered": whole(tab, RenderOption::Formula),
            })
        })
        .collect();
    json!({"id": book.id, "title": book.title, "tabs": tabs, "outside_calls": outside_calls(book, now)})
}

/// Works out every cell and gives what their formulas would have fetched.
pub fn outside_calls(book: &Spreadsheet, now: Timestamp) -> Vec<super::evaluate::OutsideCall> {
    let evaluator = Evaluator::new(book, now);
    for (index, tab) in book.tabs.iter().enumerate() {
        for (row, column) in tab.occupied() {
            evaluator.value(index, row, column);
        }
    }
    evaluator.calls()
}
