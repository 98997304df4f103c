//! The sandbox as the other side of the HTTP seam: calls reach it in process, without a socket.

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
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
    async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        name_host(&mut request);
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

/// Adds the `Host` header, as an HTTP client does on its way to the wire.
fn name_host(request: &mut Request<Bytes>) {
    let host = request.uri().authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    if let Some(host) = host {
        request.headers_mut().entry(header::HOST).or_insert(host);
    }
}

impl<C: Clock> SandboxTransport<C> {
    async fn wait(&self, delay: std::time::Duration) {
        if !delay.is_zero() {
            self.clock.sleep(delay).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fault, FaultKind, Settings};
    use resilience::SystemClock;

    fn request() -> Request<Bytes> {
        let key = format!("Bearer {}", Settings::default().stripe.secret_key);
        Request::post("http://stripe.test/v1/payment_intents")
            .header("authorization", key)
            .body(Bytes::from_static(b"amount=500&currency=usd"))
            .unwrap()
    }

    async fn send_with(fault: Option<FaultKind>) -> (Result<Response<Bytes>, TransportError>, usize) {
        let shared = Shared::new(Settings::default());
        if let Some(kind) = fault {
            shared.lock().faults.add(Fault::new(kind));
        }
        let outcome = SandboxTransport::new(shared.clone(), SystemClock).send(request()).await;
        let made = shared.lock().stripe.payment_intent_count();
        (outcome, made)
    }

    #[tokio::test(flavor = "current_thread")]
    async fn each_loss_shows_as_the_transport_error_that_a_socket_would_give() {
        let (answer, made) = send_with(None).await;
        assert_eq!((answer.unwrap().status().as_u16(), made), (200, 1));
        let (answer, made) = send_with(Some(FaultKind::Unreachable)).await;
        assert!(matches!(answer, Err(TransportError::NotSent(_))) && made == 0);
        let (answer, made) = send_with(Some(FaultKind::ConnectionReset)).await;
        assert!(matches!(answer, Err(TransportError::OutcomeUnknown(_))) && made == 0);
        let (answer, made) = send_with(Some(FaultKind::Timeout { millis: 1 })).await;
        assert!(matches!(answer, Err(TransportError::OutcomeUnknown(_))) && made == 0);
        let (answer, made) = send_with(Some(FaultKind::AnswerLost { millis: 0 })).await;
        assert!(matches!(answer, Err(TransportError::OutcomeUnknown(_))) && made == 1, "done, and the answer lost");
    }
}
