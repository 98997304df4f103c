//! The sandbox on a socket: the same state machine for callers in other processes, and webhooks sent by itself.

use std::future::Future;
use std::io;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{ConnectInfo, Request, State},
    response::Response,
};
use bytes::Bytes;
use resilience::{Clock as _, SystemClock};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::{Outcome, Shared, answer};
use connection::{Connections, CutHandle};

pub use local_only::LocalOnly;

mod connection;
mod local_only;
mod webhooks;

/// Twice what any of the providers takes.
const LARGEST_BODY: usize = 64 * 1024 * 1024;

/// Serves a sandbox until `until` ends, and sends its webhooks meanwhile. Bind the listener to 127.0.0.1. It answers
/// programs, its own pages and those of [`crate::Settings::allowed_origins`].
///
/// # Errors
///
/// The HTTP client for webhooks cannot be built, or the listener fails.
pub async fn serve(
    listener: TcpListener,
    shared: Shared,
    until: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let sender = webhooks::Sender::new(shared.clone()).map_err(io::Error::other)?;
    // Ends with this future, however that ends.
    let mut sending = JoinSet::new();
    sending.spawn(sender.run());
    let guard = LocalOnly::pages(&shared.lock().settings().allowed_origins);
    let routes = guard.guard(Router::new().fallback(handle).with_state(shared));
    let service = routes.into_make_service_with_connect_info::<CutHandle>();
    axum::serve(Connections::new(listener), service).with_graceful_shutdown(until).await
}

async fn handle(State(shared): State<Shared>, ConnectInfo(cut): ConnectInfo<CutHandle>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return answer::problem(413, "the body is too large, or was cut off").map(Body::from);
    };
    let request = http::Request::from_parts(parts, body);
    let outcome = shared.lock().handle(SystemClock.now(), &request);
    shared.notify();
    respond(outcome, &cut).await.map(Body::from)
}

async fn respond(outcome: Outcome, cut: &CutHandle) -> http::Response<Bytes> {
    match outcome {
        Outcome::Answer { response, delay } => {
            SystemClock.sleep(delay).await;
            response
        }
        Outcome::NoAnswer { delay, .. } => {
            SystemClock.sleep(delay).await;
            cut.now();
            // The client never sees this answer: writing it fails on the cut connection.
            answer::empty(500)
        }
    }
}

#[cfg(test)]
mod tests;
