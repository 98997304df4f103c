//! `GET /v1/products`: the products on sale. Public, and the same for every caller.

use api::{ApiError, Class, Endpoint, PageAnswer, PageParameters, ProductAnswer, Response};
use domain::Product;
use lambda_http::Request;
use resilience::{CacheOutcome, Lookup};
use store::{Catalogue, Page, PageRequest, StoreError};
use telemetry::chain;

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::open(Class::Read).with_query(&["limit", "cursor"]);

/// How long caches may keep a page, in seconds. An order is priced and its stock taken when it is placed, so an
/// outdated page does no harm.
const MAX_AGE: u32 = 60;

/// Lists the products on sale, by sku.
///
/// `limit` and `cursor` select the page. Inactive products are left out, so a page may have fewer than `limit` items and
/// still a next page.
///
/// # Errors
///
/// 422 a parameter breaks a rule, 503 the table is down and the page is not at hand.
#[utoipa::path(
    get,
    path = "/v1/products",
    operation_id = "list-products",
    tag = "catalogue",
    params(PageParameters),
    responses((status = 200, description = "A page of what is for sale, by sku", body = PageAnswer<ProductAnswer>)),
    extensions(("x-cacheable" = json!(true))),
)]
pub async fn handle(env: &impl capabilities::ProductPages, request: Request) -> Result<Response, ApiError> {
    let (catalogue, pages) = (env.catalogue(), env.product_pages());
    let page = api::page(&request)?;
    let Lookup { value: found, outcome } = pages.get(&page, async || on_sale(catalogue, &page).await).await?;
    telemetry::count_cached("Products", &outcome);
    if let CacheOutcome::Stale(Some(error)) = &outcome {
        tracing::warn!(error = %chain(error), "catalogue out of reach, an old page serves on");
    }
    api::cacheable(&request, &PageAnswer::new(&found, ProductAnswer::from), MAX_AGE)
}

async fn on_sale(catalogue: &impl Catalogue, page: &PageRequest) -> Result<Page<Product>, StoreError> {
    let mut found = catalogue.list(page).await?;
    found.items.retain(|product| product.active);
    Ok(found)
}
