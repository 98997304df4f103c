//! `POST /v1/auth/reset-password`: a new password with a mailed link.

use api::{ApiError, Class, Endpoint, Request, Response};
use domain::LinkKind;
use lambda_http::http::StatusCode;
use passwords::Password;
use resilience::Clock;
use serde::Deserialize;
use sessions::{AccountLimits, Device, SessionError, command_context, linked, save};
use utoipa::ToSchema;

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::open(Class::SignIn);

/// The link's token and the new password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ResetBody {
    /// The token from the link in the mail.
    token: String,
    /// It must not resemble the email address, nor be a common password.
    #[schema(value_type = String, format = Password, min_length = 10, max_length = 128)]
    new_password: Password,
}

/// Resets a password with a mailed link.
///
/// Uses up the link and ends every session. The email address counts as verified, the browser (by the cookie
/// `__Secure-device`) and the request's IP address as known for the account.
///
/// # Errors
///
/// 400, 413, 415 for the body, 400 the link is invalid, 422 the password breaks a rule, 503 a table is down.
#[utoipa::path(
    post,
    path = "/v1/auth/reset-password",
    operation_id = "reset-password",
    tag = "accounts",
    request_body = ResetBody,
    responses((status = 204, description = "The password is the new one, and every session is over")),
    extensions(("x-problems" = json!(["link-invalid"]))),
)]
pub async fn handle(
    env: &(
         impl capabilities::DeviceKeys
         + capabilities::Guards
         + capabilities::Identity
         + capabilities::LinkKeys
         + capabilities::Passwords
     ),
    request: Request,
) -> Result<Response, ApiError> {
    let (accounts, guards, passwords) = (env.accounts(), env.guards(), env.passwords());
    let (clock, ids, links) = (env.clock(), env.ids(), &*env.link_keys().await?);
    let device_keys = &*env.device_keys().await?;
    let ResetBody { token, new_password } = api::body(&request)?;
    let id = links.verify(LinkKind::ResetPassword, &token).ok_or(ApiError::LinkInvalid)?;
    let (_, account) = linked(accounts, id).await?;
    new_password.check_field("new_password", &account.email)?;
    let correlation_id = api::correlation_id(&request);

    let hash = passwords.hash(&new_password, ids).map_err(|error| ApiError::Internal(error.into()))?;
    api::settle(clock, ids, async || {
        let (link, account) = linked(accounts, id).await?;
        let context = command_context(clock, ids, correlation_id.as_str());
        let change = account.reset_password(&link, hash.clone(), &context).map_err(|_| SessionError::LinkInvalid)?;
        save(accounts, &change).await
    })
    .await?;
    AccountLimits::of(&account.email, &request).remember(guards, clock.now()).await;
    let cookie = Device::cookie(&account.email, device_keys, ids, clock.now());
    api::with_cookie(api::empty(StatusCode::NO_CONTENT), &cookie)
}
