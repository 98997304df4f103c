//! Verifies a token: a JWT access token (RFC 9068) signed with ES256.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{Role, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Caller, TokenKeys, Who, crypto};

/// `iss` of the tokens that the system issues.
pub const ISSUER: &str = "order-system";
/// `aud` of the tokens that the API accepts.
pub const AUDIENCE: &str = "order-api";

/// `typ` of an access token (RFC 9068, section 2.1), so that no other kind of JWT is accepted.
pub(crate) const TYPE: &str = "at+jwt";
/// The longest token; longer ones are refused unread. API Gateway passes 10 KB of headers.
const MAX_LENGTH: usize = 4096;
/// The longest `jti`, which is kept in logs and contexts.
const MAX_ID_LENGTH: usize = 128;

/// The expected issuer and audience.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRules {
    /// The one accepted `iss`.
    pub issuer: String,
    /// What `aud` must be, or contain.
    pub audience: String,
}

impl Default for TokenRules {
    fn default() -> Self {
        Self { issuer: ISSUER.to_owned(), audience: AUDIENCE.to_owned() }
    }
}

/// The token is refused. The reason is for the log; callers do not get it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("token refused: {0}")]
pub struct TokenRefused(pub &'static str);

/// A token's claims; all of them but `auth_time` are required.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) sub: String,
    pub(crate) role: Role,
    /// Seconds since the epoch, as are the others.
    pub(crate) exp: i64,
    pub(crate) nbf: i64,
    pub(crate) iat: i64,
    pub(crate) jti: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) auth_time: Option<i64>,
}

/// Verifies a token and returns the caller.
///
/// The key is the one that `kid` names, its algorithm is fixed, and `crit` extensions are refused because none is
/// supported (RFC 7515, section 4.1.11). The token is valid from `nbf` up to, and not including, `exp`, with no leeway:
/// AWS synchronises its clocks, and [`mint`](crate::mint) dates `nbf` back by more than they differ.
///
/// # Errors
///
/// [`TokenRefused`] with the first reason.
pub fn verify(token: &str, keys: &TokenKeys, rules: &TokenRules, now: Timestamp) -> Result<Caller, TokenRefused> {
    if token.len() > MAX_LENGTH {
        return Err(TokenRefused("too long"));
    }
    check_parts(token)?;
    let header = decode_header(token).map_err(|_| TokenRefused("malformed"))?;
    let key = key_for(&header, keys)?;
    crypto::install();
    let claims = decode::<Claims>(token, key, &validation(rules)).map_err(|error| reason(&error))?.claims;
    check_times(&claims, now)?;
    let who = Who::new(claims.role, &claims.sub).ok_or(TokenRefused("subject and role don't fit"))?;
    if claims.jti.is_empty() || claims.jti.len() > MAX_ID_LENGTH {
        return Err(TokenRefused("no usable id"));
    }
    Ok(Caller { who, token_id: claims.jti, auth_time: claims.auth_time.map(Timestamp::from_seconds) })
}

/// Checks what the library reads over: a `crit` of `null`, which is there all the same, and text that is not UTF-8 in
/// fields that it skips (RFC 7519, section 7.2).
fn check_parts(token: &str) -> Result<(), TokenRefused> {
    let mut parts = token.split('.').map(|part| BASE64_URL_SAFE_NO_PAD.decode(part).ok());
    let mut part = || parts.next().flatten().and_then(|bytes| String::from_utf8(bytes).ok());
    let (Some(header), Some(_)) = (part(), part()) else { return Err(TokenRefused("malformed")) };
    let header: Map<String, Value> = serde_json::from_str(&header).map_err(|_| TokenRefused("malformed"))?;
    if header.contains_key("crit") { Err(TokenRefused("critical extensions")) } else { Ok(()) }
}

fn key_for<'a>(header: &Header, keys: &'a TokenKeys) -> Result<&'a DecodingKey, TokenRefused> {
    if header.alg != Algorithm::ES256 {
        return Err(TokenRefused("wrong algorithm"));
    }
    if header.typ.as_deref() != Some(TYPE) {
        return Err(TokenRefused("not an access token"));
    }
    header.kid.as_deref().and_then(|id| keys.get(id)).ok_or(TokenRefused("unknown key"))
}

fn validation(rules: &TokenRules) -> Validation {
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_issuer(&[&rules.issuer]);
    validation.set_audience(&[&rules.audience]);
    validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
    // The library would use the system's clock.
    validation.validate_exp = false;
    validation
}

fn check_times(claims: &Claims, now: Timestamp) -> Result<(), TokenRefused> {
    if now < Timestamp::from_seconds(claims.nbf) {
        return Err(TokenRefused("not valid yet"));
    }
    if now >= Timestamp::from_seconds(claims.exp) {
        return Err(TokenRefused("expired"));
    }
    Ok(())
}

fn reason(error: &jsonwebtoken::errors::Error) -> TokenRefused {
    use jsonwebtoken::errors::ErrorKind;
    TokenRefused(match error.kind() {
        ErrorKind::InvalidSignature => "wrong signature",
        ErrorKind::InvalidIssuer => "wrong issuer",
        ErrorKind::InvalidAudience => "wrong audience",
        ErrorKind::MissingRequiredClaim(_) => "a claim is missing",
        _ => "malformed",
    })
}

#[cfg(test)]
mod tests;
