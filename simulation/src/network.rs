//! The way to the providers: requests that arrive when nobody waits for them any more.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use resilience::{Clock as _, Transport, TransportError, VirtualClock};
use sandbox::{SandboxTransport, Shared};

use crate::executor::Executor;
use crate::injector::SeededInjector;

/// A sender waits no longer for an answer.
const PATIENCE: Duration = Duration::from_secs(8);

/// A row that is written by a request that nobody waits for any more stays old until somebody looks at the sheet again: it
/// has no version condition. That is for a repair of rows to mend, and is left out here.
const SHEETS: &str = "/v4/";

/// What a naive transport makes of a request.
pub type RequestMutator = Rc<dyn Fn(&mut Request<Bytes>)>;

/// The network between the functions and the sandbox; clones are the same one.
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

/// Nobody answered in time.
#[derive(Debug, thiserror::Error)]
#[error("timed out")]
struct Timeout;

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
}

impl Transport for Network {
    async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        if let Some(mutator) = &self.mutator {
            mutator(&mut request);
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
