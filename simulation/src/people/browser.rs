//! Requests of people to the shop and to Stripe. Their answers may get lost.

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use domain::OrderId;
use http::{Method, Request};
use resilience::Clock as _;
use sandbox::Outcome;
use serde_json::Value;

use crate::fixture::Token;
use crate::rng::SimRng;
use crate::world::World;

/// How often a request is repeated before the user gives up.
const TRIES: u32 = 12;

/// A user's browser. Clones belong to the same user.
#[derive(Clone, Debug)]
pub struct Browser {
    pub world: Rc<World>,
    pub token: Token,
    pub rng: Rc<SimRng>,
}

/// What the shop or Stripe answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// JSON, `null` when the body was none.
    pub body: Value,
    /// An earlier attempt had an unknown outcome.
    pub is_repeat: bool,
}

impl Reply {
    /// Whether the request succeeded.
    pub const fn is_good(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// Whether a retry may help.
    pub const fn may_get_better(&self) -> bool {
        self.status >= 500 || self.status == 429
    }

    /// A text in the answer.
    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.body.pointer(pointer)?.as_str()
    }
}

/// A request to the shop.
#[derive(Clone, Debug)]
pub struct Ask {
    pub method: Method,
    pub path: String,
    pub key: Option<String>,
    pub body: Option<Value>,
    pub order: OrderId,
}

impl Ask {
    /// A POST about an order; an empty `what` places it.
    pub fn post(order: OrderId, what: &str) -> Self {
        let path = if what.is_empty() { "/v1/orders".to_owned() } else { format!("/v1/orders/{order}/{what}") };
        Self { method: Method::POST, path, key: None, body: None, order }
    }

    /// A GET of an order.
    pub fn get(order: OrderId) -> Self {
        Self { method: Method::GET, path: format!("/v1/orders/{order}"), key: None, body: None, order }
    }

    /// A PATCH of an order.
    pub fn patch(order: OrderId) -> Self {
        Self { method: Method::PATCH, ..Self::get(order) }
    }

    /// With an idempotency key.
    #[must_use]
    pub fn with_key(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }

    /// With a body.
    #[must_use]
    pub fn with(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }
}

impl Browser {
    /// Sends a request to the shop once; `None` when no answer arrives.
    pub async fn ask_once(&self, ask: &Ask) -> Option<Reply> {
        let mut request = Request::builder()
            .method(&ask.method)
            .uri(format!("http://shop.test{}", ask.path))
            .header("authorization", &self.token.authorization)
            .header("content-type", "application/json");
        if let Some(key) = &ask.key {
            request = request.header("idempotency-key", key);
        }
        let body = ask.body.as_ref().map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        // Boxed: it holds the future of the function that answers.
        let answer = Box::pin(self.world.suite.http(request.body(body).ok()?)).await;
        let arrived = self.world.suite.gate().acknowledge("api.answer", || ()).await.is_ok();
        let reply = Reply {
            status: answer.status().as_u16(),
            body: serde_json::from_slice(answer.body()).unwrap_or_default(),
            is_repeat: false,
        };
        self.world.injector.say(Some(ask.order), || {
            let what = reply.text("/code").or_else(|| reply.text("/status")).unwrap_or_default();
            let lost = if arrived { "" } else { ", and the answer is lost" };
            format!("{} {}: {} {what}{lost}", ask.method, ask.path, reply.status)
        });
        arrived.then_some(reply)
    }

    /// Sends a request to the shop until the answer is final; `None` when the user gives up.
    pub async fn ask(&self, ask: Ask) -> Option<Reply> {
        let mut pause = Duration::from_millis(500);
        for n in 0..TRIES {
            match self.ask_once(&ask).await {
                Some(reply) if !reply.may_get_better() => return Some(Reply { is_repeat: n > 0, ..reply }),
                _ => self.think(pause).await,
            }
            pause = (pause * 2).min(Duration::from_mins(1));
        }
        None
    }

    /// Sends a request to Stripe, as its page in the browser or its dashboard does; `None` when no answer arrives.
    pub async fn stripe(&self, order: OrderId, path: &str, form: &[(&str, &str)]) -> Option<Reply> {
        self.think(Duration::from_millis(300)).await;
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let publishable = self.world.sandbox.lock().settings().stripe.publishable_key.clone();
        let request = Request::post(format!("http://stripe.test{path}"))
            .header("authorization", format!("Bearer {publishable}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from(body))
            .ok()?;
        let outcome = self.world.sandbox.lock().handle(self.world.clock.now(), &request);
        self.world.sandbox.notify();
        let reply = match outcome {
            Outcome::Answer { response, .. } => Some(Reply {
                status: response.status().as_u16(),
                body: serde_json::from_slice(response.body()).unwrap_or_default(),
                is_repeat: false,
            }),
            Outcome::NoAnswer { .. } => None,
        };
        self.world.injector.say(Some(order), || {
            let form: Vec<_> = form.iter().filter(|(name, _)| *name != "client_secret").collect();
            match &reply {
                Some(reply) => {
                    let status = reply.text("/status").or_else(|| reply.text("/error/code")).unwrap_or_default();
                    format!("at Stripe: POST {path} {form:?}: {} {status}", reply.status)
                }
                None => format!("at Stripe: POST {path} {form:?}: no answer"),
            }
        });
        reply
    }

    /// Waits for some time, up to this.
    pub async fn think(&self, longest: Duration) {
        self.world.clock.sleep(self.rng.between(Duration::from_millis(1), longest)).await;
    }
}
