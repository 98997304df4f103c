//! `GET /v1/orders/{order_id}`: one order.

use api::{ApiError, Class, Endpoint, OrderAnswer, Response};
use auth::OrderAction;
use lambda_http::Request;

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::guarded(Class::Read);

/// Returns an order.
///
/// # Errors
///
/// 401 no caller, 404 no such order or another's, 503 the table is down.
#[utoipa::path(
    get,
    path = "/v1/orders/{order_id}",
    operation_id = "get-order",
    tag = "orders",
    responses((status = 200, description = "The order as it is now", body = OrderAnswer)),
    security(("access_token" = ["customer", "staff", "admin"]), ("api_key" = ["orders:place", "orders:read"])),
)]
pub async fn handle(env: &impl capabilities::Orders, request: Request) -> Result<Response, ApiError> {
    let orders = env.orders();
    let caller = api::caller(&request)?;
    let id = api::order_id(&request)?;
    let order = api::own_order(orders, &caller, id, OrderAction::Read).await?;
    api::ok(&OrderAnswer::from(&order))
}
