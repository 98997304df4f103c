//! One request to any stand-in: faults first, then the provider, or the controls.

use std::time::Duration;

use bytes::Bytes;
use domain::Timestamp;
use http::{Request, Response};

use crate::{
    Sandbox, control,
    faults::{CallResult, Loss, Plan},
    provider::Provider,
    requests::Call,
};

/// What comes of a request.
#[derive(Debug)]
pub enum Outcome {
    /// An answer, which takes a while.
    Answer {
        /// The answer.
        response: Response<Bytes>,
        /// How long it takes.
        delay: Duration,
    },
    /// No answer, ever.
    NoAnswer {
        /// How the call got lost.
        loss: Loss,
        /// Whether the provider did what was asked.
        acted: bool,
        /// Until the caller can notice.
        delay: Duration,
    },
}

impl Sandbox {
    /// Handles one request to any provider or to `/_sandbox/…`.
    pub fn handle(&mut self, now: Timestamp, request: &Request<Bytes>) -> Outcome {
        if let Some(journal) = &mut self.journal {
            journal.request(now, request);
        }
        self.tick(now);
        let path = request.uri().path();
        let outcome = match Provider::of_path(path) {
            Some(provider) => self.call(now, provider, request),
            None => Outcome::Answer { response: control::handle(self, now, request), delay: Duration::ZERO },
        };
        self.collect(now);
        outcome
    }

    fn call(&mut self, now: Timestamp, provider: Provider, request: &Request<Bytes>) -> Outcome {
        let (method, path) = (request.method().as_str(), request.uri().path());
        // A browser's preflight is not a call: faults aimed at the call must not be used up by it.
        let plan = if method == "OPTIONS" {
            Plan { latency: Duration::ZERO, result: CallResult::Answered }
        } else {
            self.faults.plan(provider, method, path)
        };
        let outcome = self.carry_out(now, provider, request, &plan);
        let (status, answered) = match &outcome {
            Outcome::Answer { response, .. } => (Some(response.status().as_u16()), true),
            Outcome::NoAnswer { .. } => (None, false),
        };
        let (method, path) = (method.to_owned(), path.to_owned());
        self.requests.record(Call { at: now, provider, method, path, status, answered });
        outcome
    }

    fn carry_out(&mut self, now: Timestamp, provider: Provider, request: &Request<Bytes>, plan: &Plan) -> Outcome {
        let delay = plan.latency;
        let stand_in = self.stand_in(provider);
        match plan.result {
            CallResult::Answered => {
                let response = stand_in.handle(now, request);
                if !delay.is_zero() {
                    stand_in.still_running(request, now.plus(delay));
                }
                Outcome::Answer { response, delay }
            }
            CallResult::Refused(refusal) => Outcome::Answer { response: stand_in.refuse(now, request, refusal), delay },
            CallResult::FailedAfterEffect => Outcome::Answer { response: stand_in.fail_after(now, request), delay },
            CallResult::Lost(Loss::Silence(silence)) => {
                Outcome::NoAnswer { loss: Loss::Silence(silence), acted: false, delay: delay + silence }
            }
            CallResult::Lost(loss) => Outcome::NoAnswer { loss, acted: false, delay },
            CallResult::AnswerLost { after } => {
                stand_in.handle(now, request);
                Outcome::NoAnswer { loss: Loss::Reset, acted: true, delay: delay + after }
            }
        }
    }
}

impl Outcome {
    /// The answer's status; `None` when there is no answer.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Answer { response, .. } => Some(response.status().as_u16()),
            Self::NoAnswer { .. } => None,
        }
    }
}
