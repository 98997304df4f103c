//! `GET /v1/auth/oauth/{provider}/callback`: the browser returns from an OpenID provider.

use api::{ApiError, Class, Endpoint, Request, Response};
use domain::{ExternalIdentity, SignInFlow};
use oidc::{Addresses, COOKIE, Exchange, OpenId, Provider, state_hash};
use resilience::{Clock, Ids, Transport};
use sessions::{Delivery, IssuedTokens, Issuer, Keys};
use store::{Accounts, Sessions};

mod account;
mod failure;
mod query;

pub use failure::Failure;

use query::Answer;

/// Who may call, how often, and with what. Providers add parameters of their own.
pub const ENDPOINT: Endpoint = Endpoint::open(Class::SignIn).with_any_query().answering(&[]);

/// Completes sign-ins.
#[derive(Debug)]
struct SignIn<'a, S, T, C, I> {
    /// Accounts, sessions and sign-ins in progress.
    store: &'a S,
    /// The client for the providers.
    open_id: &'a OpenId<T, C, I>,
    /// The URLs of API and web app.
    addresses: &'a Addresses,
    /// The time.
    clock: &'a C,
    /// Fresh ids.
    ids: &'a I,
}

/// Completes a sign-in with an OpenID provider.
///
/// Signs in the person whom the provider names, if this browser began the sign-in, and redirects to where it wanted to go,
/// with the session's cookie. Otherwise it redirects to the web app's sign-in page, with a reason of [`Failure`] in
/// `error`.
///
/// # Errors
///
/// 404 no such provider.
#[utoipa::path(
    get,
    path = "/v1/auth/oauth/{provider}/callback",
    operation_id = "oauth-callback",
    tag = "accounts",
    params(
        ("state" = Option<String>, Query, description = "What the sign-in began with"),
        ("code" = Option<String>, Query, description = "What the provider gives for its tokens"),
        ("error" = Option<String>, Query, description = "Why the provider gives no code (RFC 6749, section 4.1.2.1)"),
        ("iss" = Option<String>, Query, description = "Which provider answers (RFC 9207)")
    ),
    responses((
        status = 303,
        description = "On to the web app: signed in, with a session's cookie, or to `/sign-in?error=` with `cancelled`, \
            `expired`, `other_browser`, `provider_refused`, `unavailable`, `email_not_verified`, `use_password` or \
            `other_identity`"
    )),
)]
pub async fn handle(
    env: &(impl capabilities::Identity + capabilities::OpenId + capabilities::SessionKeys),
    request: Request,
) -> Result<Response, ApiError> {
    let name = api::path_parameter(&request, "provider").unwrap_or_default();
    let addresses = &env.addresses();
    let (store, open_id) = (env.accounts(), env.open_id());
    let sign_in = SignIn { store, open_id, addresses, clock: env.clock(), ids: env.ids() };
    let ended = match (env.providers().await, env.session_keys().await) {
        (Err(error), _) | (_, Err(error)) => Err(Failure::Ours(error.into())),
        (Ok(providers), Ok(keys)) => {
            let provider = providers.get(name).ok_or(ApiError::NotFound("provider"))?;
            sign_in.run(name, provider, keys, &request).await
        }
    };
    let response = match ended {
        Ok((signed_in, return_to)) => {
            telemetry::count("SignIns", 1);
            signed_in.with_cookies(api::see_other(&addresses.page(&return_to))?)?
        }
        Err(failure) => {
            failure.log(name);
            api::see_other(&addresses.sign_in_page(failure.word()))?
        }
    };
    api::with_cookie(response, &oidc::no_cookie())
}

impl<S: Accounts + Sessions, T: Transport, C: Clock, I: Ids> SignIn<'_, S, T, C, I> {
    async fn run(
        &self,
        name: &str,
        provider: &Provider,
        keys: Keys,
        request: &Request,
    ) -> Result<(IssuedTokens, String), Failure> {
        let (flow, answer) = self.flow(name, provider, request).await?;
        let code = answer.code()?;
        let external = self.external_identity(name, provider, &flow, code, request).await?;
        let correlation_id = api::correlation_id(request);
        let account =
            account::sign_in(self.store, name, &external, self.clock, self.ids, correlation_id.as_str()).await?;
        let issuer = Issuer { sessions: self.store, keys, clock: self.clock, ids: self.ids };
        let signed_in = issuer.open(&account, Delivery::Cookie).await.map_err(|error| Failure::Ours(error.into()))?;
        Ok((signed_in, flow.return_to))
    }

    /// The sign-in that this answer belongs to: begun by this browser, at this provider, not expired and not completed
    /// yet. The state is checked first, so that a third party cannot use up another person's sign-in.
    async fn flow(&self, name: &str, provider: &Provider, request: &Request) -> Result<(SignInFlow, Answer), Failure> {
        let answer = Answer::read(request);
        let state = answer.state.as_deref().ok_or(Failure::OtherBrowser)?;
        // Both come with the request, so there is no secret to measure.
        if api::cookie(request, COOKIE) != Some(state) {
            return Err(Failure::OtherBrowser);
        }
        let flow = self.store.take_flow(&state_hash(state)).await.map_err(|error| Failure::Ours(error.into()))?;
        let flow = flow.filter(|flow| flow.provider == name && self.clock.now() < flow.expires_at);
        let flow = flow.ok_or(Failure::Expired)?;
        // RFC 9207: another provider's answer.
        if answer.issuer.as_ref().is_some_and(|issuer| *issuer != provider.issuer) {
            return Err(Failure::OtherIssuer);
        }
        Ok((flow, answer))
    }

    async fn external_identity(
        &self,
        name: &str,
        provider: &Provider,
        flow: &SignInFlow,
        code: &str,
        request: &Request,
    ) -> Result<ExternalIdentity, Failure> {
        let redirect_uri = self.addresses.redirect_uri(name);
        let (code_verifier, nonce) = (flow.code_verifier.as_str(), flow.nonce.as_str());
        let exchange = Exchange { code, redirect_uri: &redirect_uri, code_verifier, nonce };
        Ok(self.open_id.external_identity(provider, exchange, api::deadline(self.clock, request)).await?)
    }
}
