//! `GET /v1/auth/oauth/{provider}/start`: redirects the browser to an OpenID provider to sign in.

use api::{ApiError, Class, Endpoint, Request, Response};
use domain::{FieldError, InvalidReturnPath, ReturnPath, SignInFlow};
use lambda_http::RequestExt as _;
use oidc::{Attempt, FLOW_LIFETIME, state_hash};
use resilience::Clock;
use store::Sessions;
use telemetry::chain;

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::open(Class::SignIn).with_query(&["return_to"]).answering(&[]);

/// Begins a sign-in with an OpenID provider.
///
/// Stores the attempt, binds it to this browser with a cookie, and redirects to the provider. While the provider is
/// unavailable it redirects to the web app's sign-in page, with `error=unavailable`.
///
/// # Errors
///
/// 404 no such provider, 422 `return_to` is not a path of the web app, 503 the table is down.
#[utoipa::path(
    get,
    path = "/v1/auth/oauth/{provider}/start",
    operation_id = "oauth-start",
    tag = "accounts",
    params(
        ("return_to" = Option<String>, Query, description = "Path of the web app to go to afterwards; `/` if left out")
    ),
    responses((status = 303, description = "On to the provider, with a cookie that binds the sign-in to this browser")),
)]
pub async fn handle(
    env: &(impl capabilities::Identity + capabilities::OpenId),
    request: Request,
) -> Result<Response, ApiError> {
    let (sessions, open_id, addresses) = (env.accounts(), env.open_id(), &env.addresses());
    let (clock, ids, providers) = (env.clock(), env.ids(), &*env.providers().await?);
    let name = api::path_parameter(&request, "provider").unwrap_or_default();
    let provider = providers.get(name).ok_or(ApiError::NotFound("provider"))?;
    let return_to = return_path(&request)?;

    let attempt = Attempt::new(ids);
    let (back, deadline) = (addresses.redirect_uri(name), api::deadline(clock, &request));
    let url = match open_id.authorization_url(provider, &back, &attempt, deadline).await {
        Ok(url) => url,
        Err(error) => {
            tracing::error!(error = %chain(&error), provider = name, "nobody can be sent to the provider");
            return api::see_other(&addresses.sign_in_page("unavailable"));
        }
    };
    sessions.keep_flow(&flow(name, &attempt, &return_to, clock)).await?;
    api::with_cookie(api::see_other(&url)?, &oidc::cookie(&attempt.state))
}

fn return_path(request: &Request) -> Result<ReturnPath, ApiError> {
    let parameters = request.query_string_parameters_ref();
    let Some(text) = parameters.and_then(|parameters| parameters.first("return_to")) else {
        return Ok(ReturnPath::default());
    };
    text.parse().map_err(|error: InvalidReturnPath| FieldError::new("return_to", error.to_string()).into())
}

fn flow(provider: &str, attempt: &Attempt, return_to: &ReturnPath, clock: &impl Clock) -> SignInFlow {
    SignInFlow {
        state_hash: state_hash(&attempt.state),
        provider: provider.to_owned(),
        nonce: attempt.nonce.clone(),
        code_verifier: attempt.code_verifier.clone(),
        return_to: return_to.to_string(),
        expires_at: clock.now().plus(FLOW_LIFETIME),
    }
}
