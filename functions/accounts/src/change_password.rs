//! `POST /v1/auth/change-password`: a new password for a caller who knows the current one.

use api::{ApiError, Class, Endpoint, Request, Response};
use domain::Account;
use passwords::Password;
use resilience::Clock;
use serde::Deserialize;
use sessions::{AccountLimits, Delivery, Issuer, command_context, save};
use store::Accounts;
use utoipa::ToSchema;

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::guarded(Class::SignIn);

/// The current password and the new one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeBody {
    #[schema(value_type = String, format = Password, max_length = 128)]
    current_password: Password,
    /// It must not resemble the email address, nor be a common password.
    #[schema(value_type = String, format = Password, min_length = 10, max_length = 128)]
    new_password: Password,
    #[serde(default)]
    delivery: Delivery,
}

/// Changes the caller's password.
///
/// Ends every session and opens a new one for the caller.
///
/// # Errors
///
/// 400, 413, 415 for the body, 401 no caller or a wrong current password, 403 not a person, or a cookie for a foreign
/// page, 404 the account is gone, 422 the new password breaks a rule, 429 too many tries, 503 a table is down.
#[utoipa::path(
    post,
    path = "/v1/auth/change-password",
    operation_id = "change-password",
    tag = "accounts",
    request_body = ChangeBody,
    responses((status = 200, description = "The password is the new one, every session is over, and this is a new one", body = sessions::TokenAnswer)),
    security(("access_token" = ["customer", "staff", "admin"])),
    extensions(("x-problems" = json!(["invalid-credentials", "not-found"]))),
)]
pub async fn handle(
    env: &(
         impl capabilities::Guards
         + capabilities::Identity
         + capabilities::Origins
         + capabilities::Passwords
         + capabilities::SessionKeys
     ),
    request: Request,
) -> Result<Response, ApiError> {
    let (accounts, guards, passwords, origins) = (env.accounts(), env.guards(), env.passwords(), env.origins());
    let issuer = &Issuer { sessions: accounts, keys: env.session_keys().await?, clock: env.clock(), ids: env.ids() };
    let id = api::own_account(&request)?;
    let ChangeBody { current_password, new_password, delivery } = api::body(&request)?;
    origins.admit(&request, delivery)?;
    let account = accounts.account(id).await?.ok_or(ApiError::NotFound("account"))?;
    let (clock, ids) = (issuer.clock, issuer.ids);
    let limits = AccountLimits::of(&account.email, &request);
    let password_try = limits.confirm_password(guards, clock.now()).await?;
    // The access token may be older than the end of the account.
    if !passwords.verify(&current_password, account.password.as_ref()) || account.is_disabled() {
        return Err(ApiError::InvalidCredentials);
    }
    password_try.give_back(guards, clock.now()).await;
    new_password.check_field("new_password", &account.email)?;
    let correlation_id = api::correlation_id(&request);

    let hash = passwords.hash(&new_password, ids).map_err(|error| ApiError::Internal(error.into()))?;
    let changed: Account = api::settle(clock, ids, async || {
        let now = accounts.account(id).await?.filter(|now| now.password == account.password && !now.is_disabled());
        // A concurrent request has changed it since it was compared.
        let now = now.ok_or(ApiError::InvalidCredentials)?;
        let change = now.change_password(hash.clone(), &command_context(clock, ids, correlation_id.as_str()));
        save(accounts, &change).await?;
        change.after.ok_or(ApiError::NotFound("account"))
    })
    .await?;
    issuer.open(&changed, delivery).await?.answer()
}
