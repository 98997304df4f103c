//! `PUT /v1/products/{sku}`: sets a product's name, prices and stock.

mod edit;

use api::{ApiError, Class, Endpoint, ProductAnswer, Response};
use auth::Permission;
use lambda_http::Request;
use resilience::Clock;
use store::{Catalogue, StoreError};

use edit::ProductBody;

pub use edit::{MAX_NAME, MAX_PRICES};

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::guarded(Class::Write).with_optional_body();

/// Creates or replaces a product.
///
/// Answers 201 for a new product, else 200. The body replaces the whole product, except that the stock stays when the body
/// omits it; orders that take stock meanwhile are not lost. A body with `stock` should name the stock that it replaces in
/// `expected_stock`: then what is sold between reading and writing, or between a request and its repetition, is not put
/// up for sale again.
///
/// # Errors
///
/// 400, 413, 415 for the body, 401 no caller, 403 the caller's role, 409 the stock has changed, 422 a value breaks a
/// rule, 503 the table is down.
#[utoipa::path(
    put,
    path = "/v1/products/{sku}",
    operation_id = "put-product",
    tag = "catalogue",
    request_body = ProductBody,
    responses((status = 200, description = "The product is changed", body = ProductAnswer), (status = 201, description = "The product is new", body = ProductAnswer)),
    security(("access_token" = ["admin"]), ("api_key" = ["catalogue:write"])),
    extensions(("x-problems" = json!(["stock-conflict"]))),
)]
pub async fn handle(env: &impl capabilities::Catalogue, request: Request) -> Result<Response, ApiError> {
    let (catalogue, clock) = (env.catalogue(), env.clock());
    let caller = api::caller(&request)?;
    api::require(&caller, Permission::ChangeCatalogue)?;
    let sku = edit::sku(api::path_parameter(&request, "sku"))?;
    let edit = edit::read(sku, api::body(&request)?, clock.now(), caller.who.actor())?;

    let product = catalogue.put(&edit).await.map_err(|error| match error {
        StoreError::StockConflict(stock) => ApiError::StockConflict(stock),
        error => error.into(),
    })?;
    let answer = ProductAnswer::from(&product);
    if product.version == 1 {
        api::created(&format!("/v1/products/{}", product.sku), &answer)
    } else {
        api::ok(&answer)
    }
}
