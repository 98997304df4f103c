//! The response to a sign-in.

use std::time::Duration;

use api::{ApiError, Response};
use auth::mint::ACCESS_TOKEN_LIFETIME;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::RefreshToken;

/// The cookie's name. Browsers take a name of this beginning from secure pages only (RFC 6265bis, section 4.1.3).
pub(crate) const COOKIE: &str = "__Secure-refresh";
/// No script reads it, no other site has it sent, and it goes to sessions' routes only.
const ATTRIBUTES: &str = "HttpOnly; Secure; SameSite=Strict; Path=/v1/auth";

/// What makes a browser forget the cookie.
pub const CLEARED_COOKIE: &str = "__Secure-refresh=; HttpOnly; Secure; SameSite=Strict; Path=/v1/auth; Max-Age=0";

/// Which way the refresh token goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TokenDelivery)]
pub enum Delivery {
    /// In the answer's body.
    #[default]
    Body,
    /// As a cookie, for browsers.
    Cookie,
}

/// The tokens of a sign-in.
#[derive(Debug)]
pub struct IssuedTokens {
    pub(crate) access_token: String,
    pub(crate) refresh_token: RefreshToken,
    pub(crate) delivery: Delivery,
    /// The cookie that makes the browser known, after a sign-in.
    pub(crate) device: Option<String>,
    /// How long the session lasts from now on.
    pub(crate) lasts: Duration,
}

/// Tokens (RFC 6749, section 5.1).
#[derive(Clone, Serialize, ToSchema)]
pub struct TokenAnswer {
    /// Says who you are for `expires_in` seconds, as `Authorization: Bearer …`.
    access_token: String,
    /// `Bearer`.
    #[schema(pattern = "^Bearer$")]
    token_type: &'static str,
    /// The lifetime of the access token, in seconds.
    expires_in: u64,
    /// Gives the next pair of tokens, once. Left out where it goes as a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

impl IssuedTokens {
    /// The answer with the cookies: the refresh token, if it goes that way, and after a sign-in the one that makes the
    /// browser known.
    ///
    /// # Errors
    ///
    /// [`ApiError::Internal`] if they cannot be written.
    pub fn with_cookies(&self, mut response: Response) -> Result<Response, ApiError> {
        for cookie in (self.delivery == Delivery::Cookie).then(|| self.cookie()).iter().chain(&self.device) {
            response = api::with_cookie(response, cookie)?;
        }
        Ok(response)
    }

    fn cookie(&self) -> String {
        format!("{COOKIE}={}; {ATTRIBUTES}; Max-Age={}", self.refresh_token, self.lasts.as_secs())
    }

    /// 200 with the tokens, the refresh token in the body or as a cookie.
    ///
    /// # Errors
    ///
    /// [`ApiError::Internal`] if they cannot be written.
    pub fn answer(&self) -> Result<Response, ApiError> {
        let in_body = self.delivery == Delivery::Body;
        self.with_cookies(api::ok(&TokenAnswer {
            access_token: self.access_token.clone(),
            token_type: "Bearer",
            expires_in: ACCESS_TOKEN_LIFETIME.as_secs(),
            refresh_token: in_body.then(|| self.refresh_token.to_string()),
        })?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_that_clears_is_the_cookie_that_is_set() {
        assert_eq!(CLEARED_COOKIE, format!("{COOKIE}=; {ATTRIBUTES}; Max-Age=0"));
    }
}
