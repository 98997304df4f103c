//! Calls every function by its name, with the suite's sides of the seams.

use std::time::Duration;

use api::{ApiError, Edge, Endpoint};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use capabilities::Environment;
use lambda_http::http::header::SET_COOKIE;
use lambda_http::{Body, Context, Request, RequestExt as _, Response};
use resilience::{Clock, Deadline, Ids, Transport};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::call_error::CallError;
use crate::gate::{BusGate, StoreGate};
use crate::ports::Stores;
use crate::suite::Suite;
use crate::warm::Local;

include!(concat!(env!("OUT_DIR"), "/functions.rs"));

/// How long a function works on an invocation that may last for `timeout`.
pub fn budget(function: &str, timeout: Duration) -> Duration {
    timeout.saturating_sub(reserve(function))
}

impl<S: Stores, T: Transport, C: Clock + Clone, I: Ids> Suite<S, T, C, I> {
    /// Runs a function's own handler on an event, whether it is replaced or not.
    ///
    /// # Errors
    ///
    /// [`CallError`].
    pub async fn handle(&self, function: &str, event: Value, deadline: Deadline) -> Result<Value, CallError> {
        call(function, &self.env(function), event, deadline).await
    }

    /// What this function is given.
    pub const fn env<'a>(&'a self, function: &'a str) -> Local<'a, StoreGate<'a, S>, BusGate<'a, C>, T, C, I> {
        let store = StoreGate::new(&self.store, &self.gate);
        Local { store, bus: BusGate::new(&self.bus, &self.gate, function), warm: &self.warm }
    }
}

/// Runs a function's handler on an event as Lambda hands it over, in this environment.
///
/// # Errors
///
/// [`CallError`].
pub async fn call<
    S: store::RateLimiter + store::KnownAddresses + store::JobCheckpoints,
    B,
    T: Transport,
    C: Clock + Clone,
    I: Ids,
>(
    function: &str,
    env: &Local<'_, S, B, T, C, I>,
    event: Value,
    deadline: Deadline,
) -> Result<Value, CallError>
where
    for<'a> Local<'a, S, B, T, C, I>: Environment,
{
    let Some((_, endpoint)) = ENDPOINTS.iter().find(|(name, _)| *name == function) else {
        return self::event(function, env, event, deadline).await;
    };
    let guards = capabilities::Guards::guards(env);
    let edge = Edge { guards, clock: &env.warm.clock, scale: env.warm.settings.rate_limit_scale };
    let handler = async |request| self::request(function, env, request).await;
    Ok(answer(api::respond(&edge, *endpoint, invocation(event, deadline)?, handler).await))
}

/// What a function's `main` needs and cannot have.
fn start(error: impl std::error::Error + 'static) -> CallError {
    CallError::Start(error.into())
}

fn read<E: DeserializeOwned>(event: Value) -> Result<E, CallError> {
    serde_json::from_value(event).map_err(CallError::Event)
}

/// The request as the function's runtime makes it, with the invocation's deadline.
fn invocation(event: Value, deadline: Deadline) -> Result<Request, CallError> {
    let mut context = Context::default();
    context.deadline = u64::try_from(deadline.moment().millis()).unwrap_or_default();
    Ok(api::request(read(event)?).with_lambda_context(context))
}

fn result(result: &impl Serialize) -> Result<Value, CallError> {
    serde_json::to_value(result).map_err(CallError::Result)
}

/// The function's answer in payload format 2.0.
fn answer(response: Response<Body>) -> Value {
    let (parts, body) = response.into_parts();
    let text = |value: &lambda_http::http::HeaderValue| json!(String::from_utf8_lossy(value.as_bytes()));
    let (cookies, headers): (Vec<_>, Vec<_>) = parts.headers.iter().partition(|(name, _)| *name == SET_COOKIE);
    let cookies: Vec<_> = cookies.into_iter().map(|(_, value)| text(value)).collect();
    let headers: Map<_, _> = headers.into_iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    let (body, is_base64) = match body {
        Body::Text(text) => (text, false),
        Body::Binary(bytes) => (STANDARD.encode(bytes), true),
        _ => (String::new(), false),
    };
    json!({
        "statusCode": parts.status.as_u16(), "headers": headers, "cookies": cookies, "body": body,
        "isBase64Encoded": is_base64,
    })
}
