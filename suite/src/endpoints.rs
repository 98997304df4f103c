//! What each function of the API is. A test holds it against the template's routes.

use api::Endpoint;

/// Every function that answers requests, by name.
pub const ENDPOINTS: [(&str, Endpoint); 14] = [
    ("cancel-order", cancel_order::ENDPOINT),
    ("confirm-payment", confirm_payment::ENDPOINT),
    ("create-order", create_order::ENDPOINT),
    ("create-payment-intent", create_payment_intent::ENDPOINT),
    ("get-health", get_health::ENDPOINT),
    ("get-openapi", get_openapi::ENDPOINT),
    ("get-order", get_order::ENDPOINT),
    ("get-order-history", get_order_history::ENDPOINT),
    ("list-orders", list_orders::ENDPOINT),
    ("list-products", list_products::ENDPOINT),
    ("put-product", put_product::ENDPOINT),
    ("sendgrid-webhook", sendgrid_webhook::ENDPOINT),
    ("stripe-webhook", stripe_webhook::ENDPOINT),
    ("unknown-route", unknown_route::ENDPOINT),
];

/// What this function is; none: it answers no requests.
pub fn of(function: &str) -> Option<Endpoint> {
    ENDPOINTS.iter().find(|(name, _)| *name == function).map(|(_, endpoint)| *endpoint)
}
