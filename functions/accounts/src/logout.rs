//! `POST /v1/auth/logout`: ends the session.

use api::{ApiError, Class, Endpoint, Request, Response};
use lambda_http::http::StatusCode;
use serde::Deserialize;
use sessions::{CLEARED_COOKIE, PresentedToken, SessionError};
use store::Sessions;
use utoipa::ToSchema;

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::open(Class::Session);

/// The refresh token; left out where it comes as a cookie.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LogoutBody {
    /// As it was handed out; left out where it comes as a cookie.
    #[serde(default, deserialize_with = "domain::unless_empty")]
    refresh_token: Option<String>,
}

/// Signs out.
///
/// Ends the session of the refresh token; any of the session's tokens does, and an unknown token changes nothing. Access
/// tokens stay valid until they expire, 15 minutes at most. Without a token in the body, the cookie is cleared.
///
/// # Errors
///
/// 400, 413, 415 for the body, 403 a cookie from a foreign page, 503 the table is down.
#[utoipa::path(
    post,
    path = "/v1/auth/logout",
    operation_id = "logout",
    tag = "accounts",
    request_body = LogoutBody,
    responses((status = 204, description = "The session is over, now or before")),
    extensions(("x-problems" = json!(["forbidden"]))),
)]
pub async fn handle(
    env: &(impl capabilities::Identity + capabilities::Origins),
    request: Request,
) -> Result<Response, ApiError> {
    let (sessions, origins) = (env.accounts(), env.origins());
    let LogoutBody { refresh_token } = api::body(&request)?;
    let has_cookie = refresh_token.is_none();
    match PresentedToken::by(&request, refresh_token.as_deref(), origins) {
        Ok(PresentedToken { token, .. }) => sessions.end_session(token.account, token.session).await?,
        Err(SessionError::Ended) => {}
        Err(error) => return Err(error.into()),
    }
    let done = api::empty(StatusCode::NO_CONTENT);
    if has_cookie { api::with_cookie(done, CLEARED_COOKIE) } else { Ok(done) }
}
