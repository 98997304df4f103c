//! The API on a port: HTTP in, the suite's part of API Gateway, HTTP out.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use sandbox::server::LocalOnly;
use suite::SourceIp;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use super::{Local, go};
use crate::accounts::origins;

/// What API Gateway takes at most.
const LARGEST_BODY: usize = 10 * 1024 * 1024;
/// The path at which this stack reports its queues: names and messages, in flight or not. On AWS, SQS does.
pub const QUEUES: &str = "/_cis/queues";

/// A request on its way to the thread that the handlers run on: axum's futures are `Send`, theirs are not.
type Handover = (http::Request<Bytes>, oneshot::Sender<http::Response<Bytes>>);

/// Serves the API until the listener fails, to programs and to the pages that may call it.
pub async fn serve(listener: TcpListener, suite: Rc<Local>) -> io::Result<()> {
    let (requests, mut waiting) = mpsc::unbounded_channel::<Handover>();
    go(async move {
        while let Some((request, answer)) = waiting.recv().await {
            let suite = Rc::clone(&suite);
            go(async move {
                let response = match request.uri().path() {
                    QUEUES => queues(&suite),
                    _ => suite.http(request).await,
                };
                // The client may be gone by now; the work is done all the same.
                answer.send(response).ok();
            });
        }
    });
    let routes = LocalOnly::pages(&origins()).guard(Router::new().fallback(handle).with_state(requests));
    let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
        // Without this, small answers wait for the peer's delayed ACK.
        stream.set_nodelay(true).ok();
    });
    axum::serve(listener, routes.into_make_service_with_connect_info::<SocketAddr>()).await
}

fn queues(suite: &Local) -> http::Response<Bytes> {
    let counts = suite.bus().counts().into_iter();
    let counts: BTreeMap<String, usize> = counts.map(|(name, count)| (name, count.visible + count.in_flight)).collect();
    http::Response::new(Bytes::from(serde_json::json!(counts).to_string()))
}

async fn handle(
    State(requests): State<mpsc::UnboundedSender<Handover>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let (mut parts, body) = request.into_parts();
    parts.extensions.insert(SourceIp(peer.ip()));
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else { return status(StatusCode::PAYLOAD_TOO_LARGE) };
    let (sender, receiver) = oneshot::channel();
    if requests.send((http::Request::from_parts(parts, body), sender)).is_err() {
        return status(StatusCode::SERVICE_UNAVAILABLE);
    }
    match receiver.await {
        Ok(response) => response.map(Body::from),
        Err(_) => status(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn status(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
