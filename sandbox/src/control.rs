//! The controls under `/_sandbox/`: health, faults, calls, webhooks, reset; what is a provider's own goes to it.

use bytes::Bytes;
use domain::Timestamp;
use http::{Method, Request, Response};
use serde_json::json;

use crate::{Sandbox, answer, faults::Fault, provider::StandIn as _};

/// Answers a request that belongs to no provider.
pub fn handle(sandbox: &mut Sandbox, now: Timestamp, request: &Request<Bytes>) -> Response<Bytes> {
    let path = request.uri().path().trim_matches('/');
    let mut segments = path.split('/');
    if path.is_empty() {
        return answer::see_other("/_sandbox");
    }
    if segments.next() != Some("_sandbox") {
        return not_found();
    }
    let rest: Vec<&str> = segments.collect();
    match (request.method(), rest.as_slice()) {
        (_, ["stripe", path @ ..]) => sandbox.stripe.control(now, request, path),
        (_, [name @ ("sendgrid" | "mail" | "mailbox"), path @ ..]) => {
            let path = if *name == "sendgrid" { path } else { rest.as_slice() };
            sandbox.sendgrid.control(now, request, path)
        }
        (_, ["oidc", path @ ..]) => sandbox.oidc.control(now, request, path),
        (_, ["sheets", path @ ..]) => sandbox.sheets.control(now, request, path),
        (&Method::GET, []) => answer::html(INDEX.to_owned()),
        (&Method::GET, ["style.css"]) => answer::css(STYLE),
        (&Method::GET, ["health"]) => answer::json(200, &json!({ "status": "ok", "now": now })),
        (&Method::GET, ["requests"]) => answer::json(200, &sandbox.requests),
        (&Method::GET, ["webhooks"]) => answer::json(200, &sandbox.deliveries.counts()),
        (&Method::POST, ["webhooks", "hurry"]) => {
            sandbox.deliveries.hurry(now);
            answer::json(200, &sandbox.deliveries.counts())
        }
        (&Method::POST, ["reset"]) => {
            sandbox.reset();
            answer::empty(204)
        }
        (method, ["faults", path @ ..]) => faults(sandbox, method, path, request.body()),
        _ => not_found(),
    }
}

fn faults(sandbox: &mut Sandbox, method: &Method, path: &[&str], body: &Bytes) -> Response<Bytes> {
    match (method, path) {
        (&Method::GET, []) => answer::json(200, &json!({ "faults": sandbox.faults.list() })),
        (&Method::POST, []) => match serde_json::from_slice::<Fault>(body) {
            Ok(fault) => {
                let id = sandbox.faults.add(fault);
                answer::json(201, &json!({ "id": id }))
            }
            Err(error) => answer::problem(400, &error.to_string()),
        },
        (&Method::DELETE, []) => {
            sandbox.faults.clear();
            answer::empty(204)
        }
        (&Method::DELETE, [id]) => {
            let removed = id.parse().is_ok_and(|id| sandbox.faults.remove(id));
            answer::empty(if removed { 204 } else { 404 })
        }
        _ => not_found(),
    }
}

const INDEX: &str = include_str!("../templates/index.html");
const STYLE: &str = include_str!("../templates/style.css");

/// The answer for a path that belongs to no provider.
fn not_found() -> Response<Bytes> {
    answer::problem(
        404,
        "no such path: /v1 is Stripe, /v3 SendGrid, /token and /v4 Google, /oidc OpenID, /_sandbox the controls",
    )
}
