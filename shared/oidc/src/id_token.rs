//! Verifies an ID token (OpenID Connect Core 1.0, section 3.1.3.7).

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{EmailAddress, Identity, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::keys::ProviderKeys;

/// How far the provider's clock may be from ours. A token comes straight from the provider and is verified at once, so
/// only clocks need an allowance.
const LEEWAY: Duration = Duration::from_mins(1);

/// The longest `sub` (section 2).
const LONGEST_SUBJECT: usize = 255;

/// The claims that the token must have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExpectedClaims<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub nonce: &'a str,
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdTokenError {
    /// Signed with a key that the set does not contain, or not yet.
    UnknownKey,
    /// Invalid, whatever the keys.
    Because(&'static str),
}

use IdTokenError::Because;

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nonce: Option<String>,
    #[serde(flatten)]
    email: Email,
}

/// The claims about the email address (section 5.1).
#[derive(Default, Deserialize)]
pub(crate) struct Email {
    email: Option<Value>,
    email_verified: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// The verified claims of a token.
pub(crate) struct VerifiedClaims {
    pub identity: Identity,
    pub email: Email,
}

/// Verifies the whole token.
pub(crate) fn check(
    token: &str,
    keys: &ProviderKeys,
    expected: ExpectedClaims<'_>,
    now: Timestamp,
) -> Result<VerifiedClaims, IdTokenError> {
    let claims = verified(token, keys)?;
    claims.check(expected, now).map_err(Because)?;
    let identity = Identity { issuer: claims.iss, subject: claims.sub };
    Ok(VerifiedClaims { identity, email: claims.email })
}

/// The claims, once the signature is verified.
fn verified(token: &str, keys: &ProviderKeys) -> Result<Claims, IdTokenError> {
    let (message, signature) = token.rsplit_once('.').ok_or(Because("not a JWT"))?;
    let (header, claims) = message.split_once('.').ok_or(Because("not a JWT"))?;
    let header: Header = part(header).ok_or(Because("an illegible header"))?;
    if header.crit.is_some() {
        return Err(Because("a header that has to be understood and is not"));
    }
    let key = keys.find(header.kid.as_deref()).ok_or(IdTokenError::UnknownKey)?;
    if header.alg != key.algorithm() {
        return Err(Because("another algorithm than its key's"));
    }
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).map_err(|_| Because("an illegible signature"))?;
    if !key.signed(message.as_bytes(), &signature) {
        return Err(Because("a signature that is not the provider's"));
    }
    part(claims).ok_or(Because("illegible claims"))
}

fn part<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

impl Claims {
    fn check(&self, expected: ExpectedClaims<'_>, now: Timestamp) -> Result<(), &'static str> {
        let rules = [
            (self.iss == expected.issuer, "another issuer"),
            (self.is_for(expected.client_id), "another audience"),
            (now.seconds() < self.exp.saturating_add(leeway()), "expired"),
            (self.iat <= now.seconds().saturating_add(leeway()), "issued in the future"),
            (self.nonce.as_deref() == Some(expected.nonce), "another nonce"),
            ((1..=LONGEST_SUBJECT).contains(&self.sub.len()), "no subject, or too long a one"),
        ];
        rules.iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, broken)| Err(broken))
    }

    /// Issued for us; if for others as well, then requested by us.
    fn is_for(&self, client_id: &str) -> bool {
        let (ours, others) = match &self.aud {
            Audience::One(one) => (one == client_id, false),
            Audience::Several(all) => (all.iter().any(|one| one == client_id), all.len() > 1),
        };
        match &self.azp {
            Some(authorized) => ours && authorized == client_id,
            None => ours && !others,
        }
    }
}

impl Email {
    /// Whether there are any claims.
    pub(crate) const fn is_told(&self) -> bool {
        self.email.is_some()
    }

    /// The email address, if the provider has verified it.
    pub(crate) fn verified(&self) -> Option<EmailAddress> {
        // Some providers write the boolean as text.
        let is_verified = matches!(&self.email_verified, Some(value) if *value == true || value == "true");
        self.email.as_ref()?.as_str().filter(|_| is_verified)?.parse().ok()
    }
}

fn leeway() -> i64 {
    i64::try_from(LEEWAY.as_secs()).unwrap_or(0)
}

#[cfg(test)]
mod tests;
