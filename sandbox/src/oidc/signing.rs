//! Signs ID tokens, correctly or with the mistakes that a test asks for.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::Sha256;

use crate::rsa_key;

/// Stands in the repository and guards nothing.
const KEY: &str = include_str!("../../fixtures/openid_signing_key.pem");

/// What is wrong with an ID token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Misprint {
    /// Entries of the header that are other than they should be; null takes one away.
    pub header: Map<String, Value>,
    /// Claims that are other than they should be; null takes one away.
    pub claims: Map<String, Value>,
    /// How it is signed.
    pub signature: Signature,
}

/// How an ID token is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    /// With the provider's key.
    #[default]
    Good,
    /// Not at all.
    Missing,
    /// With one bit turned over.
    Broken,
    /// HMAC-SHA256 with the public key as its secret.
    HmacOfPublicKey,
}

/// The provider's key, and what is to go wrong next.
#[derive(Debug)]
pub struct Signing {
    pair: Option<RsaKeyPair>,
    generation: u32,
    next: Option<Misprint>,
}

impl Default for Signing {
    fn default() -> Self {
        let pair =
            rsa_key::from_pem(KEY).inspect_err(|error| tracing::error!(%error, "no ID token can be signed")).ok();
        Self { pair, generation: 1, next: None }
    }
}

impl Signing {
    /// The next token is to be wrong in this way.
    pub fn misprint_next(&mut self, misprint: Misprint) {
        self.next = Some(misprint);
    }

    /// The key gets another id.
    pub fn rotate(&mut self) {
        self.generation += 1;
    }

    /// The public key as a JWKS.
    pub fn key_set(&self) -> Value {
        let keys: Vec<Value> = self.pair.iter().map(|pair| self.jwk(pair)).collect();
        json!({ "keys": keys })
    }

    fn jwk(&self, pair: &RsaKeyPair) -> Value {
        let PublicKeyComponents::<Vec<u8>> { n, e } = pair.public().into();
        json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.id(), "n": encoded(n), "e": encoded(e)})
    }

    fn id(&self) -> String {
        format!("sandbox-{}", self.generation)
    }

    /// A token with these claims, or with what is to be wrong in it.
    pub fn sign(&mut self, mut claims: Value) -> String {
        let misprint = self.next.take().unwrap_or_default();
        let mut header = json!({"alg": "RS256", "typ": "JWT", "kid": self.id()});
        change(&mut header, misprint.header);
        change(&mut claims, misprint.claims);
        let message = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
        format!("{message}.{}", encoded(self.signature(message.as_bytes(), misprint.signature)))
    }

    fn signature(&self, message: &[u8], wanted: Signature) -> Vec<u8> {
        let Some(pair) = &self.pair else { return Vec::new() };
        let mut signature = vec![0; pair.public().modulus_len()];
        match wanted {
            Signature::Missing => signature.clear(),
            Signature::HmacOfPublicKey => {
                let hmac = Hmac::<Sha256>::new_from_slice(pair.public().as_ref()).ok();
                signature =
                    hmac.map(|hmac| hmac.chain_update(message).finalize().into_bytes().to_vec()).unwrap_or_default();
            }
            Signature::Good | Signature::Broken => {
                if let Err(error) = pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature) {
                    tracing::error!(%error, "an ID token is not signed");
                }
                if let Some(first) = signature.first_mut().filter(|_| wanted == Signature::Broken) {
                    *first ^= 1;
                }
            }
        }
        signature
    }
}

fn change(object: &mut Value, changes: Map<String, Value>) {
    let Some(object) = object.as_object_mut() else { return };
    for (name, value) in changes {
        if value.is_null() {
            object.remove(&name);
        } else {
            object.insert(name, value);
        }
    }
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
