//! `POST /v1/orders/{order_id}/fulfil`: staff or the warehouse's service report that the goods were sent.

use api::{ApiError, Class, Endpoint, OrderAnswer, Response};
use auth::OrderAction;
use domain::Order;
use lambda_http::Request;
use resilience::Clock;
use store::update_from;

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::guarded(Class::Write).with_optional_body();

/// Marks an order as fulfilled.
///
/// Records that the goods were sent. The order must be paid, or be on invoice, and its payment must be neither disputed
/// nor under review. Repeating the request gives the same answer.
///
/// # Errors
///
/// 401 no caller, 403 neither staff nor a service with the scope, 404 no such order, 409 the order cannot be fulfilled
/// (with its status), 503 the table is down.
#[utoipa::path(
    post,
    path = "/v1/orders/{order_id}/fulfil",
    operation_id = "fulfil-order",
    tag = "orders",
    responses((status = 200, description = "The order is sent, now or before", body = OrderAnswer)),
    security(("access_token" = ["staff", "admin"]), ("api_key" = ["orders:fulfil"])),
    extensions(("x-problems" = json!(["order-not-fulfillable"]))),
)]
pub async fn handle(env: &impl capabilities::Orders, request: Request) -> Result<Response, ApiError> {
    let (orders, clock, ids) = (env.orders(), env.clock(), env.ids());
    let caller = api::caller(&request)?;
    let id = api::order_id(&request)?;
    let known = api::own_order(orders, &caller, id, OrderAction::Fulfil).await?;

    let correlation_id = api::correlation_id(&request);
    let decide = |order: &Order| {
        let change = order.fulfil(correlation_id.as_str(), clock.now())?;
        Ok::<_, domain::CannotBeFulfilled>(change.map(|change| change.by(caller.who.actor())))
    };
    let order = update_from(orders, clock, ids, known, None, decide).await?;
    api::ok(&OrderAnswer::from(&order))
}
