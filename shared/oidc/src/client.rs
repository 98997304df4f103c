//! A client for OpenID providers: their documents, the authorization URL, and the identity of the person who returns.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use domain::{ExternalIdentity, Identity};
use http::request::Builder;
use http::{HeaderValue, Request, header};
use resilience::{Clock, Deadline, Ids, Policy, Transport, retry};
use serde::Deserialize;

use crate::discovery::Discovery;
use crate::document_cache::DocumentCache;
use crate::exchange::Exchange;
use crate::id_token::{Email, ExpectedClaims, IdTokenError, VerifiedClaims, check};
use crate::keys::ProviderKeys;
use crate::{Attempt, OpenIdError, Provider};

/// The scopes that we request: an ID token, with the email address.
const SCOPE: &str = "openid email profile";

/// A client for any number of providers, built once per environment. Every call ends by its deadline, plus at most the
/// transport's own timeout.
pub struct OpenId<T, C, I> {
    transport: T,
    clock: C,
    ids: I,
    document_cache: DocumentCache,
}

/// The `UserInfo` endpoint's response.
#[derive(Deserialize)]
struct UserInfo {
    sub: String,
    #[serde(flatten)]
    email: Email,
}

impl<T, C, I> fmt::Debug for OpenId<T, C, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenId").finish_non_exhaustive()
    }
}

impl<T: Transport, C: Clock, I: Ids> OpenId<T, C, I> {
    /// A client without cached documents.
    pub fn new(transport: T, clock: C, ids: I) -> Self {
        Self { transport, clock, ids, document_cache: DocumentCache::default() }
    }

    /// The authorization URL at the provider (OpenID Connect Core 1.0, section 3.1.2.1).
    ///
    /// # Errors
    ///
    /// [`OpenIdError`], when the provider's discovery document is unavailable or not trusted.
    pub async fn authorization_url(
        &self,
        provider: &Provider,
        redirect_uri: &str,
        attempt: &Attempt,
        deadline: Deadline,
    ) -> Result<String, OpenIdError> {
        let discovery = self.discovery(provider, deadline).await?;
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", &provider.client_id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("scope", SCOPE)
            .append_pair("state", &attempt.state)
            .append_pair("nonce", &attempt.nonce)
            .append_pair("code_challenge", &attempt.code_challenge())
            .append_pair("code_challenge_method", "S256")
            .finish();
        let endpoint = &discovery.authorization_endpoint;
        let separator = if endpoint.contains('?') { '&' } else { '?' };
        Ok(format!("{endpoint}{separator}{query}"))
    }

    /// The identity that the provider asserts: exchanges the code and verifies the ID token. When the email address is
    /// only at the `UserInfo` endpoint, it is requested there (section 5.4); then the access token is dropped.
    ///
    /// # Errors
    ///
    /// [`OpenIdError`].
    pub async fn external_identity(
        &self,
        provider: &Provider,
        exchange: Exchange<'_>,
        deadline: Deadline,
    ) -> Result<ExternalIdentity, OpenIdError> {
        let discovery = self.discovery(provider, deadline).await?;
        let request = exchange.request(provider, &discovery)?;
        let attempt = async || {
            let response = self.transport.send(request.clone()).await?;
            tracing::debug!(status = response.status().as_u16(), "token endpoint answered");
            Exchange::tokens(&response)
        };
        let tokens = retry(&self.clock, &self.ids, Policy::CALL, deadline, attempt, OpenIdError::of_exchange).await?;
        let VerifiedClaims { identity, mut email } =
            self.checked(provider, &discovery, &tokens.id_token, exchange.nonce, deadline).await?;
        if let (false, Some(url), Some(token)) = (email.is_told(), &discovery.userinfo_endpoint, &tokens.access_token) {
            email = self.user_info(url, token, &identity, deadline).await?;
        }
        Ok(ExternalIdentity { identity, verified_email: email.verified() })
    }

    /// An unknown key may be newer than the cached ones.
    async fn checked(
        &self,
        provider: &Provider,
        discovery: &Discovery,
        id_token: &str,
        nonce: &str,
        deadline: Deadline,
    ) -> Result<VerifiedClaims, OpenIdError> {
        let expected = ExpectedClaims { issuer: &provider.issuer, client_id: &provider.client_id, nonce };
        let now = || self.clock.now();
        let keys = match self.document_cache.keys(&provider.issuer, now()) {
            Some(keys) => keys,
            None => self.read_keys(provider, discovery, deadline).await?,
        };
        let checked = match check(id_token, &keys, expected, now()) {
            Err(IdTokenError::UnknownKey) if !self.document_cache.keys_are_new(&provider.issuer, now()) => {
                let keys = self.read_keys(provider, discovery, deadline).await?;
                check(id_token, &keys, expected, now())
            }
            checked => checked,
        };
        checked.map_err(|refused| match refused {
            IdTokenError::UnknownKey => OpenIdError::IdToken("signed with an unknown key"),
            IdTokenError::Because(reason) => OpenIdError::IdToken(reason),
        })
    }

    /// The email address in the `UserInfo` response, if it is about the same person (section 5.3.2).
    async fn user_info(
        &self,
        url: &str,
        access_token: &str,
        identity: &Identity,
        deadline: Deadline,
    ) -> Result<Email, OpenIdError> {
        let mut bearer = HeaderValue::try_from(format!("Bearer {access_token}")).map_err(http::Error::from)?;
        bearer.set_sensitive(true);
        let json = self.document(Request::get(url).header(header::AUTHORIZATION, bearer), deadline).await?;
        let said: UserInfo =
            serde_json::from_slice(&json).map_err(|_| OpenIdError::Provider("user info cannot be read"))?;
        if said.sub == identity.subject { Ok(said.email) } else { Err(OpenIdError::Provider("user info is another's")) }
    }

    async fn discovery(&self, provider: &Provider, deadline: Deadline) -> Result<Arc<Discovery>, OpenIdError> {
        if let Some(document_cache) = self.document_cache.discovery(&provider.issuer, self.clock.now()) {
            return Ok(document_cache);
        }
        let json = self.document(Request::get(Discovery::url(provider)), deadline).await?;
        let discovery = Discovery::read(provider, &json)?;
        Ok(self.document_cache.keep_discovery(&provider.issuer, discovery, self.clock.now()))
    }

    async fn read_keys(
        &self,
        provider: &Provider,
        discovery: &Discovery,
        deadline: Deadline,
    ) -> Result<Arc<ProviderKeys>, OpenIdError> {
        let keys = ProviderKeys::read(&self.document(Request::get(&discovery.jwks_uri), deadline).await?)?;
        Ok(self.document_cache.keep_keys(&provider.issuer, keys, self.clock.now()))
    }

    async fn document(&self, request: Builder, deadline: Deadline) -> Result<Bytes, OpenIdError> {
        let request = request.body(Bytes::new())?;
        let attempt = async || {
            let response = self.transport.send(request.clone()).await?;
            match response.status() {
                http::StatusCode::OK => Ok(response.into_body()),
                status => Err(OpenIdError::of_document(status)),
            }
        };
        retry(&self.clock, &self.ids, Policy::CALL, deadline, attempt, OpenIdError::of_reading).await
    }
}

#[cfg(test)]
mod tests;
