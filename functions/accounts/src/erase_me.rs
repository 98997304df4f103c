//! `POST /v1/me/erase`: deletes the caller's account and personal data.

use api::{ApiError, Class, Endpoint, Request, Response};
use auth::Caller;
use domain::{Account, EmailAddress, FieldError, Timestamp};
use lambda_http::http::StatusCode;
use passwords::{Password, Passwords};
use resilience::Clock;
use serde::Deserialize;
use sessions::{AccountLimits, command_context, save};
use store::Accounts;
use utoipa::ToSchema;

/// Who may call, how often, and with what. Limited as a sign-in: it compares a password.
pub const ENDPOINT: Endpoint = Endpoint::guarded(Class::SignIn);

/// Proof that the account's owner wants this.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EraseBody {
    /// The account's email address, typed once more.
    email: EmailAddress,
    /// The account's password. An account without one needs a sign-in of the last five minutes in its place.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Password, max_length = 128, nullable = false)]
    password: Option<Password>,
}

/// Deletes the caller's account.
///
/// Deletes the account with its email address, its password and its OpenID identities. Refresh tokens stop working; the
/// access token expires by itself. The consumer of `account.erased` then erases the person from the orders. Repeating
/// the request gives the same answer.
///
/// # Errors
///
/// 400, 413, 415 for the body, 401 no caller, another password, or a sign-in that is too old for an account without a
/// password, 403 not a person, 422 another address or no password where there is one, 429 too many tries, 503 a table is
/// down.
#[utoipa::path(
    post,
    path = "/v1/me/erase",
    operation_id = "erase-me",
    tag = "accounts",
    request_body = EraseBody,
    responses((status = 202, description = "The account is gone. Orders lose the person as soon as they are delivered and settled; amounts stay")),
    security(("access_token" = ["customer", "staff", "admin"])),
    extensions(("x-problems" = json!(["invalid-credentials", "insufficient-user-authentication"]))),
)]
pub async fn handle(
    env: &(impl capabilities::Guards + capabilities::Identity + capabilities::Passwords),
    request: Request,
) -> Result<Response, ApiError> {
    let (accounts, guards, passwords) = (env.accounts(), env.guards(), env.passwords());
    let (clock, ids) = (env.clock(), env.ids());
    let (id, caller) = (api::own_account(&request)?, api::caller(&request)?);
    let body: EraseBody = api::body(&request)?;
    let correlation_id = api::correlation_id(&request);
    let Some(account) = accounts.account(id).await? else { return Ok(api::empty(StatusCode::ACCEPTED)) };
    AccountLimits::of(&account.email, &request).confirm_password(guards, clock.now()).await?;
    confirm(&account, &body, &caller, passwords, clock.now())?;

    api::settle(clock, ids, async || {
        let Some(now) = accounts.account(id).await? else { return Ok(()) };
        // A concurrent request has changed it since it was compared.
        if now.password != account.password || now.is_disabled() {
            return Err(ApiError::InvalidCredentials);
        }
        Ok(save(accounts, &now.erase(&command_context(clock, ids, correlation_id.as_str()))).await?)
    })
    .await?;
    telemetry::count("AccountsErased", 1);
    Ok(api::empty(StatusCode::ACCEPTED))
}

/// Checks that the caller knows the account's address, and its password or, where there is none, has just signed in: a
/// stolen access token is not enough.
fn confirm(
    account: &Account,
    body: &EraseBody,
    caller: &Caller,
    passwords: &Passwords,
    now: Timestamp,
) -> Result<(), ApiError> {
    if body.email.lower_case() != account.email.lower_case() {
        return Err(FieldError::new("email", "must be the account's own").into());
    }
    // Erasing it would free the address for a new account.
    if account.is_disabled() {
        return Err(ApiError::InvalidCredentials);
    }
    match (&account.password, &body.password) {
        (None, _) => api::require_fresh_sign_in(caller, now),
        (Some(_), None) => Err(FieldError::new("password", "is required: the account has one").into()),
        (Some(hash), Some(password)) if passwords.verify(password, Some(hash)) => Ok(()),
        (Some(_), Some(_)) => Err(ApiError::InvalidCredentials),
    }
}
