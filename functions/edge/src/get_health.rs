//! `GET /v1/health`: whether the API works. It is public, so it says no more than that.

use api::{ApiError, Class, Endpoint, Response};
use domain::OrderId;
use lambda_http::Request;
use serde::Serialize;
use store::Orders;
use utoipa::ToSchema;

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::open(Class::Read);

/// An id that no order has, since ids derive from version-5 UUIDs.
const NOBODYS: OrderId = OrderId::from_uuid(uuid::Uuid::nil());

/// The health of the API.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    /// `ok`.
    status: &'static str,
    /// The version of the code.
    version: &'static str,
}

/// Checks that the service works.
///
/// Reads one missing item, which costs half a read unit and needs all that a real request needs.
///
/// # Errors
///
/// 503 the table is down.
#[utoipa::path(
    get,
    path = "/v1/health",
    operation_id = "get-health",
    tag = "operations",
    responses((status = 200, description = "All is well", body = Health)),
)]
pub async fn handle(env: &impl capabilities::Orders, _: Request) -> Result<Response, ApiError> {
    let orders = env.orders();
    orders.find(NOBODYS).await?;
    api::ok(&Health { status: "ok", version: env!("CARGO_PKG_VERSION") })
}
