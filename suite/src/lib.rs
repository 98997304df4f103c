//! Every handler in one process, wired as `template.yaml` says: routes and authorizer, the table's stream, topic with
//! filters, queues with visibility, batches, partial failures and dead letters, schedules.
//!
//! The local stack, the tests and the simulation run it. It does not emulate AWS's interfaces: handlers meet it through
//! the seams of the store, the bus, the HTTP transport, the clock and the ids, which are passed in. Must not know what
//! a function does with its event.

mod bus;
mod call;
mod call_error;
mod clients;
mod concurrency;
mod dynamo;
mod functions;
mod gate;
mod gateway;
mod pattern;
mod ports;
mod queues;
mod replace;
mod run;
pub mod secrets;
mod serve;
mod stream;
mod suite;
mod template;
mod warm;

pub use bus::{Bus, Counts, DeliverySchedule, Message, Misbehaviour};
pub use call_error::CallError;
pub use clients::SharedIds;
pub use dynamo::{DynamoError, LocalDynamo};
pub use functions::{ENDPOINTS, FUNCTIONS, call, request};
pub use gate::{
    Answer, BusGate, Crash, Effect, EffectKind, EffectSite, Fault, FaultInjector, FaultPlan, Gate, Invocation, Pause,
    StoreGate, TransportGate,
};
pub use gateway::SourceIp;
pub use ports::{Ports, Settings, Stores};
pub use run::{Activity, RunError};
pub use stream::{BatchOutcome, ChangeStream, Record, StreamError};
pub use suite::{Handler, Suite, Work};
pub use template::{
    Authorization, Authorizer, Cors, Function, Queue, QueueMapping, Redrive, Route, Schedule, Segment, StreamMapping,
    Subscription, TemplateError, Wiring,
};
pub use warm::{Local, Warm};
