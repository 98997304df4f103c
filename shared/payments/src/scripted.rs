//! A transport for tests: gives the answers it was given, and keeps what it was asked.

use std::cell::RefCell;
use std::collections::VecDeque;

use bytes::Bytes;
use domain::Timestamp;
use http::{Request, Response};
use resilience::{Deadline, SeededIds, Transport, TransportError, VirtualClock};

use crate::Stripe;

/// What the other side does with one request.
pub(crate) enum Turn {
    Answer(u16, Vec<(&'static str, &'static str)>, String),
    NotSent,
    Lost,
}

impl Turn {
    pub(crate) fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::Answer(status, vec![], body.to_string())
    }
}

#[derive(Default)]
pub(crate) struct Scripted {
    turns: RefCell<VecDeque<Turn>>,
    pub(crate) asked: RefCell<Vec<Request<Bytes>>>,
}

impl Scripted {
    pub(crate) fn new(turns: impl IntoIterator<Item = Turn>) -> Self {
        Self { turns: RefCell::new(turns.into_iter().collect()), asked: RefCell::default() }
    }

    /// `METHOD /path?query body` of each request.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |request: &Request<Bytes>| {
            let (uri, body) = (request.uri(), String::from_utf8_lossy(request.body()).into_owned());
            let path = uri.path_and_query().unwrap().as_str();
            format!("{} {path} {}", request.method(), body.replace("%5B", "[").replace("%5D", "]")).trim().to_owned()
        };
        self.asked.borrow().iter().map(line).collect()
    }

    /// The values of a header over all requests; empty text where it was not sent.
    pub(crate) fn header(&self, name: &str) -> Vec<String> {
        let value = |request: &Request<Bytes>| {
            request.headers().get(name).map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
        };
        self.asked.borrow().iter().map(value).collect()
    }
}

impl Transport for Scripted {
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

/// Runs a conversation with a scripted Stripe on a clock that starts at 1 790 000 000 and has a minute's time.
pub(crate) fn converse<R>(
    script: &Scripted,
    conversation: impl AsyncFnOnce(&Stripe<&Scripted, VirtualClock, SeededIds>, Deadline) -> R,
) -> R {
    let clock = VirtualClock::at(Timestamp::from_seconds(1_790_000_000));
    let deadline = Deadline::at(Timestamp::from_seconds(1_790_000_060));
    let stripe = Stripe::new(script, clock.clone(), SeededIds::new(7), "https://stripe.test/", "sk_test_1");
    clock.run(conversation(&stripe, deadline))
}
