//! `POST /v1/orders`: a customer places an order and gets what the browser needs to pay it.

mod place;

use api::{ApiError, Class, Endpoint, Response};
use auth::{Caller, Permission};
use checkout::{Checkout, CheckoutError, PayableOrder, PaymentAnswer};
use domain::{Cart, CartRequest, CustomerId, Order, OrderId, PaymentChoice};
use lambda_http::{Request, http::HeaderValue};
use resilience::{Clock, Ids, Transport};
use store::Orders;
use telemetry::chain;

use crate::others::limits_of;
use place::{Placement, place};

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::guarded(Class::Order).with_optional_body();

/// Places an order.
///
/// Stores the order, then asks Stripe for its payment intent. An order on invoice has none: it says when it is due.
///
/// The order id derives from the caller and the `Idempotency-Key`: a repeated request finds its own order and continues
/// where the first one stopped; it is answered with 201 as well, and with `Idempotent-Replayed: true`.
///
/// # Errors
///
/// 400 malformed body or key, 401 no caller, 403 not a customer, or an invoice for somebody who may have none, 409 out of
/// stock, or the customer's unpaid orders hold as much as they may, or Stripe refuses for good to charge the order,
/// which is cancelled then, 413 and 415 for the body, 422 the cart breaks a rule or the key was used for another cart,
/// 503 the table is down. While Stripe is down, or its key cannot be read, the order stands, and the answer says that
/// payment is pending.
#[utoipa::path(
    post,
    path = "/v1/orders",
    operation_id = "create-order",
    tag = "orders",
    request_body = CartRequest,
    params(("Idempotency-Key" = String, Header, description = "The same for every repetition of this request: with it, the order is placed once. Visible ASCII without a comma: API Gateway joins the values of a repeated header with commas, and two keys are refused", min_length = 1, max_length = 255, pattern = "^[!-+.-~-]+$")),
    responses((status = 201, description = "The order is placed, now or by an earlier request with this key", body = PayableOrder)),
    security(("access_token" = ["customer"]), ("api_key" = ["orders:place"])),
    extensions(("x-problems" = json!(["idempotency-key-missing", "idempotency-key-malformed", "idempotency-key-reused", "out-of-stock", "reservation-limit", "payment-refused", "no-attempt-left"]))),
)]
pub async fn handle(
    env: &(
         impl capabilities::Catalogue
         + capabilities::Orders
         + capabilities::PaymentTerms
         + capabilities::ReservationAttempts
         + capabilities::ReservationLimits
         + capabilities::Stripe
     ),
    request: Request,
) -> Result<Response, ApiError> {
    let (orders, catalogue, clock, ids) = (env.orders(), env.catalogue(), env.clock(), env.ids());
    let (stripe, terms) = (&env.stripe_unless_down(checkout::TIMEOUT).await, env.payment_terms());
    let stripe = stripe.as_ref();
    let caller = api::caller(&request)?;
    let customer = customer(&caller)?;
    let key = api::idempotency_key(&request)?;
    let cart = Cart::try_from(api::body::<CartRequest>(&request)?)?;
    if cart.payment_method == PaymentChoice::Invoice {
        api::require(&caller, Permission::PlaceOnInvoice)?;
    }
    let correlation_id = api::correlation_id(&request);
    let deadline = api::deadline(clock, &request);

    let id = OrderId::derived(customer, &key);
    api::trace_order(id);
    let correlation_id = correlation_id.as_str();
    let limits = limits_of(&caller, env.reservation_limits());
    let (actor, now) = (caller.who.actor(), clock.now());
    let placement = Placement { id, customer, actor, cart, terms, limits, correlation_id, now };
    let placed = place(orders, catalogue, env.reservation_attempts(), placement).await?;

    let checkout = Checkout { orders, stripe, clock, ids, deadline, correlation_id };
    let (order, payment) = open_or_pending(&checkout, placed.order).await?;
    let mut response = api::created(&format!("/v1/orders/{id}"), &PayableOrder::new(&order, payment))?;
    if placed.is_repeat {
        response.headers_mut().insert(api::REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

fn customer(caller: &Caller) -> Result<CustomerId, ApiError> {
    api::require(caller, Permission::PlaceOrders)?;
    caller.who.customer().ok_or(ApiError::Forbidden)
}

/// The order is stored already: whatever fails from here on is fixed by repeating the request or by
/// `create-payment-intent`. A refusal of Stripe's is for good, and has cancelled the order; so is the end of an order's
/// attempts, which a repetition may meet.
async fn open_or_pending<O: Orders, T: Transport, C: Clock, I: Ids>(
    checkout: &Checkout<'_, O, T, C, I>,
    order: Order,
) -> Result<(Order, PaymentAnswer), ApiError> {
    match checkout.open(order.clone()).await {
        Ok(opened) => Ok(opened),
        Err(error @ (CheckoutError::Refused(_) | CheckoutError::NoAttemptLeft)) => Err(error.into()),
        Err(error) => {
            telemetry::count("PaymentsPending", 1);
            tracing::error!(error = %chain(&error), "order placed, payment pending");
            let pending = PaymentAnswer::pending(&order);
            Ok((order, pending))
        }
    }
}
