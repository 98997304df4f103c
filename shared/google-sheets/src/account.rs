//! The service account: who we are to Google.

use std::fmt;
use std::sync::Arc;

use base64::{Engine, prelude::BASE64_STANDARD};
use ring::rsa::KeyPair;
use serde::Deserialize;

/// A service account as Google's key file describes it, with its key ready to sign.
#[derive(Clone)]
pub struct ServiceAccount {
    pub(crate) email: String,
    pub(crate) key_id: String,
    pub(crate) token_uri: String,
    pub(crate) key: Arc<KeyPair>,
}

/// The key does not show.
impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount")
            .field("email", &self.email)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// The secret is not a service account's key file.
#[derive(Debug, thiserror::Error)]
pub enum InvalidAccount {
    /// A field is missing, or it is not JSON.
    #[error("not a service account's key file")]
    File,
    /// Another kind of credentials.
    #[error("credentials of another type than service_account")]
    Type,
    /// `private_key` is not an RSA key in PKCS#8 PEM.
    #[error("not an RSA key in PKCS#8 PEM")]
    Key,
}

#[derive(Deserialize)]
struct KeyFile {
    r#type: String,
    client_email: String,
    private_key: String,
    private_key_id: String,
    token_uri: String,
}

impl ServiceAccount {
    /// Reads the JSON file that Google's console gives out.
    ///
    /// # Errors
    ///
    /// [`InvalidAccount`].
    pub fn from_json(text: &str) -> Result<Self, InvalidAccount> {
        // The parser's own message can quote the file.
        let file: KeyFile = serde_json::from_str(text).map_err(|_| InvalidAccount::File)?;
        if file.r#type != "service_account" {
            return Err(InvalidAccount::Type);
        }
        Ok(Self {
            key: Arc::new(key(&file.private_key).ok_or(InvalidAccount::Key)?),
            email: file.client_email,
            key_id: file.private_key_id,
            token_uri: file.token_uri,
        })
    }
}

fn key(pem: &str) -> Option<KeyPair> {
    let body = pem.trim().strip_prefix("-----BEGIN PRIVATE KEY-----")?.strip_suffix("-----END PRIVATE KEY-----")?;
    let body: String = body.split_ascii_whitespace().collect();
    KeyPair::from_pkcs8(&BASE64_STANDARD.decode(body).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with openssl for these tests; it opens nothing.
    const FILE: &str = include_str!("../testdata/service_account.json");

    #[test]
    fn a_key_file_is_an_account_and_its_key_does_not_show() {
        let account = ServiceAccount::from_json(FILE).unwrap();
        assert_eq!(account.token_uri, "https://google.test/token");
        assert!(!format!("{account:?}").to_lowercase().contains("private"));
    }

    #[test]
    fn other_files_are_refused_with_their_reason() {
        let refusal = |text: &str| ServiceAccount::from_json(text).unwrap_err();
        assert!(matches!(refusal("{}"), InvalidAccount::File));
        assert!(matches!(refusal("no json"), InvalidAccount::File));
        assert!(matches!(refusal(&FILE.replace("\"service_account\"", "\"authorized_user\"")), InvalidAccount::Type));
        assert!(matches!(refusal(&FILE.replace("BEGIN PRIVATE", "BEGIN RSA PRIVATE")), InvalidAccount::Key));
        assert!(matches!(refusal(&FILE.replace("MII", "MIJ")), InvalidAccount::Key));
    }
}
