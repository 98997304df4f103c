//! Exchanges a code for an ID token at the provider's token endpoint (OpenID Connect Core 1.0, section 3.1.3).

use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use serde::Deserialize;

use crate::discovery::{ClientAuth, Discovery};
use crate::{OpenIdError, Provider};

/// What the provider returned, and what we stored of the attempt. `Debug` hides it.
#[derive(Clone, Copy)]
pub struct Exchange<'a> {
    /// The code.
    pub code: &'a str,
    /// The redirect URI, as the attempt sent it.
    pub redirect_uri: &'a str,
    /// The attempt's verifier.
    pub code_verifier: &'a str,
    /// The attempt's nonce.
    pub nonce: &'a str,
}

impl fmt::Debug for Exchange<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exchange(…)")
    }
}

/// The response. It has no `Debug`.
#[derive(Deserialize)]
pub(crate) struct Tokens {
    pub id_token: String,
    #[serde(default)]
    pub access_token: Option<String>,
}

impl Exchange<'_> {
    pub(crate) fn request(&self, provider: &Provider, discovery: &Discovery) -> Result<Request<Bytes>, OpenIdError> {
        let client_auth = discovery.client_auth()?;
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", self.code)
            .append_pair("redirect_uri", self.redirect_uri)
            .append_pair("code_verifier", self.code_verifier);
        let mut request = Request::post(&discovery.token_endpoint)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json");
        match client_auth {
            ClientAuth::Basic => request = request.header(header::AUTHORIZATION, basic(provider)?),
            ClientAuth::Post => {
                form.append_pair("client_id", &provider.client_id)
                    .append_pair("client_secret", &provider.client_secret);
            }
        }
        Ok(request.body(Bytes::from(form.finish()))?)
    }

    pub(crate) fn tokens(response: &Response<Bytes>) -> Result<Tokens, OpenIdError> {
        if !response.status().is_success() {
            return Err(OpenIdError::of_token(response));
        }
        serde_json::from_slice(response.body()).map_err(|_| OpenIdError::Provider("token endpoint gave no ID token"))
    }
}

/// Both parts are form-encoded before they are joined (RFC 6749, section 2.3.1).
fn basic(provider: &Provider) -> Result<HeaderValue, OpenIdError> {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(&provider.client_id), encoded(&provider.client_secret));
    let mut value =
        HeaderValue::try_from(format!("Basic {}", BASE64_STANDARD.encode(pair))).map_err(http::Error::from)?;
    value.set_sensitive(true);
    Ok(value)
}
