//! The supported providers, with our client credentials.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, de::Error as _};

/// The providers by their names in our URLs, as in the secret:
/// `{"providers":{"google":{"issuer":"https://accounts.google.com","client_id":"…","client_secret":"…"}}}`.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Providers {
    providers: BTreeMap<String, Provider>,
}

/// A provider with our client credentials. `Debug` hides the secret.
#[derive(Clone, Deserialize)]
pub struct Provider {
    /// The issuer identifier, which the provider's documents and tokens must name.
    #[serde(deserialize_with = "issuer")]
    pub issuer: String,
    /// Our client id.
    pub client_id: String,
    /// Our client secret.
    pub client_secret: String,
}

impl Providers {
    /// The provider of this name.
    pub fn get(&self, name: &str) -> Option<&Provider> {
        self.providers.get(name)
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// Whether codes and tokens may be sent there: over TLS, or on this machine.
pub(crate) fn is_safe(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else { return url.starts_with("https://") };
    let host = rest.split(['/', '?', ':']).next().unwrap_or_default();
    ["localhost", "127.0.0.1"].contains(&host)
}

fn issuer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    // OpenID Connect Discovery 1.0, section 3.
    let plain = !text.contains(['?', '#']);
    if plain && is_safe(&text) { Ok(text) } else { Err(D::Error::custom("an issuer is an https address")) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(issuer: &str) -> Result<Providers, serde_json::Error> {
        let provider = json!({"issuer": issuer, "client_id": "shop", "client_secret": "s3cret"});
        serde_json::from_value(json!({"providers": {"google": provider}}))
    }

    #[test]
    fn a_provider_is_found_by_its_name_and_keeps_its_secret() {
        let providers = read("https://accounts.google.com").unwrap();
        assert_eq!(providers.get("google").unwrap().client_id, "shop");
        assert!(providers.get("Google").is_none());
        assert!(!format!("{providers:?}").contains("s3cret"));
    }

    #[test]
    fn only_this_machine_goes_without_tls() {
        for good in ["https://id.test/realm", "http://127.0.0.1:3000/oidc", "http://localhost:3000", "http://localhost"]
        {
            assert!(read(good).is_ok(), "{good}");
        }
        for bad in [
            "http://id.test",
            "http://127.0.0.1.id.test",
            "http://localhost@id.test/",
            "ftp://id.test",
            "https://id.test?a",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
