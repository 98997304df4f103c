//! `POST /v1/auth/verify-email`: verifies an email address with the mailed link and the password.

use api::{ApiError, Class, Endpoint, Request, Response};
use domain::{Account, LinkKind};
use passwords::Password;
use resilience::Clock;
use serde::Deserialize;
use sessions::{AccountLimits, Delivery, Issuer, linked, save};
use utoipa::ToSchema;

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::open(Class::SignIn);

/// The link's token, and the password of the account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VerifyBody {
    /// The token from the link in the mail.
    token: String,
    /// The password with which the account was created.
    #[schema(value_type = String, format = Password, max_length = 128)]
    password: Password,
    #[serde(default)]
    delivery: Delivery,
}

/// Verifies an email address and signs in.
///
/// Asks for the password as well, so that nobody can be tricked into confirming an account that someone else created with
/// their address. A wrong password does not use up the link.
///
/// # Errors
///
/// 400, 413, 415 for the body, 400 the link is invalid, 401 wrong password, 403 a cookie for a foreign page, 429 too
/// many attempts, 503 a table is down.
#[utoipa::path(
    post,
    path = "/v1/auth/verify-email",
    operation_id = "verify-email",
    tag = "accounts",
    request_body = VerifyBody,
    responses((status = 200, description = "The address is verified, and its owner signed in", body = sessions::TokenAnswer)),
    extensions(("x-problems" = json!(["link-invalid", "invalid-credentials", "forbidden"]))),
)]
pub async fn handle(
    env: &(
         impl capabilities::Guards
         + capabilities::Identity
         + capabilities::LinkKeys
         + capabilities::Origins
         + capabilities::Passwords
         + capabilities::SessionKeys
     ),
    request: Request,
) -> Result<Response, ApiError> {
    let (accounts, guards, passwords, origins) = (env.accounts(), env.guards(), env.passwords(), env.origins());
    let links = &*env.link_keys().await?;
    let issuer = &Issuer { sessions: accounts, keys: env.session_keys().await?, clock: env.clock(), ids: env.ids() };
    let VerifyBody { token, password, delivery } = api::body(&request)?;
    origins.admit(&request, delivery)?;
    let id = links.verify(LinkKind::VerifyEmail, &token).ok_or(ApiError::LinkInvalid)?;
    let (clock, ids) = (issuer.clock, issuer.ids);

    let account: Account = api::settle(clock, ids, async || {
        let (link, account) = linked(accounts, id).await?;
        let change = account.verify_email(&link, clock.now()).map_err(|_| ApiError::LinkInvalid)?;
        if !passwords.verify(&password, account.password.as_ref()) {
            return Err(ApiError::InvalidCredentials);
        }
        save(accounts, &change).await?;
        change.after.ok_or(ApiError::LinkInvalid)
    })
    .await?;
    telemetry::count("AddressesVerified", 1);
    AccountLimits::of(&account.email, &request).remember(guards, clock.now()).await;
    issuer.open(&account, delivery).await?.answer()
}
