//! Making tokens and the keys that they are signed with.

use std::time::Duration;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use domain::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use ring::{
    digest,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    Caller, TokenRules, crypto,
    token::{Claims, TYPE},
};

/// How far back `nbf` is dated, so that a verifier whose clock is a little behind takes a fresh token.
const BACKDATED: i64 = 5;

/// A private key with its id, as it lies in Secrets Manager: `{"kid": …, "private_key": <PEM, PKCS#8>}`. Its `Debug`
/// shows the id only.
#[derive(Clone, Serialize, Deserialize)]
pub struct SigningKey {
    kid: String,
    private_key: String,
}

/// A key cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum MintError {
    /// The private key's PEM is not a P-256 key in PKCS#8 form.
    #[error("the signing key is not a P-256 key in PKCS#8 form")]
    Key,
    /// The operating system gave no randomness.
    #[error("no randomness to make a key or a signature")]
    Randomness,
    /// A service has no role and gets no token: it has its key.
    #[error("only people get tokens")]
    NotAPerson,
    /// The token could not be put together.
    #[error("cannot sign the token")]
    Sign(#[from] jsonwebtoken::errors::Error),
}

impl SigningKey {
    /// A fresh P-256 key; its id is its thumbprint (RFC 7638).
    ///
    /// # Errors
    ///
    /// [`MintError::Randomness`].
    pub fn generate() -> Result<Self, MintError> {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .map_err(|_| MintError::Randomness)?;
        let mut key = Self { kid: String::new(), private_key: pem(pkcs8.as_ref()) };
        key.kid = key.thumbprint()?;
        Ok(key)
    }

    /// The key's id.
    pub fn id(&self) -> &str {
        &self.kid
    }

    /// The public side as an entry of a JWKS.
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

    fn der(&self) -> Result<Vec<u8>, MintError> {
        let key = PrivatePkcs8KeyDer::from_pem_slice(self.private_key.as_bytes()).map_err(|_| MintError::Key)?;
        Ok(key.secret_pkcs8_der().to_vec())
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// The key set that verifiers read: the present key, and during a rotation the one before it.
///
/// # Errors
///
/// [`MintError::Key`].
pub fn key_set<'a>(keys: impl IntoIterator<Item = &'a SigningKey>) -> Result<Value, MintError> {
    let keys: Vec<_> = keys.into_iter().map(SigningKey::public_jwk).collect::<Result<_, _>>()?;
    Ok(json!({"keys": keys}))
}

/// Makes a caller's token, good for `lifetime` from now on.
///
/// # Errors
///
/// When the key is not what it should be.
pub fn mint(
    caller: &Caller,
    rules: &TokenRules,
    key: &SigningKey,
    now: Timestamp,
    lifetime: Duration,
) -> Result<String, MintError> {
    let claims = Claims {
        iss: rules.issuer.clone(),
        sub: caller.who.to_string(),
        role: caller.who.role().ok_or(MintError::NotAPerson)?,
        exp: now.plus(lifetime).seconds(),
        nbf: now.seconds().saturating_sub(BACKDATED),
        iat: now.seconds(),
        jti: caller.token_id.clone(),
    };
    let claims = ForAudience { aud: &rules.audience, claims };
    sign(&header(key), &claims, key)
}

#[derive(Serialize)]
struct ForAudience<'a> {
    aud: &'a str,
    #[serde(flatten)]
    claims: Claims,
}

fn header(key: &SigningKey) -> Header {
    let mut header = Header::new(Algorithm::ES256);
    header.typ = Some(TYPE.to_owned());
    header.kid = Some(key.kid.clone());
    header
}

pub(crate) fn sign(header: &Header, claims: &impl Serialize, key: &SigningKey) -> Result<String, MintError> {
    crypto::install();
    Ok(encode(header, claims, &EncodingKey::from_ec_der(&key.der()?))?)
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
