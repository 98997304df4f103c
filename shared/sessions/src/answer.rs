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
    /// The refresh token as a cookie: the value of a `Set-Cookie` header.
    pub fn cookie(&self) -> String {
        format!("{COOKIE}={}; {ATTRIBUTES}; Max-Age={}", self.refresh_token, self.lasts.as_secs())
    }

    /// 200 with the tokens, the refresh token in the body or as a cookie.
    ///
    /// # Errors
    ///
    /// [`ApiError::Internal`] if they cannot be written.
    pub fn answer(&self) -> Result<Response, ApiError> {
        let in_body = self.delivery == Delivery::Body;
        let response = api::ok(&TokenAnswer {
            access_token: self.access_token.clone(),
            token_type: "Bearer",
            expires_in: ACCESS_TOKEN_LIFETIME.as_secs(),
            refresh_token: in_body.then(|| self.refresh_token.to_string()),
        })?;
        if in_body { Ok(response) } else { api::with_cookie(response, &self.cookie()) }
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
