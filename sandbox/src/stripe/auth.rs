//! Who calls: the shop's server with the secret key, or a browser with the publishable one.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Request, header};

use super::{Settings, errors::ApiError, form::Form};

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The secret key.
    Server,
    /// The publishable key.
    Browser,
}

/// Finds out who calls; Stripe.js hands its key over as a parameter.
///
/// # Errors
///
/// 401 without a key, or with one that is not known.
pub fn caller(request: &Request<Bytes>, form: &Form, settings: &Settings) -> Result<Caller, ApiError> {
    let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let key = match header {
        Some(header) => key_in(header),
        None => form.filled("key").map(str::to_owned),
    };
    let Some(key) = key else {
        let message = "You did not provide an API key. You need to provide your API key in the Authorization header, \
                       using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').";
        return Err(ApiError::unauthorized(None, message));
    };
    if key == settings.secret_key {
        return Ok(Caller::Server);
    }
    if key == settings.publishable_key {
        return Ok(Caller::Browser);
    }
    Err(ApiError::unauthorized(None, format!("Invalid API Key provided: {}", redacted(&key))))
}

/// A browser may do little.
///
/// # Errors
///
/// 401 `secret_key_required`.
pub fn secret_key_required() -> ApiError {
    let message = "This API call cannot be made with a publishable API key. Please use a secret API key. You can find \
                   a list of your API keys at https://dashboard.stripe.com/account/apikeys.";
    ApiError::unauthorized(Some("secret_key_required"), message)
}

fn key_in(header: &str) -> Option<String> {
    let (scheme, value) = header.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(value.trim().to_owned()).filter(|key| !key.is_empty());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
    let (key, _) = decoded.split_once(':')?;
    Some(key.to_owned()).filter(|key| !key.is_empty())
}

fn redacted(key: &str) -> String {
    let shown: String = key.chars().take(8).collect();
    format!("{shown}{}", "*".repeat(8))
}
