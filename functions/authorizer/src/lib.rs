//! API Gateway's authorizer: says who calls. Whether they may is for each function to ask the policy, since this answer
//! is cached for all routes.

use auth::{Caller, TokenKeys, TokenRules, verify};
use aws_lambda_events::apigw::{ApiGatewayV2CustomAuthorizerSimpleResponse, ApiGatewayV2CustomAuthorizerV2Request};
use resilience::Clock;
use serde_json::{Map, Value};
use telemetry::{CachedSecret, SecretError, SecretSource};

/// An HTTP API's request for authorisation, payload format 2.0.
pub type AuthorizerRequest = ApiGatewayV2CustomAuthorizerV2Request;
/// The simple answer to it.
pub type AuthorizerResponse = ApiGatewayV2CustomAuthorizerSimpleResponse<Map<String, Value>>;

/// Lets the bearer of a good token through, with who it is in the context; refuses everybody else.
///
/// # Errors
///
/// When the keys cannot be read. API Gateway answers 500 then and caches nothing, while a refusal would be kept.
pub async fn handle<S: SecretSource, C: Clock>(
    keys: &CachedSecret<TokenKeys, S, C>,
    rules: &TokenRules,
    clock: &impl Clock,
    request: AuthorizerRequest,
) -> Result<AuthorizerResponse, SecretError> {
    let Some(token) = bearer(&request) else {
        return Ok(refuse("no bearer token"));
    };
    let keys = keys.get().await?;
    Ok(match verify(token, &keys, rules, clock.now()) {
        Ok(caller) => admit(&caller),
        Err(refused) => refuse(refused.0),
    })
}

/// The token of an `Authorization` header (RFC 6750, section 2.1); the scheme's case does not matter (RFC 9110, 11.1).
fn bearer(request: &AuthorizerRequest) -> Option<&str> {
    let mut values = request.headers.get_all("authorization").iter();
    let value = values.next().filter(|_| values.next().is_none())?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim()).filter(|token| !token.is_empty())
}

fn admit(caller: &Caller) -> AuthorizerResponse {
    let entries = caller.to_context().into_iter().map(|(name, value)| (name.to_owned(), Value::String(value)));
    let mut response = AuthorizerResponse::default();
    response.is_authorized = true;
    response.context = entries.collect();
    response
}

fn refuse(reason: &'static str) -> AuthorizerResponse {
    telemetry::count("TokensRefused", 1);
    tracing::info!(reason, "refused");
    AuthorizerResponse::default()
}
