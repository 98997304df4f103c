//! What each function of the API is. A test holds it against the template's routes.

use api::Endpoint;

/// Every function that answers requests, by name.
pub const ENDPOINTS: [(&str, Endpoint); 35] = [
    ("cancel-order", cancel_order::ENDPOINT),
    ("change-password", change_password::ENDPOINT),
    ("confirm-payment", confirm_payment::ENDPOINT),
    ("create-api-key", create_api_key::ENDPOINT),
    ("create-order", create_order::ENDPOINT),
    ("create-payment-intent", create_payment_intent::ENDPOINT),
    ("erase-me", erase_me::ENDPOINT),
    ("fulfil-order", fulfil_order::ENDPOINT),
    ("get-health", get_health::ENDPOINT),
    ("get-jwks", get_jwks::ENDPOINT),
    ("get-me", get_me::ENDPOINT),
    ("get-openapi", get_openapi::ENDPOINT),
    ("get-order", get_order::ENDPOINT),
    ("get-order-history", get_order_history::ENDPOINT),
    ("list-api-keys", list_api_keys::ENDPOINT),
    ("list-orders", list_orders::ENDPOINT),
    ("list-products", list_products::ENDPOINT),
    ("login", login::ENDPOINT),
    ("logout", logout::ENDPOINT),
    ("mark-invoice-paid", mark_invoice_paid::ENDPOINT),
    ("oauth-callback", oauth_callback::ENDPOINT),
    ("oauth-start", oauth_start::ENDPOINT),
    ("put-product", put_product::ENDPOINT),
    ("refresh-token", refresh_token::ENDPOINT),
    ("refund-order", refund_order::ENDPOINT),
    ("register", register::ENDPOINT),
    ("request-password-reset", request_password_reset::ENDPOINT),
    ("reset-password", reset_password::ENDPOINT),
    ("resolve-review", resolve_review::ENDPOINT),
    ("revoke-api-key", revoke_api_key::ENDPOINT),
    ("sendgrid-webhook", sendgrid_webhook::ENDPOINT),
    ("stripe-webhook", stripe_webhook::ENDPOINT),
    ("unknown-route", unknown_route::ENDPOINT),
    ("update-order", update_order::ENDPOINT),
    ("verify-email", verify_email::ENDPOINT),
];

/// What this function is; none: it answers no requests.
pub fn of(function: &str) -> Option<Endpoint> {
    ENDPOINTS.iter().find(|(name, _)| *name == function).map(|(_, endpoint)| *endpoint)
}
