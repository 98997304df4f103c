//! The sandbox as the other side of the HTTP seam: calls reach it in process, without a socket.

use bytes::Bytes;
use http::{Request, Response};
use resilience::{Clock, Transport, TransportError};

use crate::{Outcome, Shared, faults::Loss};

/// Sends requests straight to a sandbox; latency passes by the clock that is handed in.
#[derive(Clone, Debug)]
pub struct SandboxTransport<C> {
    sandbox: Shared,
    clock: C,
}

impl<C: Clock> SandboxTransport<C> {
    /// A transport to that sandbox.
    pub const fn new(sandbox: Shared, clock: C) -> Self {
        Self { sandbox, clock }
    }
}

/// Why the sandbox gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum NoAnswer {
    #[error("connection refused")]
    Refused,
    #[error("connection reset")]
    Reset,
    #[error("timed out")]
    TimedOut,
}

impl<C: Clock> Transport for SandboxTransport<C> {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let outcome = self.sandbox.lock().handle(self.clock.now(), &request);
        self.sandbox.notify();
        match outcome {
            Outcome::Answer { response, delay } => {
                self.wait(delay).await;
                Ok(response)
            }
            Outcome::NoAnswer { loss, delay, .. } => {
                self.wait(delay).await;
                Err(match loss {
                    Loss::Unreachable => TransportError::NotSent(NoAnswer::Refused.into()),
                    Loss::Reset => TransportError::OutcomeUnknown(NoAnswer::Reset.into()),
                    Loss::Silence(_) => TransportError::OutcomeUnknown(NoAnswer::TimedOut.into()),
                })
            }
        }
    }
}

impl<C: Clock> SandboxTransport<C> {
    async fn wait(&self, delay: std::time::Duration) {
        if !delay.is_zero() {
            self.clock.sleep(delay).await;
        }
    }
}
