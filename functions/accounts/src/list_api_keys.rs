//! `GET /v1/api-keys`: all API keys, without their secrets.

use api::{ApiError, Class, Endpoint, KeyAnswer, PageAnswer, PageParameters, Response};
use auth::Permission;
use lambda_http::Request;
use store::ApiKeys;

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::guarded(Class::Read).with_query(&["limit", "cursor"]);

/// Lists API keys, newest first.
///
/// Includes expired and revoked keys. `limit` and `cursor` select the page.
///
/// # Errors
///
/// 401 no caller, 403 the caller's role, 422 a parameter breaks a rule, 503 the table is down.
#[utoipa::path(
    get,
    path = "/v1/api-keys",
    operation_id = "list-api-keys",
    tag = "keys",
    params(PageParameters),
    responses((status = 200, description = "A page of keys, newest first", body = PageAnswer<KeyAnswer>)),
    security(("access_token" = ["admin"])),
)]
pub async fn handle(env: &impl capabilities::ApiKeys, request: Request) -> Result<Response, ApiError> {
    let keys = env.api_keys();
    api::require(&api::caller(&request)?, Permission::ManageApiKeys)?;
    let found = keys.api_keys(&api::page(&request)?).await?;
    api::ok(&PageAnswer::new(&found, KeyAnswer::from))
}
