//! `DELETE /v1/api-keys/{key_id}`: revokes an API key.

use api::{ApiError, Class, Endpoint, Response};
use auth::Permission;
use lambda_http::Request;
use lambda_http::http::StatusCode;
use resilience::{Clock, Policy, retry};
use store::{ApiKeys, StoreError};

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::guarded(Class::Write);

/// Revokes an API key.
///
/// The key is refused within a minute, once the authorizer's cached answer expires. Repeating the request changes nothing.
///
/// # Errors
///
/// 401 no caller, 403 the caller's role, 404 no such key, 503 the table is down.
#[utoipa::path(
    delete,
    path = "/v1/api-keys/{key_id}",
    operation_id = "revoke-api-key",
    tag = "keys",
    responses((status = 204, description = "The key is revoked")),
    security(("access_token" = ["admin"])),
)]
pub async fn handle(env: &impl capabilities::ApiKeys, request: Request) -> Result<Response, ApiError> {
    let (keys, clock, ids) = (env.api_keys(), env.clock(), env.ids());
    let caller = api::caller(&request)?;
    api::require(&caller, Permission::ManageApiKeys)?;
    let id = api::key_id(&request)?;
    let revoke = async || {
        let Some(key) = keys.api_key(id).await? else { return Ok(false) };
        if let Some(revoked) = key.revoked(caller.who.actor(), clock.now()) {
            keys.save_api_keys(&[revoked], &[]).await?;
            tracing::info!(key_id = %id, "key revoked");
        }
        Ok(true)
    };
    let found =
        retry(clock, ids, Policy::CONFLICT, api::deadline(clock, &request), revoke, StoreError::verdict).await?;
    if found { Ok(api::empty(StatusCode::NO_CONTENT)) } else { Err(ApiError::NotFound("API key")) }
}
