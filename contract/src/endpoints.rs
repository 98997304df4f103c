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
        orders::cancel_order::handle,
        accounts::change_password::handle,
        payments::confirm_payment::handle,
        accounts::create_api_key::handle,
        orders::create_order::handle,
        payments::create_payment_intent::handle,
        accounts::erase_me::handle,
        orders::fulfil_order::handle,
        edge::get_health::handle,
        edge::get_jwks::handle,
        accounts::get_me::handle,
        orders::get_order::handle,
        orders::get_order_history::handle,
        accounts::list_api_keys::handle,
        orders::list_orders::handle,
        catalogue::list_products::handle,
        accounts::login::handle,
        accounts::logout::handle,
        payments::mark_invoice_paid::handle,
        accounts::oauth_callback::handle,
        accounts::oauth_start::handle,
        openapi,
        catalogue::put_product::handle,
        reference,
        accounts::refresh_token::handle,
        payments::refund_order::handle,
        accounts::register::handle,
        accounts::request_password_reset::handle,
        accounts::reset_password::handle,
        orders::resolve_review::handle,
        accounts::revoke_api_key::handle,
        email::sendgrid_webhook::handle,
        payments::stripe_webhook::handle,
        orders::update_order::handle,
        accounts::verify_email::handle,
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
