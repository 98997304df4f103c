//! Service accounts: who may ask for a token, and the one for development.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::rsa_key::{self, InvalidKey};

const DEVELOPMENT_KEY: &str = include_str!("../../fixtures/service_account_key.pem");
const DEVELOPMENT_EMAIL: &str = "orders@sandbox.iam.gserviceaccount.com";
const DEVELOPMENT_KEY_ID: &str = "5a4dba5e00000000000000000000000000000001";

/// What the settings name of a service account; the fields are those of Google's key file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeyFile {
    /// `…@….iam.gserviceaccount.com`.
    pub client_email: String,
    /// The key's id, as the `kid` header names it.
    pub private_key_id: String,
    /// The private key, PKCS#8 PEM. Only its public half is kept.
    pub private_key: String,
}

impl KeyFile {
    /// The development account, whose private key stands in the repository and guards nothing.
    pub fn development() -> Self {
        Self {
            client_email: DEVELOPMENT_EMAIL.to_owned(),
            private_key_id: DEVELOPMENT_KEY_ID.to_owned(),
            private_key: DEVELOPMENT_KEY.to_owned(),
        }
    }
}

/// What Google knows of a service account: its name and its public key.
#[derive(Clone, Debug)]
pub struct ServiceAccount {
    /// `…@….iam.gserviceaccount.com`.
    pub email: String,
    /// The key's id, as the `kid` header names it.
    pub key_id: String,
    /// The public key, PKCS#1 DER.
    pub public_key: Vec<u8>,
}

impl ServiceAccount {
    /// The account that a key file belongs to.
    pub fn from_key_file(file: &KeyFile) -> Result<Self, InvalidKey> {
        let pair = rsa_key::from_pem(&file.private_key)?;
        let public_key = pair.public().as_ref().to_vec();
        Ok(Self { email: file.client_email.clone(), key_id: file.private_key_id.clone(), public_key })
    }
}

/// The key file of the development account, as Google's console would give it out.
pub fn development_key_file(token_uri: &str) -> Value {
    json!({
        "type": "service_account",
        "project_id": "sandbox",
        "private_key_id": DEVELOPMENT_KEY_ID,
        "private_key": DEVELOPMENT_KEY,
        "client_email": DEVELOPMENT_EMAIL,
        "client_id": "100000000000000000001",
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": token_uri,
        "universe_domain": "googleapis.com",
    })
}

#[cfg(test)]
pub mod tests {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use ring::rand::SystemRandom;
    use ring::signature::RSA_PKCS1_SHA256;

    use super::*;

    /// A grant assertion signed by the development account.
    pub fn assertion(claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": DEVELOPMENT_KEY_ID});
        let message = format!("{}.{}", part(&header), part(claims));
        let pair = rsa_key::from_pem(DEVELOPMENT_KEY).unwrap();
        let mut signature = vec![0; pair.public().modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    #[test]
    fn the_development_key_is_usable_and_nonsense_is_refused() {
        let file = KeyFile::development();
        assert_eq!(ServiceAccount::from_key_file(&file).unwrap().email, DEVELOPMENT_EMAIL);
        let broken = KeyFile { private_key: "-----BEGIN PRIVATE KEY-----\nAAAA\n".to_owned(), ..file };
        assert!(ServiceAccount::from_key_file(&broken).is_err());
    }
}
