//! `GET /v1/health`: whether the API can do its work. Public, so it says no more than that.

use api::{ApiError, Class, Endpoint, Response};
use domain::OrderId;
use lambda_http::Request;
use serde::Serialize;
use store::Orders;
use utoipa::ToSchema;

/// Who may call, how often, and with what.
pub const ENDPOINT: Endpoint = Endpoint::open(Class::Read);

/// An id that no order has: ids derive from version-5 UUIDs.
const NOBODYS: OrderId = OrderId::from_uuid(uuid::Uuid::nil());

/// All is well.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    /// `ok`.
    status: &'static str,
    /// Of the code.
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
