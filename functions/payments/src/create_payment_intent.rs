//! `POST /v1/orders/{order_id}/payment-intent`: the payment intent of an order, for a client that does not have it (any
//! more).

use api::{ApiError, Class, Endpoint, Response};
use auth::OrderAction;
use checkout::{Checkout, PayableOrder};
use lambda_http::Request;

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::guarded(Class::Pay);

/// Returns the payment intent of an order, creating it when needed.
///
/// Returns the intent that the order has, or that of the next attempt when Stripe could not be reached before or the last
/// intent was cancelled. However often it is repeated, there is one live intent.
///
/// # Errors
///
/// 401 no caller, 403 not the customer, 404 no such order, 409 the order does not wait for money, Stripe refuses
/// for good to charge it, or it has no attempt to pay left, 503 Stripe or the table is down.
#[utoipa::path(
    post,
    path = "/v1/orders/{order_id}/payment-intent",
    operation_id = "create-payment-intent",
    tag = "payments",
    responses((status = 200, description = "The order with what pays it", body = PayableOrder)),
    security(("access_token" = ["customer"]), ("api_key" = ["orders:place"])),
    extensions(("x-problems" = json!(["not-awaiting-payment", "payment-refused", "no-attempt-left", "payment-unavailable"]))),
)]
pub async fn handle(
    env: &(impl capabilities::Orders + capabilities::Stripe),
    request: Request,
) -> Result<Response, ApiError> {
    let (orders, clock, ids) = (env.orders(), env.clock(), env.ids());
    let stripe = &env.stripe_unless_down(checkout::TIMEOUT).await;
    let stripe = stripe.as_ref();
    let caller = api::caller(&request)?;
    let id = api::order_id(&request)?;
    let order = api::own_order(orders, &caller, id, OrderAction::Pay).await?;

    let correlation_id = api::correlation_id(&request);
    let correlation_id = correlation_id.as_str();
    let deadline = api::deadline(clock, &request);
    let checkout = Checkout { orders, stripe, clock, ids, deadline, correlation_id };
    let (order, payment) = checkout.open(order).await?;
    if !order.status.awaits_payment() {
        return Err(ApiError::NotAwaitingPayment(order.status));
    }
    api::ok(&PayableOrder::new(&order, payment))
}
