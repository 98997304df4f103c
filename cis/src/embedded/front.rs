//! The API on a port: HTTP in, the suite's part of API Gateway, HTTP out; and CORS for a web app under development.

use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use super::{Local, go};

/// What API Gateway takes at most.
const LARGEST_BODY: usize = 10 * 1024 * 1024;
/// As the template allows them.
const METHODS: HeaderValue = HeaderValue::from_static("GET,POST,PUT");
const HEADERS: HeaderValue = HeaderValue::from_static("authorization,content-type,idempotency-key,x-correlation-id");
const EXPOSED: HeaderValue = HeaderValue::from_static("retry-after,x-correlation-id");

/// Where this stack tells how full its queues are: names and messages, in flight or not. On AWS, SQS says so.
pub const QUEUES: &str = "/_cis/queues";

/// A request on its way to the thread that the handlers run on: axum's futures are `Send`, theirs are not.
type Handover = (http::Request<Bytes>, oneshot::Sender<http::Response<Bytes>>);

/// Serves the API until the listener fails.
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
                // Whoever asked may be gone by now; the work is done all the same.
                answer.send(response).ok();
            });
        }
    });
    let routes = Router::new().fallback(handle).with_state(requests);
    let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
        // Without this, small answers wait for the peer's delayed ACK.
        stream.set_nodelay(true).ok();
    });
    axum::serve(listener, routes).await
}

fn queues(suite: &Local) -> http::Response<Bytes> {
    let counts = suite.bus().counts().into_iter();
    let counts: BTreeMap<String, usize> = counts.map(|(name, count)| (name, count.visible + count.in_flight)).collect();
    http::Response::new(Bytes::from(serde_json::json!(counts).to_string()))
}

async fn handle(State(requests): State<mpsc::UnboundedSender<Handover>>, request: Request) -> Response {
    let origin = local_origin(request.headers());
    let mut response = if request.method() == Method::OPTIONS && origin.is_some() {
        preflight()
    } else {
        answer(&requests, request).await
    };
    if let Some(origin) = origin {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        headers.insert(header::VARY, HeaderValue::from_static("origin"));
    }
    response
}

async fn answer(requests: &mpsc::UnboundedSender<Handover>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
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

fn preflight() -> Response {
    let mut response = status(StatusCode::NO_CONTENT);
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
    response.headers_mut().insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}

fn status(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// The origin of the request if it is a page of this machine.
fn local_origin(headers: &HeaderMap) -> Option<HeaderValue> {
    let origin = headers.get(header::ORIGIN)?;
    let host = origin.to_str().ok()?.strip_prefix("http://")?.split(':').next()?;
    ["localhost", "127.0.0.1"].contains(&host).then(|| origin.clone())
}
