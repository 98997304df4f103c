//! API Gateway's authorizer: identifies the caller by token or API key. Each function asks the policy what the caller
//! may do, since this answer is cached for all routes.
//!
//! It lets every request through. A request without a valid token or key has no caller, and the function answers with a
//! 401 problem; API Gateway's own refusal would be a bare 403.

use std::time::Duration;

use auth::api_key::{PresentedKey, is_api_key};
use auth::{Caller, TokenRefused, TokenRules, refused_context, verify};
use aws_lambda_events::apigw::{ApiGatewayV2CustomAuthorizerSimpleResponse, ApiGatewayV2CustomAuthorizerV2Request};
use domain::KeyId;
use resilience::Clock;
use serde_json::{Map, Value};
use settings::SecretError;
use store::{ApiKeys, StoreError};
use telemetry::chain;

/// An HTTP API's request for authorisation, payload format 2.0.
pub type AuthorizerRequest = ApiGatewayV2CustomAuthorizerV2Request;
/// The simple answer to it.
pub type AuthorizerResponse = ApiGatewayV2CustomAuthorizerSimpleResponse<Map<String, Value>>;

/// How long recording a key's use may delay the caller. If it takes longer, the next call records it.
const NOTE_PATIENCE: Duration = Duration::from_millis(250);

/// The caller cannot be identified. API Gateway then answers 500 and caches nothing.
#[derive(Debug, thiserror::Error)]
pub enum AuthorizerError {
    /// The public keys cannot be read.
    #[error("tokens cannot be checked")]
    TokenKeys(#[from] SecretError),
    /// The table of API keys cannot be read.
    #[error("API keys cannot be checked")]
    ApiKeys(#[from] StoreError),
}

/// Returns the caller in the context for a valid token or key, and an entry that says so for an invalid one.
///
/// # Errors
///
/// When the caller cannot be identified: API Gateway would cache a refusal, and does not cache an error.
pub async fn handle(
    env: &(impl capabilities::ApiKeys + capabilities::TokenKeys),
    request: AuthorizerRequest,
) -> Result<AuthorizerResponse, AuthorizerError> {
    let checked = match bearer(&request) {
        None => Err(TokenRefused("no bearer token")),
        Some(text) if is_api_key(text) => api_key(env, text).await?,
        Some(text) => verify(text, &*env.token_keys().await?, &TokenRules::default(), env.clock().now()),
    };
    Ok(match checked {
        Ok(caller) => with_context(caller.to_context()),
        Err(refused) => {
            note_refusal(refused.0);
            with_context(refused_context().map(|(name, value)| (name, value.to_owned())))
        }
    })
}

async fn api_key(
    env: &impl capabilities::ApiKeys,
    text: &str,
) -> Result<Result<Caller, TokenRefused>, AuthorizerError> {
    let shown = match PresentedKey::read(text) {
        Ok(shown) => shown,
        Err(refused) => return Ok(Err(refused)),
    };
    let (stored, now) = (env.api_keys().api_key(shown.id()).await?, env.clock().now());
    let checked = shown.check(stored.as_ref(), now);
    if checked.is_ok() {
        telemetry::count("KeysUsed", 1);
        if stored.is_some_and(|key| key.use_is_due(now)) {
            record_use(env, shown.id()).await;
        }
    }
    Ok(checked)
}

async fn record_use(env: &impl capabilities::ApiKeys, id: KeyId) {
    let (keys, clock) = (env.api_keys(), env.clock());
    let noted = tokio::select! {
        biased;
        noted = keys.record_use(id, clock.now()) => noted.map_err(|error| chain(&error).to_string()),
        () = clock.sleep(NOTE_PATIENCE) => Err("it took too long".to_owned()),
    };
    if let Err(error) = noted {
        tracing::warn!(key_id = %id, error, "use of a key not noted");
    }
}

/// The token of an `Authorization` header (RFC 6750, section 2.1); the scheme's case does not matter (RFC 9110, 11.1).
fn bearer(request: &AuthorizerRequest) -> Option<&str> {
    let mut values = request.headers.get_all("authorization").iter();
    let value = values.next().filter(|_| values.next().is_none())?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim()).filter(|token| !token.is_empty())
}

fn with_context(entries: impl IntoIterator<Item = (&'static str, String)>) -> AuthorizerResponse {
    let mut response = AuthorizerResponse::default();
    response.is_authorized = true;
    response.context = entries.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect();
    response
}

/// Expired tokens are logged apart from invalid ones: they are routine.
fn note_refusal(reason: &'static str) {
    telemetry::count("TokensRefused", 1);
    if reason.starts_with("expired") {
        telemetry::count("TokensExpired", 1);
    }
    tracing::info!(reason, "refused");
}
