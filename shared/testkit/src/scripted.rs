//! A transport with scripted answers, which records the requests.

use std::cell::RefCell;
use std::collections::VecDeque;

use bytes::Bytes;
use http::{Request, Response};
use resilience::{Transport, TransportError};
use serde_json::Value;

/// What the other side does with one request.
#[derive(Clone, Debug)]
pub enum Turn {
    /// It answers with this status, these headers and this body.
    Answer(u16, Vec<(&'static str, &'static str)>, String),
    /// The request does not reach it.
    NotSent,
    /// The request reaches it, perhaps; its answer does not come.
    Lost,
}

impl Turn {
    /// An answer without headers.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::Answer(status, vec![], body.to_string())
    }
}

/// The other side of a conversation that is known beforehand. A request beyond its last turn is a failed test.
#[derive(Debug)]
pub struct ScriptedTransport {
    turns: RefCell<VecDeque<Turn>>,
    /// Every request so far.
    pub asked: RefCell<Vec<Request<Bytes>>>,
}

impl ScriptedTransport {
    /// One turn for each request.
    pub fn new(turns: impl IntoIterator<Item = Turn>) -> Self {
        Self { turns: RefCell::new(turns.into_iter().collect()), asked: RefCell::default() }
    }

    /// `METHOD /path?query rest` of each request, with the rest of what matters to the one who asks.
    pub fn lines(&self, rest: impl Fn(&Request<Bytes>) -> String) -> Vec<String> {
        let line = |request: &Request<Bytes>| {
            let path = request.uri().path_and_query().unwrap().as_str();
            format!("{} {path} {}", request.method(), rest(request)).trim().to_owned()
        };
        self.asked.borrow().iter().map(line).collect()
    }

    /// The values of a header over all requests; empty text where it was not sent.
    pub fn header(&self, name: &str) -> Vec<String> {
        let value = |request: &Request<Bytes>| {
            request.headers().get(name).map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
        };
        self.asked.borrow().iter().map(value).collect()
    }

    /// The JSON body of the request at this place.
    pub fn body(&self, place: usize) -> Value {
        serde_json::from_slice(self.asked.borrow()[place].body()).unwrap()
    }
}

impl Transport for ScriptedTransport {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        self.asked.borrow_mut().push(request);
        match self.turns.borrow_mut().pop_front().expect("nobody expected another request") {
            Turn::Answer(status, headers, body) => {
                let mut response = Response::builder().status(status);
                for (name, value) in headers {
                    response = response.header(name, value);
                }
                Ok(response.body(Bytes::from(body)).unwrap())
            }
            Turn::NotSent => Err(TransportError::NotSent("refused".into())),
            Turn::Lost => Err(TransportError::OutcomeUnknown("reset".into())),
        }
    }
}
