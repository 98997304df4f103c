//! `GET /v1/products`: what is for sale. Public, and the same for everybody.

use api::{ApiError, PageAnswer, ProductAnswer, Response};
use lambda_http::Request;
use store::{Catalogue, Page};

/// How long anybody may keep a page, in seconds. An order is priced and its stock taken when it is placed, so an old page
/// can disappoint and do no harm.
const MAX_AGE: u32 = 60;

/// Answers with a page of products by sku; `limit` and `cursor` say which. What is not sold now is left out, so that a
/// page may have fewer than `limit` and still a next one.
///
/// # Errors
///
/// 422 a parameter breaks a rule, 503 the table is down.
pub async fn handle(catalogue: &impl Catalogue, request: Request) -> Result<Response, ApiError> {
    let page = api::page(&request)?;
    let mut found: Page<_> = catalogue.list(&page).await?;
    found.items.retain(|product| product.active);
    api::cacheable(&request, &PageAnswer::new(&found, ProductAnswer::from), MAX_AGE)
}
