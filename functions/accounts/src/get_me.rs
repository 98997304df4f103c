//! `GET /v1/me`: the caller's own account.

use api::{ApiError, Class, Endpoint, Request, Response};
use domain::{Account, AccountId, EmailAddress, Role, Timestamp};
use serde::Serialize;
use store::Accounts;
use utoipa::ToSchema;

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::guarded(Class::Read);

/// The caller's account.
#[derive(Debug, Serialize, ToSchema)]
struct Me<'a> {
    /// `cus_…` for customers, `usr_…` for staff.
    #[schema(value_type = String, pattern = "^(cus|usr)_[0-9a-f]{32}$")]
    account_id: AccountId,
    role: Role,
    email: &'a EmailAddress,
    /// When the email address was verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified_at: Option<Timestamp>,
    /// Whether the account has a password.
    has_password: bool,
    /// The linked `OpenID` providers, by issuer.
    identity_providers: Vec<&'a str>,
    created_at: Timestamp,
}

impl<'a> From<&'a Account> for Me<'a> {
    fn from(account: &'a Account) -> Self {
        Self {
            account_id: account.id,
            role: account.role,
            email: &account.email,
            email_verified_at: account.email_verified_at,
            has_password: account.password.is_some(),
            identity_providers: account.identities.iter().map(|identity| identity.issuer.as_str()).collect(),
            created_at: account.created_at,
        }
    }
}

/// Returns the caller's account.
///
/// # Errors
///
/// 401 no caller, 403 not a person, 404 the account is gone, 503 the table is down.
#[utoipa::path(
    get,
    path = "/v1/me",
    operation_id = "get-me",
    tag = "accounts",
    responses((status = 200, description = "The account", body = Me)),
    security(("access_token" = ["customer", "staff", "admin"])),
    extensions(("x-problems" = json!(["not-found"]))),
)]
pub async fn handle(env: &impl capabilities::Identity, request: Request) -> Result<Response, ApiError> {
    let accounts = env.accounts();
    let id = api::own_account(&request)?;
    let account = accounts.account(id).await?.ok_or(ApiError::NotFound("account"))?;
    api::ok(&Me::from(&account))
}
