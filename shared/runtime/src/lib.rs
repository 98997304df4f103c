//! What serves a function on Lambda: its environment, and the loop that hands it events.
//!
//! A program is one line: it says which handler answers. What the handler can be given is [`Lambda`], whose parts are
//! made when they are first asked for, so that a program links and starts only what its handler uses. Every variable of
//! the environment is read here and nowhere else. Must not know what a function does.

mod env;
mod fatal;
mod providers;
mod secrets;
mod tables;

use std::pin::Pin;
use std::time::Duration;

use api::{ApiError, Edge, Endpoint, Response};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use aws_lambda_events::event::streams::DynamoDbEventResponse;
use capabilities::{Guards as _, Time as _};
use lambda_http::Request;
use lambda_runtime::{LambdaEvent, service_fn};
use resilience::Deadline;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use settings::SecretError;

pub use env::Lambda;
pub use lambda_runtime::Error;

use fatal::or_default;

/// Answers requests of the API. What the endpoint does not allow, and what is too much, is answered without the handler.
///
/// # Errors
///
/// When the environment lacks something that every function needs, or Lambda's runtime API cannot be reached.
pub async fn serve(
    endpoint: Endpoint,
    handler: impl AsyncFn(&'static Lambda, Request) -> Result<Response, ApiError>,
) -> Result<(), Error> {
    let env = Lambda::start()?;
    let edge = Edge { guards: env.guards(), clock: *env.clock(), scale: or_default("RATE_LIMIT_SCALE", 1) };
    api::run(&edge, endpoint, async |request| handler(env, request).await).await
}

/// Works on batches of a queue. `reserve` is left of the invocation's time when nothing else is begun.
///
/// # Errors
///
/// As [`serve`].
pub async fn consume(
    reserve: Duration,
    handler: impl AsyncFn(&'static Lambda, Deadline, SqsEvent) -> Result<SqsBatchResponse, SecretError>,
) -> Result<(), Error> {
    let (env, handler) = (Lambda::start()?, &handler);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        let deadline = Deadline::of_invocation(event.context.deadline, reserve);
        boxed(handler(env, deadline, event.payload)).await.map_err(Error::from)
    }))
    .await
}

/// Works on batches of a table's stream, as they come.
///
/// # Errors
///
/// As [`serve`].
pub async fn follow(handler: impl AsyncFn(&'static Lambda, &Value) -> DynamoDbEventResponse) -> Result<(), Error> {
    let (env, handler) = (Lambda::start()?, &handler);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        Ok::<_, Error>(boxed(handler(env, &event.payload)).await)
    }))
    .await
}

/// Runs whenever the schedule says. `reserve` is left of the invocation's time when nothing else is begun.
///
/// # Errors
///
/// As [`serve`].
pub async fn run<R: Serialize, E: std::error::Error + Send + Sync + 'static>(
    reserve: Duration,
    handler: impl AsyncFn(&'static Lambda, Deadline) -> Result<R, E>,
) -> Result<(), Error> {
    let (env, handler) = (Lambda::start()?, &handler);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let deadline = Deadline::of_invocation(event.context.deadline, reserve);
        boxed(handler(env, deadline)).await.map_err(Error::from)
    }))
    .await
}

/// Answers what API Gateway asks its authorizer.
///
/// # Errors
///
/// As [`serve`].
pub async fn authorize<Q: DeserializeOwned + 'static, A: Serialize, E: std::error::Error + Send + Sync + 'static>(
    handler: impl AsyncFn(&'static Lambda, Q) -> Result<A, E>,
) -> Result<(), Error> {
    let (env, handler) = (Lambda::start()?, &handler);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Q>| async move {
        boxed(handler(env, event.payload)).await.map_err(Error::from)
    }))
    .await
}

/// With the SDK inside, a handler's future is nested deeper than the compiler looks.
fn boxed<'a, F: Future + 'a>(future: F) -> Pin<Box<dyn Future<Output = F::Output> + 'a>> {
    Box::pin(future)
}
