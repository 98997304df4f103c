//! The network to the providers, where requests may arrive after their sender's timeout.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use resilience::{Clock as _, Transport, TransportError, VirtualClock};
use sandbox::{Provider, SandboxTransport, Shared};

use crate::executor::Executor;
use crate::injector::{SeededInjector, Symptom};

/// How long a sender waits for an answer.
const PATIENCE: Duration = Duration::from_secs(8);

/// A row written by a request whose sender has given up stays outdated until the order's next event, since rows have no
/// version condition. Repairing rows is another job's, so the sheet's requests are never late here.
const SHEETS: &str = "/v4/";

/// What a seeded bug changes about a request to a provider.
pub type RequestMutator = Rc<dyn Fn(&mut Request<Bytes>)>;

/// The network between the functions and the sandbox. Clones share it.
#[derive(Clone)]
pub struct Network {
    sandbox: SandboxTransport<VirtualClock>,
    injector: Rc<SeededInjector>,
    executor: Executor,
    clock: VirtualClock,
    mutator: Option<RequestMutator>,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Network")
    }
}

/// No answer in time.
#[derive(Debug, thiserror::Error)]
#[error("timed out")]
struct Timeout;

/// Nobody is there.
#[derive(Debug, thiserror::Error)]
#[error("connection refused")]
struct Unreachable;

impl Network {
    /// A network to this sandbox.
    pub fn new(
        sandbox: Shared,
        injector: Rc<SeededInjector>,
        executor: Executor,
        clock: VirtualClock,
        mutator: Option<RequestMutator>,
    ) -> Self {
        Self { sandbox: SandboxTransport::new(sandbox, clock.clone()), injector, executor, clock, mutator }
    }

    /// What comes back from a provider that is down.
    async fn down(&self, symptom: Symptom) -> Result<Response<Bytes>, TransportError> {
        match symptom {
            Symptom::Unreachable => Err(TransportError::NotSent(Unreachable.into())),
            Symptom::Silent => {
                self.clock.sleep(PATIENCE).await;
                Err(TransportError::OutcomeUnknown(Timeout.into()))
            }
            Symptom::Unavailable => {
                let mut response = Response::new(Bytes::new());
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                Ok(response)
            }
        }
    }
}

impl Transport for Network {
    async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        if let Some(mutator) = &self.mutator {
            mutator(&mut request);
        }
        if let Some(symptom) = self.injector.outage(Provider::of_path(request.uri().path())) {
            return self.down(symptom).await;
        }
        let may_be_late = !request.uri().path().starts_with(SHEETS);
        let later = may_be_late.then(|| self.injector.request_lost_on_the_way()).flatten();
        let Some(later) = later else { return self.sandbox.send(request).await };
        let (network, text) = (self.clone(), format!("{} {}", request.method(), request.uri().path()));
        self.executor.spawn("the network", async move {
            network.clock.sleep(PATIENCE + later).await;
            let status = network.sandbox.send(request).await.map(|response| response.status().as_u16());
            network.injector.say(None, || format!("{text} arrives late: {status:?}"));
        });
        self.clock.sleep(PATIENCE).await;
        Err(TransportError::OutcomeUnknown(Timeout.into()))
    }
}
