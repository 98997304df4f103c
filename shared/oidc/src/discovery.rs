//! The provider's discovery document (OpenID Connect Discovery 1.0).

use serde::Deserialize;

use crate::provider::is_safe;
use crate::{OpenIdError, Provider};

/// A provider's endpoints, and how it authenticates clients.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Discovery {
    issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub jwks_uri: String,
    #[serde(default)]
    pub userinfo_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// How we authenticate at the token endpoint (OpenID Connect Core 1.0, section 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientAuth {
    /// In the `Authorization` header.
    Basic,
    /// In the form.
    Post,
}

impl Discovery {
    /// The document's URL.
    pub(crate) fn url(provider: &Provider) -> String {
        format!("{}/.well-known/openid-configuration", provider.issuer.trim_end_matches('/'))
    }

    /// Parses the document.
    ///
    /// # Errors
    ///
    /// It is another issuer's, or has URLs to which secrets may not be sent.
    pub(crate) fn read(provider: &Provider, json: &[u8]) -> Result<Self, OpenIdError> {
        let found: Self =
            serde_json::from_slice(json).map_err(|_| OpenIdError::Provider("discovery document cannot be read"))?;
        if found.issuer != provider.issuer {
            return Err(OpenIdError::Provider("discovery document is another issuer's"));
        }
        let fits = |url: &String| is_safe(url) && (url.starts_with("https:") || found.issuer.starts_with("http:"));
        if !found.endpoints().all(fits) {
            return Err(OpenIdError::Provider("discovery document names addresses without TLS"));
        }
        Ok(found)
    }

    fn endpoints(&self) -> impl Iterator<Item = &String> {
        [&self.authorization_endpoint, &self.token_endpoint, &self.jwks_uri].into_iter().chain(&self.userinfo_endpoint)
    }

    /// How to authenticate: by header when the provider supports that, which is also the default.
    pub(crate) fn client_auth(&self) -> Result<ClientAuth, OpenIdError> {
        let Some(methods) = &self.token_endpoint_auth_methods_supported else { return Ok(ClientAuth::Basic) };
        let takes = |wanted: &str| methods.iter().any(|method| method == wanted);
        match (takes("client_secret_basic"), takes("client_secret_post")) {
            (true, _) => Ok(ClientAuth::Basic),
            (false, true) => Ok(ClientAuth::Post),
            (false, false) => Err(OpenIdError::Provider("token endpoint takes no client secret")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::conversation::{ISSUER, discovery, provider};

    fn read(document: &Value) -> Result<Discovery, OpenIdError> {
        Discovery::read(&provider(), document.to_string().as_bytes())
    }

    #[test]
    fn a_document_that_is_not_the_issuers_is_refused() {
        assert!(read(&discovery()).is_ok());
        for (field, value) in [
            ("issuer", json!(format!("{ISSUER}/"))),
            ("issuer", json!("https://evil.test")),
            ("token_endpoint", json!("http://id.test/token")),
            ("token_endpoint", json!("http://127.0.0.1/token")),
            ("jwks_uri", json!("javascript:1")),
            ("userinfo_endpoint", json!("http://id.test/userinfo")),
            ("jwks_uri", Value::Null),
        ] {
            let mut document = discovery();
            document[field] = value;
            assert!(matches!(read(&document), Err(OpenIdError::Provider(_))), "{document}");
        }
    }

    #[test]
    fn we_say_who_we_are_as_the_document_says() {
        for (methods, expected) in [
            (Value::Null, Some(ClientAuth::Basic)),
            (json!(["client_secret_post", "client_secret_basic"]), Some(ClientAuth::Basic)),
            (json!(["client_secret_post"]), Some(ClientAuth::Post)),
            (json!(["private_key_jwt", "none"]), None),
        ] {
            let mut document = discovery();
            document["token_endpoint_auth_methods_supported"] = methods;
            assert_eq!(read(&document).unwrap().client_auth().ok(), expected);
        }
    }
}
