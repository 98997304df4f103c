//! Signing up and in over the API, as a new customer does.

use resilience::HttpClientError;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::Http;
use crate::shop::{ShopError, accepted};
use crate::stack::Stack;

/// The text before a link's token in the verification mail.
const LINK: &str = "/verify-email#token=";

/// The way in.
#[derive(Clone, Debug)]
pub struct SignIn {
    http: Http,
    api_url: String,
}

/// What a sign-in gives.
#[derive(Deserialize)]
pub struct Tokens {
    /// For calls of the API.
    pub access_token: String,
    /// For the next tokens.
    pub refresh_token: String,
}

impl SignIn {
    /// The way into the stack that is up.
    ///
    /// # Errors
    ///
    /// There is no client.
    pub fn new(stack: &Stack) -> Result<Self, HttpClientError> {
        Ok(Self { http: Http::new()?, api_url: stack.api_url.clone() })
    }

    /// Sets an account up; its address is still to be verified.
    ///
    /// # Errors
    ///
    /// Refused, or no answer.
    pub async fn register(&self, email: &str, password: &str) -> Result<(), ShopError> {
        self.post("register", &json!({"email": email, "password": password})).await.map(drop)
    }

    /// Shows with the mailed token that the address is one's own.
    ///
    /// # Errors
    ///
    /// Refused, or no answer.
    pub async fn verify_email(&self, token: &str, password: &str) -> Result<Tokens, ShopError> {
        self.post("verify-email", &json!({"token": token, "password": password})).await.and_then(tokens)
    }

    /// Signs in.
    ///
    /// # Errors
    ///
    /// Refused, or no answer.
    pub async fn login(&self, email: &str, password: &str) -> Result<Tokens, ShopError> {
        self.post("login", &json!({"email": email, "password": password})).await.and_then(tokens)
    }

    /// Takes the next tokens.
    ///
    /// # Errors
    ///
    /// Refused, or no answer.
    pub async fn refresh(&self, refresh_token: &str) -> Result<Tokens, ShopError> {
        self.post("refresh-token", &json!({"refresh_token": refresh_token})).await.and_then(tokens)
    }

    async fn post(&self, name: &str, body: &Value) -> Result<Value, ShopError> {
        accepted(name, self.http.post(&format!("{}/v1/auth/{name}", self.api_url), &[], body).await)
    }
}

/// The token of the link in a mail; none in a mail without such a link.
pub fn mailed_token(mail: &Value) -> Option<&str> {
    let (_, rest) = mail["text"].as_str()?.split_once(LINK)?;
    let end = rest.find(|letter: char| !(letter.is_ascii_alphanumeric() || "._-".contains(letter)));
    Some(&rest[..end.unwrap_or(rest.len())])
}

fn tokens(answer: Value) -> Result<Tokens, ShopError> {
    serde_json::from_value(answer).map_err(ShopError::NoTokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_of_a_mails_link_is_found() {
        let mail = |text: &str| json!({"subject": "Welcome", "text": text});
        let with_link = mail("Open\n\nhttp://localhost:5173/verify-email#token=lnk_01.aB-_9\n\nwithin a day.");
        assert_eq!(mailed_token(&with_link), Some("lnk_01.aB-_9"));
        assert_eq!(mailed_token(&mail("http://localhost/verify-email#token=lnk_01.x")), Some("lnk_01.x"));
        assert_eq!(mailed_token(&mail("Someone tried to create an account with your email address.")), None);
        assert_eq!(mailed_token(&json!({"text": null})), None);
    }
}
