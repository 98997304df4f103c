//! A transport for tests: gives the answers it was given, and keeps what it was asked.

use std::cell::RefCell;
use std::collections::VecDeque;

use bytes::Bytes;
use domain::Timestamp;
use http::{Request, Response};
use resilience::{Deadline, SeededIds, Transport, TransportError, VirtualClock};

use crate::SendGrid;

/// What the other side does with one request.
pub(crate) enum Turn {
    Answer(u16, Vec<(&'static str, &'static str)>, String),
    NotSent,
    Lost,
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

/// Runs a conversation with a scripted SendGrid on a clock that starts at 1 790 000 000 and has a minute's time.
pub(crate) fn converse<R>(
    script: &Scripted,
    conversation: impl AsyncFnOnce(&SendGrid<&Scripted, VirtualClock, SeededIds>, Deadline) -> R,
) -> R {
    let clock = VirtualClock::at(Timestamp::from_seconds(1_790_000_000));
    let deadline = Deadline::at(Timestamp::from_seconds(1_790_000_060));
    let sendgrid = SendGrid::new(script, clock.clone(), SeededIds::new(7), "https://sendgrid.test/", "SG.key");
    clock.run(conversation(&sendgrid, deadline))
}
