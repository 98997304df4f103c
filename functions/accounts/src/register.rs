//! `POST /v1/auth/register`: registers an account.

use api::{ApiError, Class, Endpoint, Request, Response};
use domain::{Account, CustomerId, EmailAddress, Registration};
use lambda_http::http::StatusCode;
use passwords::Password;
use resilience::{Clock, Ids};
use serde::Deserialize;
use sessions::{AccountLimits, command_context, save};
use store::Accounts;
use utoipa::ToSchema;

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::open(Class::SignIn);

/// The email address and password of the new account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RegisterBody {
    /// The email address.
    email: EmailAddress,
    /// It must not resemble the email address, nor be a common password.
    #[schema(value_type = String, format = Password, min_length = 10, max_length = 128)]
    password: Password,
}

/// Registers an account.
///
/// Sends an email to the address: a link to verify it or, when it has an account already, a notice of that. The answer does
/// not tell which.
///
/// # Errors
///
/// 400, 413, 415 for the body, 422 a value breaks a rule, 429 too many mails to this address, 503 a table is down.
#[utoipa::path(
    post,
    path = "/v1/auth/register",
    operation_id = "register",
    tag = "accounts",
    request_body = RegisterBody,
    responses((status = 202, description = "A mail is on its way to the address, whoever it belongs to")),
)]
pub async fn handle(
    env: &(impl capabilities::Guards + capabilities::Identity + capabilities::Passwords),
    request: Request,
) -> Result<Response, ApiError> {
    let (accounts, guards, passwords) = (env.accounts(), env.guards(), env.passwords());
    let (clock, ids) = (env.clock(), env.ids());
    let RegisterBody { email, password } = api::body(&request)?;
    password.check_field("password", &email)?;
    let correlation_id = api::correlation_id(&request);
    AccountLimits::of(&email, &request).send_mail(guards, clock.now()).await?;

    let hash = passwords.hash(&password, ids).map_err(|error| ApiError::Internal(error.into()))?;
    api::settle(clock, ids, async || {
        let id = CustomerId::from_uuid(ids.fresh());
        let wanted = Registration { id, email: email.clone(), password: hash.clone() };
        let before = accounts.account_with_email(&email).await?;
        let change = Account::register(before, wanted, &command_context(clock, ids, correlation_id.as_str()));
        save(accounts, &change).await
    })
    .await?;
    Ok(api::empty(StatusCode::ACCEPTED))
}
