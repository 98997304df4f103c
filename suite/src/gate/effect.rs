//! What passes the gate: an effect by its name, and the results that faults give it.

use bytes::Bytes;
use domain::OrderId;
use events::BusError;
use http::{HeaderValue, Response, StatusCode, header};
use resilience::TransportError;
use store::StoreError;

/// The kind of an effect, which decides the faults that it can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EffectKind {
    /// A repository is read.
    Read,
    /// A repository is written.
    Write,
    /// A repository is written, on condition that no other write came first.
    Conditional,
    /// A provider is asked.
    Provider,
    /// An event is published, a dead letter kept, or a message hidden.
    Publish,
    /// A message, a position of a stream or a webhook is acknowledged.
    Acknowledge,
}

/// An effect by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effect {
    /// As in `orders.save`.
    pub name: &'static str,
    /// What kind of thing it is.
    pub kind: EffectKind,
    /// The one order that it is about, where that is known.
    pub order: Option<OrderId>,
}

impl Effect {
    /// An effect of a kind.
    pub const fn new(kind: EffectKind, name: &'static str) -> Self {
        Self { name, kind, order: None }
    }

    /// The same, about this order.
    #[must_use]
    pub const fn of(self, order: OrderId) -> Self {
        Self { order: Some(order), ..self }
    }
}

/// The result of an effect, and the results that faults give it.
pub trait Answer: Sized {
    /// Nothing was done.
    fn failed() -> Self;

    /// It may have been done.
    fn lost() -> Self;

    /// Too much at once; nothing was done.
    fn throttled() -> Self;

    /// A concurrent write came first; nothing was done. Only conditional writes have this result.
    fn conflict() -> Self {
        Self::failed()
    }

    /// The result in a few words, for a trace.
    fn summary(&self) -> String;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum InjectedError {
    #[error("not reached")]
    Failed,
    #[error("the answer was lost")]
    Lost,
    #[error("throttled")]
    Throttled,
}

impl<T> Answer for Result<T, StoreError> {
    fn failed() -> Self {
        Err(StoreError::Unavailable(InjectedError::Failed.into()))
    }

    fn lost() -> Self {
        Err(StoreError::Unavailable(InjectedError::Lost.into()))
    }

    fn throttled() -> Self {
        Err(StoreError::Unavailable(InjectedError::Throttled.into()))
    }

    fn conflict() -> Self {
        Err(StoreError::Conflict)
    }

    fn summary(&self) -> String {
        summary(self)
    }
}

impl<T> Answer for Result<T, BusError> {
    fn failed() -> Self {
        Err(BusError(InjectedError::Failed.into()))
    }

    fn lost() -> Self {
        Err(BusError(InjectedError::Lost.into()))
    }

    fn throttled() -> Self {
        Err(BusError(InjectedError::Throttled.into()))
    }

    fn summary(&self) -> String {
        summary(self)
    }
}

impl Answer for Result<Response<Bytes>, TransportError> {
    fn failed() -> Self {
        Err(TransportError::NotSent(InjectedError::Failed.into()))
    }

    fn lost() -> Self {
        Err(TransportError::OutcomeUnknown(InjectedError::Lost.into()))
    }

    fn throttled() -> Self {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        Ok(response)
    }

    fn summary(&self) -> String {
        match self {
            Ok(response) => response.status().as_u16().to_string(),
            Err(error) => chain(error),
        }
    }
}

fn summary<T, E: std::error::Error>(answer: &Result<T, E>) -> String {
    answer.as_ref().map_or_else(|error| chain(error), |_| "ok".to_owned())
}

fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain(source)),
        None => error.to_string(),
    }
}
