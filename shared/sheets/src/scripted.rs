//! A transport for tests: gives the answers it was given, and keeps what it was asked.

use std::cell::RefCell;
use std::collections::VecDeque;

use bytes::Bytes;
use domain::Timestamp;
use http::{Request, Response};
use resilience::{Deadline, SeededIds, Transport, TransportError, VirtualClock};
use serde_json::{Value, json};

use crate::{ServiceAccount, Sheets};

/// What the other side does with one request.
pub(crate) enum Turn {
    Json(u16, Value),
    RetryAfter(&'static str),
    NotSent,
    Lost,
}

/// Google's error, as it writes it.
pub(crate) fn failure(status: u16, message: &str) -> Turn {
    Turn::Json(status, json!({"error": {"code": status, "message": message, "status": "X"}}))
}

/// The token endpoint's answer.
pub(crate) fn token(value: &str) -> Turn {
    Turn::Json(200, json!({"access_token": value, "expires_in": 3599, "token_type": "Bearer"}))
}

pub(crate) struct Scripted {
    turns: RefCell<VecDeque<Turn>>,
    pub(crate) asked: RefCell<Vec<Request<Bytes>>>,
}

impl Scripted {
    pub(crate) fn new(turns: impl IntoIterator<Item = Turn>) -> Self {
        Self { turns: RefCell::new(turns.into_iter().collect()), asked: RefCell::default() }
    }

    /// `METHOD /path?query [token]` of each request.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |request: &Request<Bytes>| {
            let path = request.uri().path_and_query().unwrap().as_str();
            let token = request.headers().get("authorization").map_or("", |value| value.to_str().unwrap());
            format!("{} {path} {}", request.method(), token.trim_start_matches("Bearer ")).trim().to_owned()
        };
        self.asked.borrow().iter().map(line).collect()
    }

    /// The JSON body of the request at this place.
    pub(crate) fn body(&self, place: usize) -> Value {
        serde_json::from_slice(self.asked.borrow()[place].body()).unwrap()
    }
}

impl Transport for Scripted {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        self.asked.borrow_mut().push(request);
        let response = match self.turns.borrow_mut().pop_front().expect("nobody expected another request") {
            Turn::Json(status, body) => Response::builder().status(status).body(Bytes::from(body.to_string())),
            Turn::RetryAfter(after) => Response::builder().status(429).header("retry-after", after).body(Bytes::new()),
            Turn::NotSent => return Err(TransportError::NotSent("refused".into())),
            Turn::Lost => return Err(TransportError::OutcomeUnknown("reset".into())),
        };
        Ok(response.unwrap())
    }
}

pub(crate) type ScriptedSheets<'a> = Sheets<&'a Scripted, VirtualClock, SeededIds>;

/// Runs a conversation with a scripted Google on a clock that starts at 1 790 000 000; deadlines are two hours off.
pub(crate) fn converse<R>(
    script: &Scripted,
    conversation: impl AsyncFnOnce(&ScriptedSheets<'_>, &VirtualClock, Deadline) -> R,
) -> R {
    let clock = VirtualClock::at(Timestamp::from_seconds(1_790_000_000));
    let deadline = Deadline::at(Timestamp::from_seconds(1_790_007_200));
    let account = ServiceAccount::from_json(include_str!("../testdata/service_account.json")).unwrap();
    let ids = SeededIds::new(7);
    let sheets = Sheets::new(script, clock.clone(), ids, "https://google.test/", account, "sheet-1", "Bob's orders");
    clock.run(conversation(&sheets, &clock, deadline))
}
