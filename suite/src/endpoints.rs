//! What each function of the API is. A test holds it against the template's routes.

use api::Endpoint;

/// Every function that answers requests, by name.
pub const ENDPOINTS: [(&str, Endpoint); 35] = [
    ("cancel-order", orders::cancel_order::ENDPOINT),
    ("change-password", accounts::change_password::ENDPOINT),
    ("confirm-payment", payments::confirm_payment::ENDPOINT),
    ("create-api-key", accounts::create_api_key::ENDPOINT),
    ("create-order", orders::create_order::ENDPOINT),
    ("create-payment-intent", payments::create_payment_intent::ENDPOINT),
    ("erase-me", accounts::erase_me::ENDPOINT),
    ("fulfil-order", orders::fulfil_order::ENDPOINT),
    ("get-health", edge::get_health::ENDPOINT),
    ("get-jwks", edge::get_jwks::ENDPOINT),
    ("get-me", accounts::get_me::ENDPOINT),
    ("get-openapi", edge::get_openapi::ENDPOINT),
    ("get-order", orders::get_order::ENDPOINT),
    ("get-order-history", orders::get_order_history::ENDPOINT),
    ("list-api-keys", accounts::list_api_keys::ENDPOINT),
    ("list-orders", orders::list_orders::ENDPOINT),
    ("list-products", catalogue::list_products::ENDPOINT),
    ("login", accounts::login::ENDPOINT),
    ("logout", accounts::logout::ENDPOINT),
    ("mark-invoice-paid", payments::mark_invoice_paid::ENDPOINT),
    ("oauth-callback", accounts::oauth_callback::ENDPOINT),
    ("oauth-start", accounts::oauth_start::ENDPOINT),
    ("put-product", catalogue::put_product::ENDPOINT),
    ("refresh-token", accounts::refresh_token::ENDPOINT),
    ("refund-order", payments::refund_order::ENDPOINT),
    ("register", accounts::register::ENDPOINT),
    ("request-password-reset", accounts::request_password_reset::ENDPOINT),
    ("reset-password", accounts::reset_password::ENDPOINT),
    ("resolve-review", orders::resolve_review::ENDPOINT),
    ("revoke-api-key", accounts::revoke_api_key::ENDPOINT),
    ("sendgrid-webhook", email::sendgrid_webhook::ENDPOINT),
    ("stripe-webhook", payments::stripe_webhook::ENDPOINT),
    ("unknown-route", edge::unknown_route::ENDPOINT),
    ("update-order", orders::update_order::ENDPOINT),
    ("verify-email", accounts::verify_email::ENDPOINT),
];

/// What this function is; none: it answers no requests.
pub fn of(function: &str) -> Option<Endpoint> {
    ENDPOINTS.iter().find(|(name, _)| *name == function).map(|(_, endpoint)| *endpoint)
}
