//! The network to the providers, where requests may arrive after their sender's timeout.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use resilience::{Clock as _, Transport, TransportError, VirtualClock};
use sandbox::{Provider, SandboxTransport, Shared};
use serde_json::{Value, json};

use crate::injector::{SeededInjector, Symptom};
use crate::observed_store::ObservedStore;

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
    mutator: Option<RequestMutator>,
    store: ObservedStore,
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
        mutator: Option<RequestMutator>,
        store: ObservedStore,
    ) -> Self {
        let sandbox = SandboxTransport::new(sandbox, injector.clock().clone());
        Self { sandbox, injector, mutator, store }
    }

    fn clock(&self) -> &VirtualClock {
        self.injector.clock()
    }

    /// Sends a request, and notes what it says about refunds.
    async fn observed(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let (steps, uri) = (self.store.steps(), request.uri().clone());
        let is_list = request.method() == Method::GET && uri.path() == "/v1/refunds";
        if request.method() == Method::POST {
            steps.note_request(uri.path(), request.body(), self.clock().now());
        }
        let response = self.sandbox.send(request).await?;
        if is_list && response.status().is_success() {
            steps.note_list(uri.query().unwrap_or_default(), self.clock().now());
        }
        Ok(response)
    }
}

/// Objects in the same Stripe account that other applications made, or a later version of Stripe.
fn stranger(path: &str) -> Option<Value> {
    Some(match path {
        "/v1/payment_intents" => json!({
            "id": "pi_stranger", "object": "payment_intent", "created": 1, "status": "requires_thought", "amount": 7,
            "amount_received": null, "currency": "xts", "metadata": {},
        }),
        "/v1/refunds" => json!({
            "id": "re_stranger", "object": "refund", "created": 1, "status": null, "amount": 7, "currency": "xts",
            "payment_intent": null, "metadata": null,
        }),
        "/v1/disputes" => json!({
            "id": "du_stranger", "object": "dispute", "created": 1, "status": "reconsidered", "amount": 7,
            "currency": "xts", "payment_intent": null, "balance_transactions": null, "evidence_details": {},
        }),
        _ => return None,
    })
}

impl Network {
    /// The answer with a stranger in front of its list, in worlds that have strangers.
    fn with_strangers(&self, path: &str, answer: Response<Bytes>) -> Response<Bytes> {
        let stranger = self.injector.profile().strangers.then(|| stranger(path)).flatten();
        let (Some(stranger), true) = (stranger, answer.status().is_success()) else { return answer };
        answer.map(|body| match serde_json::from_slice::<Value>(&body) {
            Ok(mut list) => {
                if let Some(data) = list["data"].as_array_mut() {
                    data.insert(0, stranger);
                }
                Bytes::from(list.to_string())
            }
            Err(_) => body,
        })
    }

    /// What comes back from a provider that is down.
    async fn down(&self, symptom: Symptom) -> Result<Response<Bytes>, TransportError> {
        match symptom {
            Symptom::Unreachable => Err(TransportError::NotSent(Unreachable.into())),
            Symptom::Silent => {
                self.clock().sleep(PATIENCE).await;
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
        let is_of_all = request.method() == Method::GET && !request.uri().to_string().contains("payment_intent=");
        let path = if is_of_all { request.uri().path().to_owned() } else { String::new() };
        if let Some(symptom) = self.injector.outage(Provider::of_path(request.uri().path())) {
            return self.down(symptom).await;
        }
        let may_be_late = !request.uri().path().starts_with(SHEETS);
        let later = may_be_late.then(|| self.injector.request_lost_on_the_way()).flatten();
        let Some(later) = later else {
            return self.observed(request).await.map(|answer| self.with_strangers(&path, answer));
        };
        let (network, text) = (self.clone(), format!("{} {}", request.method(), request.uri().path()));
        self.injector.executor().spawn("the network", async move {
            network.clock().sleep(PATIENCE + later).await;
            let status = network.observed(request).await.map(|response| response.status().as_u16());
            network.injector.say(None, || format!("{text} arrives late: {status:?}"));
        });
        self.clock().sleep(PATIENCE).await;
        Err(TransportError::OutcomeUnknown(Timeout.into()))
    }
}
