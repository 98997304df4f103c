//! `GET /.well-known/jwks.json`: the public keys of access tokens, for clients that verify them.

use api::{ApiError, Class, Endpoint, Response};
use auth::PublicKeys;
use lambda_http::Request;

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::open(Class::Read);

/// Returns the public keys that verify access tokens.
///
/// Clients may cache the key set as long as our own functions do (five minutes): a rotation waits for both before the new
/// key signs.
///
/// # Errors
///
/// 500 when the keys cannot be read.
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    operation_id = "get-jwks",
    tag = "operations",
    responses((status = 200, description = "The keys (RFC 7517)", body = PublicKeys)),
    extensions(("x-cacheable" = json!(true))),
)]
pub async fn handle(env: &impl capabilities::TokenKeys, request: Request) -> Result<Response, ApiError> {
    let known = env.public_keys().await?;
    let max_age = u32::try_from(env.keys_fresh_for().as_secs()).unwrap_or(u32::MAX);
    api::cacheable(&request, &*known, max_age)
}
