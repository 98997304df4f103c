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
    paths(
        cancel_order::handle,
        change_password::handle,
        confirm_payment::handle,
        create_api_key::handle,
        create_order::handle,
        create_payment_intent::handle,
        erase_me::handle,
        fulfil_order::handle,
        get_health::handle,
        get_jwks::handle,
        get_me::handle,
        get_order::handle,
        get_order_history::handle,
        list_api_keys::handle,
        list_orders::handle,
        list_products::handle,
        login::handle,
        logout::handle,
        mark_invoice_paid::handle,
        oauth_callback::handle,
        oauth_start::handle,
        openapi,
        put_product::handle,
        reference,
        refresh_token::handle,
        refund_order::handle,
        register::handle,
        request_password_reset::handle,
        reset_password::handle,
        resolve_review::handle,
        revoke_api_key::handle,
        sendgrid_webhook::handle,
        stripe_webhook::handle,
        update_order::handle,
        verify_email::handle,
    ),
    components(schemas(api::Problem))
)]
pub(crate) struct Endpoints;

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
const fn openapi() {}

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
