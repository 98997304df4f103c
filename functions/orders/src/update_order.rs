//! `PATCH /v1/orders/{order_id}`: the customer edits an order that is awaiting payment.

mod edit;
mod request;

use api::{ApiError, Class, Endpoint, OrderAnswer, Response};
use auth::OrderAction;
use checkout::Checkout;
use lambda_http::Request;

use crate::others::limits_of;
use edit::OrderEditor;
use request::{OrderPatch, OrderPatchBody};

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::guarded(Class::Order).with_optional_body();

/// Edits an order that is awaiting payment.
///
/// Replaces the lines, at the catalogue's current prices, or the shipping address or email address. Only the difference in
/// goods leaves or rejoins the stock.
///
/// When the total changes, the payment intent for the former total is first cancelled at Stripe, so that it cannot be paid
/// any more; `POST /v1/orders/{order_id}/payment-intent` creates the next one. A payment that was faster stands, and the
/// order stays as it was. Repeating the same patch changes nothing, unless prices have changed.
///
/// # Errors
///
/// `stripe` is `None` while its key cannot be read: then only edits that keep the total are possible.
///
/// 400, 413 and 415 for the body, 401 no caller, 403 not the customer, 404 no such order, 409 too late (with the order's
/// status), out of stock, more than the customer's unpaid orders may hold, or no attempt to pay left for another total,
/// 422 the patch breaks a rule, 503 Stripe or the table is down. Nothing has changed then.
#[utoipa::path(
    patch,
    path = "/v1/orders/{order_id}",
    operation_id = "update-order",
    tag = "orders",
    request_body = OrderPatchBody,
    responses((status = 200, description = "The order as it is now", body = OrderAnswer)),
    security(("access_token" = ["customer"]), ("api_key" = ["orders:place"])),
    extensions(("x-problems" = json!(["too-late-to-edit", "out-of-stock", "reservation-limit", "no-attempt-left", "payment-unavailable"]))),
)]
pub async fn handle(
    env: &(
         impl capabilities::Catalogue
         + capabilities::Orders
         + capabilities::ReservationAttempts
         + capabilities::ReservationLimits
         + capabilities::Stripe
     ),
    request: Request,
) -> Result<Response, ApiError> {
    let (orders, catalogue, clock, ids) = (env.orders(), env.catalogue(), env.clock(), env.ids());
    let stripe = &env.stripe_unless_down(checkout::TIMEOUT).await;
    let stripe = stripe.as_ref();
    let caller = api::caller(&request)?;
    let id = api::order_id(&request)?;
    let order = api::own_order(orders, &caller, id, OrderAction::Edit).await?;
    let patch = OrderPatch::try_from(api::body::<OrderPatchBody>(&request)?)?;

    let correlation_id = api::correlation_id(&request);
    let deadline = api::deadline(clock, &request);
    let checkout = Checkout { orders, stripe, clock, ids, deadline, correlation_id: correlation_id.as_str() };
    let limits = limits_of(&caller, env.reservation_limits());
    let (attempts, actor) = (env.reservation_attempts(), caller.who.actor());
    let editor = OrderEditor { checkout, catalogue, attempts, patch, limits, actor };
    // Boxed: its future is large, with all requests to Stripe and the tables.
    let order = Box::pin(editor.run(order)).await?;
    api::ok(&OrderAnswer::from(&order))
}
