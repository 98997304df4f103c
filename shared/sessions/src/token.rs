//! The refresh token: `rt_<account id>_<session>_<secret>`. It is opaque to clients.

use std::fmt;
use std::str::FromStr;

use api::Request;
use domain::{AccountId, SessionId, TokenHash};
use resilience::Ids;
use sha2::{Digest, Sha256};

use crate::answer::COOKIE;
use crate::{AllowedOrigins, Delivery, RefreshKeys, SessionError};

/// A refresh token as it is handed out. Stored is the hash of its secret. `Debug` shows whose it is and no more.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// Whose.
    pub account: AccountId,
    /// Of which session.
    pub session: SessionId,
    /// 64 hex digits.
    secret: String,
}

/// The text is not a refresh token.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a refresh token")]
pub struct InvalidRefreshToken;

impl RefreshToken {
    /// The first token of a session: 244 random bits.
    pub(crate) fn first(account: AccountId, session: SessionId, ids: &impl Ids) -> Self {
        let secret = format!("{}{}", ids.fresh().simple(), ids.fresh().simple());
        Self { account, session, secret }
    }

    /// What is stored in its place.
    pub(crate) fn hash(&self) -> TokenHash {
        TokenHash(hex::encode(Sha256::digest(&self.secret)))
    }

    /// The tokens that derive from it with each key: presenting a token twice gives the same successor twice.
    pub(crate) fn successors(&self, keys: &RefreshKeys) -> Vec<Self> {
        let secrets = keys.0.of_all(self.secret.as_bytes()).map(hex::encode);
        secrets.map(|secret| Self { secret, ..self.clone() }).collect()
    }
}

impl fmt::Display for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rt_{}_{}_{}", self.account, self.session.uuid().simple(), self.secret)
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RefreshToken({}, …)", self.account)
    }
}

impl FromStr for RefreshToken {
    type Err = InvalidRefreshToken;

    fn from_str(text: &str) -> Result<Self, InvalidRefreshToken> {
        let rest = text.strip_prefix("rt_").ok_or(InvalidRefreshToken)?;
        let mut parts = rest.rsplitn(3, '_');
        let (Some(secret), Some(session), Some(account)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(InvalidRefreshToken);
        };
        let is_secret = secret.len() == 64 && secret.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        Ok(Self {
            account: account.parse().map_err(|_| InvalidRefreshToken)?,
            session: format!("ses_{session}").parse().map_err(|_| InvalidRefreshToken)?,
            secret: is_secret.then(|| secret.to_owned()).ok_or(InvalidRefreshToken)?,
        })
    }
}

/// A refresh token as a request shows it.
#[derive(Debug, PartialEq, Eq)]
pub struct PresentedToken {
    /// The token.
    pub token: RefreshToken,
    /// The way that it came, and that its successor goes.
    pub delivery: Delivery,
}

impl PresentedToken {
    /// The token that the body has, or else the cookie. A browser adds the cookie by itself, so the page that asks has to
    /// be one of ours.
    ///
    /// # Errors
    ///
    /// It is absent or malformed, or a cookie came with a foreign page's request.
    pub fn by(request: &Request, in_body: Option<&str>, origins: &AllowedOrigins) -> Result<Self, SessionError> {
        let (text, delivery) = match in_body {
            Some(text) => (Some(text), Delivery::Body),
            None => (api::cookie(request, COOKIE), Delivery::Cookie),
        };
        origins.admit(request, delivery)?;
        let token = text.and_then(|text| text.parse().ok()).ok_or(SessionError::Ended)?;
        Ok(Self { token, delivery })
    }
}

#[cfg(test)]
mod tests {
    use domain::CustomerId;
    use resilience::SeededIds;
    use uuid::Uuid;

    use super::*;

    fn token() -> RefreshToken {
        let account = AccountId::Customer(CustomerId::from_uuid(Uuid::from_u128(1)));
        RefreshToken::first(account, SessionId::from_uuid(Uuid::from_u128(2)), &SeededIds::new(3))
    }

    fn keys(text: &[&str]) -> RefreshKeys {
        serde_json::from_value(serde_json::json!({ "keys": text })).unwrap()
    }

    const OLD: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    const NEW: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

    #[test]
    fn a_token_is_read_as_it_is_written_and_no_other_way() {
        let text = token().to_string();
        assert_eq!(text.len(), "rt_cus_".len() + 32 + 1 + 32 + 1 + 64);
        assert_eq!(text.parse(), Ok(token()));
        let upper = text.to_uppercase();
        for other in ["", "rt_", &text[3..], &text[..text.len() - 1], &upper, &text.replace("cus_", "ord_")] {
            assert_eq!(other.parse::<RefreshToken>(), Err(InvalidRefreshToken), "{other}");
        }
        assert!(!format!("{:?}", token()).contains(&text[text.len() - 64..]));
    }

    #[test]
    fn successors_follow_from_the_token_and_each_key() {
        let of = |token: &RefreshToken, keys: &RefreshKeys| token.successors(keys);
        let by_old = of(&token(), &keys(&[OLD]));
        assert_eq!(by_old, of(&token(), &keys(&[OLD])), "always the same one");
        assert_ne!(by_old[0].hash(), token().hash());
        let by_both = of(&token(), &keys(&[NEW, OLD]));
        assert_eq!((by_both.len(), &by_both[1]), (2, &by_old[0]));
        assert_ne!(by_both[0], by_both[1]);
        assert_eq!(by_old[0].to_string().parse(), Ok(by_old[0].clone()));
    }

    #[test]
    fn the_body_goes_before_the_cookie() {
        let origins: AllowedOrigins = "https://shop.example".parse().unwrap();
        let mut request = Request::default();
        assert!(matches!(PresentedToken::by(&request, None, &origins), Err(SessionError::Ended)));
        let cookie = format!("{COOKIE}={}", token()).parse().unwrap();
        request.headers_mut().insert(http::header::COOKIE, cookie);
        let shown = PresentedToken::by(&request, None, &origins).unwrap();
        assert_eq!((shown.token, shown.delivery), (token(), Delivery::Cookie));
        let shown = PresentedToken::by(&request, Some(&token().to_string()), &origins).unwrap();
        assert_eq!(shown.delivery, Delivery::Body);

        request.headers_mut().insert(http::header::ORIGIN, "https://evil.example".parse().unwrap());
        assert!(matches!(PresentedToken::by(&request, None, &origins), Err(SessionError::ForeignOrigin)));
        assert!(
            PresentedToken::by(&request, Some(&token().to_string()), &origins).is_ok(),
            "no browser adds a body by itself"
        );
    }
}
