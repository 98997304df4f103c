//! What the template says, in plain types. Names are without the stack's prefix: `send-email`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::pattern;

/// How functions, routes, topic, queues and stream hang together.
#[derive(Clone, Debug, PartialEq)]
pub struct Wiring {
    /// Functions by name.
    pub functions: BTreeMap<String, Function>,
    /// Routes of the API.
    pub routes: Vec<Route>,
    /// What browsers may do from other origins.
    pub cors: Option<Cors>,
    /// The API's authorizer, where a route asks for one.
    pub authorizer: Option<Authorizer>,
    /// Who gets what is published on the topic.
    pub subscriptions: Vec<Subscription>,
    /// Queues by name, dead letters included.
    pub queues: BTreeMap<String, Queue>,
    /// Queues that call functions.
    pub queue_mappings: Vec<QueueMapping>,
    /// Table streams that call functions.
    pub stream_mappings: Vec<StreamMapping>,
    /// Clocks that call functions.
    pub schedules: Vec<Schedule>,
}

/// A function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Longest invocation.
    pub timeout: Duration,
}

/// A route of the HTTP API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// As in `GET /v1/orders/{order_id}`, or [`DEFAULT`](Self::DEFAULT).
    pub key: String,
    /// The HTTP method; `None` for the default route.
    pub method: String,
    /// The path's segments; empty for the default route.
    pub segments: Vec<Segment>,
    /// Who answers.
    pub function: String,
    /// Who may call.
    pub authorization: Authorization,
}

impl Route {
    /// The key of the route that takes what no other does.
    pub const DEFAULT: &'static str = "$default";
}

/// The API's rules for browsers, which API Gateway itself carries out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    /// Whose pages may call.
    pub origins: Vec<String>,
    /// With which methods.
    pub methods: Vec<String>,
    /// With which headers of their own.
    pub headers: Vec<String>,
    /// Which headers of answers they may read.
    pub exposed: Vec<String>,
    /// Whether cookies go along.
    pub credentials: bool,
    /// How long a browser need not ask again.
    pub max_age: Duration,
}

/// One segment of a route's path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// This text.
    Text(String),
    /// Any text, handed on under this name.
    Parameter(String),
}

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// Everyone.
    Public,
    /// Callers that the authorizer knows.
    Authorizer,
}

/// The function that says who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorizer {
    /// Its name.
    pub function: String,
    /// How long its answer holds for the same `Authorization` header.
    pub cached_for: Duration,
}

/// A queue that listens to the topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Which queue.
    pub queue: String,
    /// Event types that match one of these, exact words or prefixes; `None` for all.
    pub event_types: Option<Vec<Value>>,
    /// The queue for what cannot be delivered.
    pub dead_letters: String,
}

impl Subscription {
    /// Whether the queue gets events of this type.
    pub fn wants(&self, event_type: &str) -> bool {
        self.event_types.as_ref().is_none_or(|choices| pattern::is_any_of(choices, &Value::from(event_type)))
    }
}

/// A queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// How long a received message stays out of sight.
    pub visibility: Duration,
    /// Where messages go that were received too often.
    pub redrive: Option<Redrive>,
}

/// When a message becomes a dead letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redrive {
    /// The queue of dead letters.
    pub dead_letters: String,
    /// Receives before that.
    pub max_receives: u32,
}

/// A queue that calls a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueMapping {
    /// From where.
    pub queue: String,
    /// To whom.
    pub function: String,
    /// The largest batch.
    pub batch: usize,
    /// Whether the function says which messages failed; otherwise one failure fails the batch.
    pub partial_failures: bool,
    /// The most concurrent invocations.
    pub concurrency: usize,
}

/// A table's stream that calls a function.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamMapping {
    /// Logical id of the table.
    pub table: String,
    /// To whom.
    pub function: String,
    /// The largest batch.
    pub batch: usize,
    /// Whether the function says from which record on it failed.
    pub partial_failures: bool,
    /// The retries before a batch is given up; `None` for no limit.
    pub retries: Option<u32>,
    /// The age at which a record is given up; `None` for never.
    pub max_age: Option<Duration>,
    /// Whether a failing batch is halved.
    pub bisect: bool,
    /// The queue that gets a record of what was given up.
    pub dead_letters: Option<String>,
    /// Records that match one of these event patterns; `None` for all.
    pub filters: Vec<Value>,
}

/// A clock that calls a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Whom.
    pub function: String,
    /// How often.
    pub every: Duration,
}
