//! `POST /v1/orders/{order_id}/confirm-payment`: the customer has returned from paying.

use api::{ApiError, Class, Endpoint, Response};
use auth::OrderAction;
use checkout::{Checkout, PayableOrder, PaymentAnswer};
use domain::PaymentChoice;
use lambda_http::Request;

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::guarded(Class::Pay);

/// Confirms a payment with Stripe.
///
/// Asks Stripe for the state of the order's payment intent and applies it to the order. Nothing that the browser says
/// about the payment is read. The webhook brings the same facts, sooner or later.
///
/// # Errors
///
/// 401 no caller, 403 not the customer, 404 no such order, 409 the order is not paid through Stripe, 503 Stripe or the
/// table is down.
#[utoipa::path(
    post,
    path = "/v1/orders/{order_id}/confirm-payment",
    operation_id = "confirm-payment",
    tag = "payments",
    responses((status = 200, description = "The order with what Stripe says of its payment", body = PayableOrder)),
    security(("access_token" = ["customer"]), ("api_key" = ["orders:place"])),
    extensions(("x-problems" = json!(["not-awaiting-payment", "payment-unavailable"]))),
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
    if order.payment.method.choice() != PaymentChoice::Stripe {
        return Err(ApiError::NotAwaitingPayment(order.status));
    }

    let correlation_id = api::correlation_id(&request);
    let correlation_id = correlation_id.as_str();
    let deadline = api::deadline(clock, &request);
    let checkout = Checkout { orders, stripe, clock, ids, deadline, correlation_id };
    let order = checkout.refresh(order).await?;
    api::ok(&PayableOrder::new(&order, PaymentAnswer::known(&order)))
}
