//! `POST /v1/auth/login`: exchanges email address and password for tokens.

use api::{ApiError, Class, Endpoint, Request, Response};
use domain::{Account, EmailAddress, SignInRefused};
use passwords::{Password, Passwords};
use resilience::{Clock, Ids};
use serde::Deserialize;
use sessions::{AccountLimits, Delivery, Device, Issuer, SessionError, command_context, save};
use store::{Accounts, Sessions};
use telemetry::chain;
use utoipa::ToSchema;

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::open(Class::SignIn);

/// The credentials.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LoginBody {
    email: EmailAddress,
    #[schema(value_type = String, format = Password, max_length = 128)]
    password: Password,
    #[serde(default)]
    delivery: Delivery,
}

/// Signs in with email address and password.
///
/// A wrong password, an unknown address and an account without a password give the same answer after the same work. While
/// the address is not verified, a correct password sends the verification link once more. A sign-in sets the cookie
/// `__Secure-device`: a browser that shows it has tries of its own, which nobody else can use up.
///
/// # Errors
///
/// 400, 413, 415 for the body, 401 wrong address or password, 403 the address is not verified, or a cookie for a foreign
/// page, 429 too many tries for this account, 503 a table is down.
#[utoipa::path(
    post,
    path = "/v1/auth/login",
    operation_id = "login",
    tag = "accounts",
    request_body = LoginBody,
    responses((status = 200, description = "Signed in", body = sessions::TokenAnswer)),
    extensions(("x-problems" = json!(["invalid-credentials", "email-not-verified", "forbidden"]))),
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
    let LoginBody { email, password, delivery } = api::body(&request)?;
    origins.admit(&request, delivery)?;
    let (clock, limits) = (issuer.clock, AccountLimits::of(&email, &request));
    let device = Device::of(&request, &email, &issuer.keys.refresh, clock.now());
    let password_try = limits.try_password(guards, device, clock.now()).await?;

    let found = accounts.account_with_email(&email).await?;
    let fits = passwords.verify(&password, found.as_ref().and_then(|account| account.password.as_ref()));
    match (Account::sign_in(found.as_ref(), fits), &found) {
        (Ok(account), _) => {
            telemetry::count("SignIns", 1);
            rehash_if_outdated(accounts, issuer, passwords, account, &password).await;
            limits.signed_in(guards, password_try, clock.now()).await;
            issuer.open(account, delivery).await?.answer()
        }
        (Err(SignInRefused::EmailNotVerified), Some(account)) => {
            let correlation_id = api::correlation_id(&request);
            let change = account.send_verification(&command_context(clock, issuer.ids, correlation_id.as_str()));
            match limits.send_mail(guards, clock.now()).await {
                Ok(()) => save(accounts, &change).await?,
                // The mailbox has enough of them.
                Err(SessionError::LimitReached { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            Err(ApiError::EmailNotVerified)
        }
        (Err(_), _) => {
            telemetry::count("SignInsFailed", 1);
            Err(ApiError::InvalidCredentials)
        }
    }
}

/// Replaces the password's hash if it was made with other parameters than the current ones. If that fails, the next
/// sign-in tries again.
async fn rehash_if_outdated<S: Sessions, C: Clock, I: Ids>(
    accounts: &impl Accounts,
    issuer: &Issuer<'_, S, C, I>,
    passwords: &Passwords,
    account: &Account,
    password: &Password,
) {
    if !account.password.as_ref().is_some_and(|stored| passwords.is_outdated(stored)) {
        return;
    }
    let kept: Result<(), ApiError> = async {
        let hash = passwords.hash(password, issuer.ids).map_err(|error| ApiError::Internal(error.into()))?;
        Ok(save(accounts, &account.rehash(hash, issuer.clock.now())).await?)
    }
    .await;
    if let Err(error) = kept {
        tracing::warn!(error = %chain(&error), "a password is not hashed anew");
    }
}
