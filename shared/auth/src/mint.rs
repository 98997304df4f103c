//! Makes tokens and the keys that sign them.

use std::time::Duration;

use domain::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;

use crate::{
    Caller, TokenRules, crypto,
    token::{Claims, TYPE},
};

mod keys;

pub use keys::{SigningKey, SigningKeys};

/// The lifetime of an access token. A person who signs out, or loses a right, keeps the token no longer than this.
pub const ACCESS_TOKEN_LIFETIME: Duration = Duration::from_mins(15);
/// How far back `nbf` is dated, so that a verifier whose clock is a little behind accepts a new token.
const BACKDATED: i64 = 5;

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
    /// The token could not be encoded.
    #[error("cannot sign the token")]
    Sign(#[from] jsonwebtoken::errors::Error),
}

/// Makes a caller's token, valid for `lifetime` from now on.
///
/// # Errors
///
/// When the key cannot sign.
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
        auth_time: caller.auth_time.map(Timestamp::seconds),
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
    header.kid = Some(key.id().to_owned());
    header
}

pub(crate) fn sign(header: &Header, claims: &impl Serialize, key: &SigningKey) -> Result<String, MintError> {
    crypto::install();
    Ok(encode(header, claims, &EncodingKey::from_ec_der(&key.der()?))?)
}
