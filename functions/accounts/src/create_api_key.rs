//! `POST /v1/api-keys`: an administrator creates a key for a service.
//!
//! No `Idempotency-Key` is required. If the answer is lost, the new key's secret is unknown: the key stays unused,
//! appears in the list and can be revoked, and the request can be repeated. The replaced key still ends at the time of
//! the first request.

mod request;

use api::{ApiError, Class, Endpoint, KeyAnswer, Response};
use auth::api_key::issue;
use auth::{Caller, Permission, Who};
use domain::{ApiKey, CustomerId, FieldError, KeyId, TokenHash, UserId};
use lambda_http::Request;
use lambda_http::http::StatusCode;
use resilience::{Clock, Ids, Policy, Verdict, retry};
use serde::Serialize;
use store::ApiKeys;
use utoipa::ToSchema;

use request::{KeyBody, NewApiKeyRequest};
pub use request::{MAX_DAYS, MAX_NAME, MAX_OVERLAP_SECONDS};

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::guarded(Class::Write);

/// The new key, with its text, which no other response has.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewApiKey)]
struct NewKeyAnswer<'a> {
    #[serde(flatten)]
    key: KeyAnswer<'a>,
    #[schema(pattern = "^cis_live_[0-9a-f]{32}_[0-9a-f]{64}$")]
    /// `cis_live_…`, sent as `Authorization: Bearer …`. Shown here and nowhere else.
    api_key: &'a str,
    /// The key that it replaces, with its new end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    replaced: Option<KeyAnswer<'a>>,
}

/// Creates an API key.
///
/// The key's secret is shown once. A key that replaces another sees the same orders, has the same scopes unless it is
/// given others, and ends the other key after an overlap, in the same transaction.
///
/// # Errors
///
/// 400, 413, 415 for the body, 401 no caller, 403 the caller's role, 422 a value breaks a rule or there is no such key
/// to replace, 503 the table is down.
#[utoipa::path(
    post,
    path = "/v1/api-keys",
    operation_id = "create-api-key",
    tag = "keys",
    request_body = KeyBody,
    responses((status = 201, description = "The key, shown this once", body = NewKeyAnswer)),
    security(("access_token" = ["admin"])),
)]
pub async fn handle(env: &impl capabilities::ApiKeys, request: Request) -> Result<Response, ApiError> {
    let (keys, clock, ids) = (env.api_keys(), env.clock(), env.ids());
    let maker = maker(&api::caller(&request)?)?;
    let new_key = request::read(api::body(&request)?)?;

    let id = KeyId::from_uuid(ids.fresh());
    let (text, secret) = issue(id, [ids.fresh(), ids.fresh()]);
    let mint = Mint { id, secret, maker, customer: CustomerId::from_uuid(ids.fresh()) };
    let make = async || make(keys, &new_key, &mint, clock).await;
    let judge = |error: &ApiError| match error {
        ApiError::Store(error) => error.verdict(),
        _ => Verdict::GiveUp,
    };
    let deadline = api::deadline(clock, &request);
    let (key, replaced) = retry(clock, ids, Policy::CONFLICT, deadline, make, judge).await?;
    tracing::info!(key_id = %key.id, "key made");
    let replaced = replaced.as_ref().map(KeyAnswer::from);
    api::json(StatusCode::CREATED, &NewKeyAnswer { key: KeyAnswer::from(&key), api_key: &text, replaced })
}

fn maker(caller: &Caller) -> Result<UserId, ApiError> {
    api::require(caller, Permission::ManageApiKeys)?;
    match caller.who {
        Who::Admin(id) | Who::Staff(id) => Ok(id),
        Who::Customer(_) | Who::Service(_) => Err(ApiError::Forbidden),
    }
}

/// The values that are fixed before the first attempt.
struct Mint {
    id: KeyId,
    secret: TokenHash,
    maker: UserId,
    customer: CustomerId,
}

/// Reads the key to replace, decides and writes. Returns the new key and the replaced one.
async fn make(
    keys: &impl ApiKeys,
    new_key: &NewApiKeyRequest,
    mint: &Mint,
    clock: &impl Clock,
) -> Result<(ApiKey, Option<ApiKey>), ApiError> {
    let old = match &new_key.replaces {
        Some(replaced) => Some(keys.api_key(replaced.key).await?.ok_or_else(no_such_key)?),
        None => None,
    };
    let now = clock.now();
    let key = ApiKey {
        id: mint.id,
        secret: mint.secret.clone(),
        name: new_key.name.clone(),
        scopes: new_key.scopes.or(old.as_ref().map(|old| old.scopes)).unwrap_or_default(),
        customer: old.as_ref().map_or(mint.customer, |old| old.customer),
        created_by: mint.maker,
        created_at: now,
        expires_at: now.plus(new_key.lifetime),
        revoked_at: None,
        revoked_by: None,
        last_used_at: None,
        noticed_days: None,
        version: 1,
    };
    let ends_at = new_key.replaces.as_ref().map(|replaced| now.plus(replaced.overlap));
    let ended = old.as_ref().zip(ends_at).and_then(|(old, at)| old.ended(at));
    let written: Vec<_> = ended.iter().cloned().chain([key.clone()]).collect();
    keys.save_api_keys(&written, &[]).await?;
    Ok((key, ended.or(old)))
}

fn no_such_key() -> FieldError {
    FieldError::new("replaces", "there is no such key")
}
