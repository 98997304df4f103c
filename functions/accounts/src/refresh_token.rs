//! `POST /v1/auth/refresh-token`: the next access token.

use api::{ApiError, Class, Endpoint, Request, Response};
use serde::Deserialize;
use sessions::{Issuer, PresentedToken};
use utoipa::ToSchema;

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::open(Class::Session);

/// The refresh token; left out where it comes as a cookie.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RefreshBody {
    /// As it was handed out; left out where it comes as a cookie.
    #[serde(default, deserialize_with = "domain::unless_empty")]
    refresh_token: Option<String>,
}

/// Renews the access token.
///
/// Returns an access token and the next refresh token, in the way in which the token came. A token that is used again
/// within half a minute gives the same successor, for clients that lost the answer; used later, it ends the session, since
/// two parties have it.
///
/// # Errors
///
/// 400, 413, 415 for the body, 401 the session is over, 403 a cookie from a foreign page, 503 the table is down.
#[utoipa::path(
    post,
    path = "/v1/auth/refresh-token",
    operation_id = "refresh-token",
    tag = "accounts",
    request_body = RefreshBody,
    responses((status = 200, description = "The next pair of tokens", body = sessions::TokenAnswer)),
    extensions(("x-problems" = json!(["session-ended", "forbidden"]))),
)]
pub async fn handle(
    env: &(impl capabilities::Identity + capabilities::Origins + capabilities::SessionKeys),
    request: Request,
) -> Result<Response, ApiError> {
    let (accounts, origins) = (env.accounts(), env.origins());
    let issuer = &Issuer { sessions: accounts, keys: env.session_keys().await?, clock: env.clock(), ids: env.ids() };
    let RefreshBody { refresh_token } = api::body(&request)?;
    let shown = PresentedToken::by(&request, refresh_token.as_deref(), origins)?;
    issuer.refresh(accounts, &shown.token, shown.delivery).await?.answer()
}
