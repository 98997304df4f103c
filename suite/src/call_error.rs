//! Why an invocation gave no result.

use std::time::Duration;

use crate::gate::Crash;

/// Why an invocation gave no result.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// There is no such function.
    #[error("there is no function {0}")]
    Unknown(String),
    /// The event is not what the function is called with.
    #[error("the event is not one of this function's")]
    Event(#[source] serde_json::Error),
    /// The result has no JSON form.
    #[error("the result has no JSON form")]
    Result(#[source] serde_json::Error),
    /// The wiring of the function failed before its handler ran.
    #[error("the function cannot start")]
    Start(#[source] Box<dyn std::error::Error>),
    /// The function's time was up.
    #[error("timed out after {} s", .0.as_secs())]
    TimedOut(Duration),
    /// Its process died.
    #[error(transparent)]
    Crash(#[from] Crash),
}
