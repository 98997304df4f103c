//! `POST /v1/auth/request-password-reset`: requests a link to reset a password.

use api::{ApiError, Class, Endpoint, Request, Response};
use domain::{Account, CustomerId, EmailAddress};
use lambda_http::http::StatusCode;
use resilience::{Clock, Ids};
use serde::Deserialize;
use sessions::{AccountLimits, command_context, save};
use store::Accounts;
use utoipa::ToSchema;

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::open(Class::SignIn);

/// The account's email address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ResetRequestBody {
    email: EmailAddress,
}

/// Requests a link to reset a password.
///
/// Sends the link if the email address has an account, and has not been sent five of them within the hour: then the last one
/// is still good. The answer is the same in each case.
///
/// # Errors
///
/// 400, 413, 415 for the body, 422 no address, 503 a table is down.
#[utoipa::path(
    post,
    path = "/v1/auth/request-password-reset",
    operation_id = "request-password-reset",
    tag = "accounts",
    request_body = ResetRequestBody,
    responses((status = 202, description = "If the address has an account, a mail is on its way")),
)]
pub async fn handle(
    env: &(impl capabilities::Guards + capabilities::Identity),
    request: Request,
) -> Result<Response, ApiError> {
    let (accounts, guards, clock, ids) = (env.accounts(), env.guards(), env.clock(), env.ids());
    let ResetRequestBody { email } = api::body(&request)?;
    let correlation_id = api::correlation_id(&request);
    let (limits, mut may_mail) = (AccountLimits::of(&email, &request), None);

    api::settle(clock, ids, async || {
        let context = command_context(clock, ids, correlation_id.as_str());
        let nobody = CustomerId::from_uuid(ids.fresh());
        let found = accounts.account_with_email(&email).await?;
        let may_mail = match may_mail {
            Some(decided) => decided,
            None => *may_mail.insert(limits.mail_reset(guards, found.as_ref(), clock.now()).await?),
        };
        let change = found
            .filter(|_| may_mail)
            .map_or_else(|| Account::no_reset(nobody, &context), |account| account.request_reset(&context));
        save(accounts, &change).await
    })
    .await?;
    Ok(api::empty(StatusCode::ACCEPTED))
}
