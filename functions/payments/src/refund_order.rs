//! `POST /v1/orders/{order_id}/refunds`: staff or a service refund an order, in full or in part.

mod answer;
mod request;

use std::time::Duration;

use api::{ApiError, Class, Endpoint, Response};
use auth::OrderAction;
use checkout::Reversals;
use domain::{Order, RefundProgress};
use lambda_http::{Request, http::HeaderValue};
use resilience::{Clock, Ids, Transport};
use store::Orders;
use telemetry::chain;

use answer::RefundAnswer;
use request::{RefundBody, RefundRequester, RequestedRefund};

/// The time for one attempt while the caller waits; settle-payment carries out what takes longer.
const TIMEOUT: Duration = Duration::from_secs(4);

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::guarded(Class::Pay);

/// Refunds an order, in full or in part.
///
/// Reserves the amount in the order, then asks Stripe for the refund. What was paid by bank transfer is returned by bank
/// transfer: then this records the transfer, with its reference.
///
/// The refund's id derives from the order and the `Idempotency-Key`: a repeated request finds its own refund and returns
/// its state, with `Idempotent-Replayed: true`; another key is another refund, even of the same amount. While Stripe is
/// unavailable or has not answered, the refund is `pending`, its amount stays reserved, and it is carried out later.
///
/// # Errors
///
/// `stripe` is `None` while its key cannot be read, which is not an error.
///
/// 400 malformed body or key, 401 no caller, 403 a caller who may not refund, 404 no such order, 409 the order cannot
/// be refunded, or not that much, or not that often, or Stripe refuses it for good, 413 and 415 for the body, 422 a
/// value breaks a rule or the key came with other content, 503 the table is down.
#[utoipa::path(
    post,
    path = "/v1/orders/{order_id}/refunds",
    operation_id = "refund-order",
    tag = "payments",
    request_body = RefundBody,
    params(("Idempotency-Key" = String, Header, description = "The same for every repetition of this request: with it, the money goes back once. Visible ASCII without a comma: API Gateway joins the values of a repeated header with commas, and two keys are refused", min_length = 1, max_length = 255, pattern = "^[!-+.-~-]+$")),
    responses((status = 201, description = "The refund, decided now or by an earlier request with this key", body = RefundAnswer)),
    security(("access_token" = ["staff", "admin"]), ("api_key" = ["orders:refund"])),
    extensions(("x-problems" = json!(["idempotency-key-missing", "idempotency-key-malformed", "idempotency-key-reused", "not-refundable", "refund-too-large", "too-many-refunds", "refund-refused"]))),
)]
pub async fn handle(
    env: &(impl capabilities::Orders + capabilities::Stripe),
    request: Request,
) -> Result<Response, ApiError> {
    let (orders, clock, ids) = (env.orders(), env.clock(), env.ids());
    let stripe = &env.stripe_unless_down(TIMEOUT).await;
    let stripe = stripe.as_ref();
    let caller = api::caller(&request)?;
    let id = api::order_id(&request)?;
    let key = api::idempotency_key(&request)?;
    let body: RefundBody = api::body(&request)?;
    let known = api::own_order(orders, &caller, id, OrderAction::Refund).await?;
    let (correlation_id, deadline) = (api::correlation_id(&request), api::deadline(clock, &request));
    let correlation_id = correlation_id.as_str();

    let began = clock.now();
    let requester = RefundRequester { orders, clock, ids, correlation_id };
    let RequestedRefund { order, refund, is_repeat } = requester.ask(&known, &key, body, &caller).await?;

    let order = match stripe {
        Some(stripe) => {
            let refunds = Reversals { orders, stripe, clock, ids, deadline, correlation_id, began };
            carried_out(&refunds, order, &refund.to_string()).await
        }
        None => order,
    };
    let answer = RefundAnswer::of(&order, refund).ok_or(ApiError::NotFound("refund"))?;
    if answer.status == RefundProgress::Refused {
        return Err(ApiError::RefundRefused { code: answer.refusal.map(str::to_owned) });
    }
    let mut response = api::created(&format!("/v1/orders/{id}"), &answer)?;
    if is_repeat {
        response.headers_mut().insert(api::REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// The amount is reserved and settle-payment gets its event: it completes whatever fails from here on.
async fn carried_out<O: Orders, T: Transport, C: Clock, I: Ids>(
    refunds: &Reversals<'_, O, T, C, I>,
    order: Order,
    refund: &str,
) -> Order {
    match refunds.carry_out(order.clone(), refund).await {
        Ok(order) => order,
        Err(error) => {
            telemetry::count("RefundsPending", 1);
            tracing::warn!(order_id = %order.id, refund, error = %chain(&error), "refund reserved, its outcome is pending");
            order
        }
    }
}
