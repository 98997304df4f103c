//! `GET /v1/orders`: a customer's own orders, or for staff all orders with one status.

use api::{ApiError, Class, Endpoint, OrderAnswer, PageAnswer, PageParameters, Response};
use auth::Permission;
use domain::{FieldError, OrderStatus};
use lambda_http::Request;
use store::Orders;

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::guarded(Class::Read).with_query(&["status", "limit", "cursor"]);

/// Lists orders, newest first.
///
/// `limit`, `cursor` and `status` select the page. Customers, and services that see their own orders only, may omit
/// `status`. Staff may not: the orders of all customers are indexed by status.
///
/// # Errors
///
/// 401 no caller, 403 a service without a scope for it, 422 a parameter breaks a rule, or `status` is missing where it is
/// needed, 503 the table is down.
#[utoipa::path(
    get,
    path = "/v1/orders",
    operation_id = "list-orders",
    tag = "orders",
    params(PageParameters, ("status" = Option<OrderStatus>, Query, description = "Only orders that stand there; staff, and services that see all orders, have to say which")),
    responses((status = 200, description = "A page of orders, newest first", body = PageAnswer<OrderAnswer>)),
    security(("access_token" = ["customer", "staff", "admin"]), ("api_key" = ["orders:place", "orders:read"])),
)]
pub async fn handle(env: &impl capabilities::Orders, request: Request) -> Result<Response, ApiError> {
    let orders = env.orders();
    let caller = api::caller(&request)?;
    let page = api::page(&request)?;
    let status = api::status(&request)?;
    let found = if auth::may(&caller, Permission::ListAllOrders) {
        let status =
            status.ok_or_else(|| FieldError::new("status", "is required to list the orders of all customers"))?;
        orders.with_status(status, &page).await?
    } else {
        api::require(&caller, Permission::ListOwnOrders)?;
        let customer = caller.who.customer().ok_or(ApiError::Forbidden)?;
        orders.of_customer(customer, status, &page).await?
    };
    api::ok(&PageAnswer::new(&found, OrderAnswer::from))
}
