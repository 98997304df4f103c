//! The private keys, as they are stored in Secrets Manager.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use domain::Timestamp;
use ring::{
    digest,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::MintError;

/// The signing secret: `{"keys": [{"kid": …, "private_key": <PEM, PKCS#8>, "active_from": <RFC 3339>}]}`. A new key is
/// published before it signs, so that all signers and verifiers know it by then.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningKeys {
    /// The keys, in no particular order.
    pub keys: Vec<SigningKey>,
}

impl SigningKeys {
    /// The key to sign with: the newest of those that are active.
    pub fn active(&self, now: Timestamp) -> Option<&SigningKey> {
        self.keys.iter().filter(|key| key.active_from <= now).max_by_key(|key| key.active_from)
    }

    /// The key set that verifiers read: a JWKS (RFC 7517) with the public part of every key, including keys that no
    /// longer sign or do not sign yet.
    ///
    /// # Errors
    ///
    /// [`MintError::Key`].
    pub fn public(&self) -> Result<Value, MintError> {
        let keys: Vec<_> = self.keys.iter().map(SigningKey::public_jwk).collect::<Result<_, _>>()?;
        Ok(json!({"keys": keys}))
    }
}

/// A private key with its id. `Debug` hides the key itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningKey {
    kid: String,
    private_key: String,
    active_from: Timestamp,
}

impl SigningKey {
    /// A new P-256 key that signs from then on; its id is its thumbprint (RFC 7638).
    ///
    /// # Errors
    ///
    /// [`MintError::Randomness`].
    pub fn generate(active_from: Timestamp) -> Result<Self, MintError> {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .map_err(|_| MintError::Randomness)?;
        let mut key = Self { kid: String::new(), private_key: pem(pkcs8.as_ref()), active_from };
        key.kid = key.thumbprint()?;
        Ok(key)
    }

    /// The key's id.
    pub fn id(&self) -> &str {
        &self.kid
    }

    /// When it starts to sign, unless there is a newer one.
    pub const fn active_from(&self) -> Timestamp {
        self.active_from
    }

    /// The same key, signing from then on.
    #[must_use]
    pub fn signing_from(self, active_from: Timestamp) -> Self {
        Self { active_from, ..self }
    }

    /// The public part as an entry of a JWKS.
    ///
    /// # Errors
    ///
    /// [`MintError::Key`].
    pub fn public_jwk(&self) -> Result<Value, MintError> {
        let (x, y) = self.coordinates()?;
        Ok(json!({"kty": "EC", "crv": "P-256", "kid": self.kid, "alg": "ES256", "use": "sig", "x": x, "y": y}))
    }

    fn thumbprint(&self) -> Result<String, MintError> {
        let (x, y) = self.coordinates()?;
        let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        Ok(URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, canonical.as_bytes())))
    }

    fn coordinates(&self) -> Result<(String, String), MintError> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &self.der()?, &SystemRandom::new())
            .map_err(|_| MintError::Key)?;
        // An uncompressed point: 0x04, then x and y of 32 bytes each.
        let (x, y) = pair.public_key().as_ref().get(1..).ok_or(MintError::Key)?.split_at(32);
        Ok((URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y)))
    }

    pub(super) fn der(&self) -> Result<Vec<u8>, MintError> {
        let key = PrivatePkcs8KeyDer::from_pem_slice(self.private_key.as_bytes()).map_err(|_| MintError::Key)?;
        Ok(key.secret_pkcs8_der().to_vec())
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
    for (index, char) in text.chars().enumerate() {
        if index > 0 && index % 64 == 0 {
            pem.push('\n');
        }
        pem.push(char);
    }
    pem.push_str("\n-----END PRIVATE KEY-----\n");
    pem
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(kid: &str, active_from: i64) -> SigningKey {
        SigningKey {
            kid: kid.to_owned(),
            private_key: String::new(),
            active_from: Timestamp::from_seconds(active_from),
        }
    }

    #[test]
    fn the_newest_key_signs_once_its_time_has_come() {
        let keys = SigningKeys { keys: vec![key("new", 200), key("old", 100), key("next", 300)] };
        let active = |now| keys.active(Timestamp::from_seconds(now)).map(SigningKey::id);
        let moments = [99, 100, 199, 200, 299, 300].map(active);
        assert_eq!(moments, [None, Some("old"), Some("old"), Some("new"), Some("new"), Some("next")]);
    }

    #[test]
    fn the_public_set_has_every_key_and_nothing_private() {
        let now = Timestamp::from_seconds(1);
        let keys = SigningKeys { keys: [now, now].map(|now| SigningKey::generate(now).unwrap()).into() };
        let public = keys.public().unwrap();
        let ids: Vec<_> = public["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap()).collect();
        assert_eq!(ids, keys.keys.iter().map(SigningKey::id).collect::<Vec<_>>());
        assert!(public["keys"].as_array().unwrap().iter().all(|key| key.get("d").is_none()));
        assert!(!format!("{keys:?}").contains("PRIVATE"));
    }

    #[test]
    fn the_secret_is_read_as_it_is_written() {
        let keys = SigningKeys { keys: vec![SigningKey::generate(Timestamp::from_seconds(1)).unwrap()] };
        let text = serde_json::to_string(&keys).unwrap();
        assert!(text.contains(r#""active_from":"1970-01-01T00:00:01"#), "{text}");
        assert_eq!(serde_json::from_str::<SigningKeys>(&text).unwrap(), keys);
    }
}
