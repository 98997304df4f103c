//! `POST /v1/orders/{order_id}/cancel`: the customer or staff cancel an order.

use api::{ApiError, Class, Endpoint, OrderAnswer, Response};
use auth::OrderAction;
use lambda_http::Request;
use resilience::Clock;
use serde::Serialize;
use store::update_from;
use utoipa::ToSchema;

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::guarded(Class::Write).with_optional_body();

/// The cancelled order.
#[derive(Debug, Serialize, ToSchema)]
struct CancelledOrder<'a> {
    #[serde(flatten)]
    order: OrderAnswer<'a>,
    /// The amount that was received and is still to be refunded, in minor units of the order's currency.
    #[schema(minimum = 0)]
    refund_due: i64,
}

/// Cancels an order.
///
/// Stores the decision and returns the goods to stock in one transaction. The payment is voided or refunded afterwards,
/// by the consumer of `order.cancelled`. Repeating the request gives the same answer.
///
/// # Errors
///
/// 401 no caller, 404 no such order or another's, 409 too late (with the order's status), 503 the table is down.
#[utoipa::path(
    post,
    path = "/v1/orders/{order_id}/cancel",
    operation_id = "cancel-order",
    tag = "orders",
    responses((status = 200, description = "The order is called off, now or before", body = CancelledOrder)),
    security(("access_token" = ["customer", "staff", "admin"]), ("api_key" = ["orders:place", "orders:cancel"])),
    extensions(("x-problems" = json!(["too-late-to-cancel"]))),
)]
pub async fn handle(env: &impl capabilities::Orders, request: Request) -> Result<Response, ApiError> {
    let (orders, clock, ids) = (env.orders(), env.clock(), env.ids());
    let caller = api::caller(&request)?;
    let id = api::order_id(&request)?;
    let known = api::own_order(orders, &caller, id, OrderAction::Cancel).await?;

    let correlation_id = api::correlation_id(&request);
    let decide = |order: &_| {
        let change = domain::Order::cancel(order, correlation_id.as_str(), clock.now())?;
        Ok::<_, domain::CannotBeCancelled>(change.map(|change| change.by(caller.who.actor())))
    };
    let order = update_from(orders, clock, ids, known, None, decide).await?;
    let facts = &order.payment.facts;
    let refund_due = facts.captured().saturating_sub(facts.refunded()).saturating_sub(facts.lost()).max(0);
    api::ok(&CancelledOrder { order: OrderAnswer::from(&order), refund_due })
}
