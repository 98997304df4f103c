//! Every operation of the API.

use utoipa::OpenApi;

/// What handlers and types say of themselves; the rules add the rest.
#[derive(OpenApi)]
#[openapi(
    info(title = "Order API", version = "1", description = include_str!("about.md")),
    servers((url = "/", description = "Where this document is served")),
    tags(
        (name = "accounts", description = "Setting an account up, signing in and out"),
        (name = "orders", description = "Placing, seeing, changing, cancelling and sending orders"),
        (name = "payments", description = "Paying orders, and giving their money back"),
        (name = "catalogue", description = "What is for sale"),
        (name = "keys", description = "API keys, with which other services call"),
        (name = "webhooks", description = "What Stripe and SendGrid call; nobody else can"),
        (name = "operations", description = "Looking after the API")
    ),
    paths(openapi_json, reference),
    components(schemas(api::Problem))
)]
struct Own;

include!(concat!(env!("OUT_DIR"), "/handlers.rs"));

/// All of it.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = Own::openapi();
    document.merge(Handlers::openapi());
    document
}

/// This document.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "get-openapi",
    tag = "operations",
    responses((status = 200, description = "The document", content_type = "application/json", body = serde_json::Value)),
    extensions(("x-cacheable" = json!(true)))
)]
#[expect(dead_code, reason = "stands for the operation; `get-openapi` serves it")]
const fn openapi_json() {}

/// This document as a page for people.
#[utoipa::path(
    get,
    path = "/reference",
    operation_id = "get-reference",
    tag = "operations",
    responses((status = 200, description = "The page", content_type = "text/html", body = String)),
    extensions(("x-cacheable" = json!(true)))
)]
#[expect(dead_code, reason = "stands for the operation; `get-openapi` serves it")]
const fn reference() {}
