//! `POST /oidc/token`: a code for an ID token (OpenID Connect Core 1.0, section 3.1.3).

use base64::{Engine as _, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use domain::Timestamp;
use http::{HeaderValue, Request, Response, header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::code::Grant;
use super::form::Form;
use super::{Oidc, issuer};
use crate::answer;

/// The lifetime of tokens in seconds.
const LIFETIME: i64 = 3600;

/// A status and an OAuth error (RFC 6749, section 5.2).
type Denial = (u16, &'static str);

const INVALID_GRANT: Denial = (400, "invalid_grant");

impl Oidc {
    pub(super) fn exchange(&mut self, now: Timestamp, request: &Request<Bytes>) -> Response<Bytes> {
        let mut response = match self.granted(now, request) {
            Ok(grant) => answer::json(200, &self.tokens(now, &issuer(request), &grant)),
            Err((status, error)) => answer::json(status, &json!({ "error": error })),
        };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if response.status() == 401 {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"oidc\""));
        }
        response
    }

    fn granted(&mut self, now: Timestamp, request: &Request<Bytes>) -> Result<Grant, Denial> {
        let form = Form::read(request);
        let (id, secret) = credentials(request, &form).ok_or((401, "invalid_client"))?;
        let known = self.client(&id).filter(|client| client.client_secret == secret);
        let client_id = known.ok_or((401, "invalid_client"))?.client_id.clone();
        if form.repeats() {
            return Err((400, "invalid_request"));
        }
        if form.get("grant_type") != Some("authorization_code") {
            return Err((400, "unsupported_grant_type"));
        }
        let code = form.get("code").ok_or((400, "invalid_request"))?;
        let grant = self.codes.take(code, now).ok_or(INVALID_GRANT)?;
        let verifier = form.get("code_verifier").filter(|verifier| (43..=128).contains(&verifier.len()));
        let proven = verifier.is_some_and(|verifier| encoded(Sha256::digest(verifier)) == grant.code_challenge);
        let fits = grant.client_id == client_id && form.get("redirect_uri") == Some(&grant.redirect_uri);
        if proven && fits { Ok(grant) } else { Err(INVALID_GRANT) }
    }

    fn tokens(&mut self, now: Timestamp, issuer: &str, grant: &Grant) -> Value {
        let access_token = self.draw.id(32);
        // OpenID Connect Core 1.0, section 3.1.3.6.
        let at_hash = encoded(&Sha256::digest(&access_token)[..16]);
        let asked = |scope: &str| grant.scope.split(' ').any(|word| word == scope);
        let mut claims = json!({
            "iss": issuer, "sub": grant.person.subject(), "aud": grant.client_id, "azp": grant.client_id,
            "iat": now.seconds(), "exp": now.seconds() + LIFETIME, "at_hash": at_hash,
        });
        if let Some(nonce) = &grant.nonce {
            claims["nonce"] = json!(nonce);
        }
        if asked("email") {
            claims["email"] = json!(grant.person.email);
            claims["email_verified"] = json!(grant.person.email_verified);
        }
        if asked("profile") {
            claims["name"] = json!(grant.person.name());
        }
        json!({
            "access_token": access_token, "token_type": "Bearer", "expires_in": LIFETIME, "scope": grant.scope,
            "id_token": self.signing.sign(claims),
        })
    }
}

/// Id and secret: from the header, or from the form, not from both (RFC 6749, section 2.3).
fn credentials(request: &Request<Bytes>, form: &Form) -> Option<(String, String)> {
    let in_form = form.get("client_id").zip(form.get("client_secret"));
    let Some(header) = request.headers().get(header::AUTHORIZATION) else {
        return in_form.map(|(id, secret)| (id.to_owned(), secret.to_owned()));
    };
    let encoded = header.to_str().ok()?.strip_prefix("Basic ").filter(|_| in_form.is_none())?;
    let pair = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    Some((decoded(id), decoded(secret)))
}

fn decoded(text: &str) -> String {
    // The text alone is a name without a value; `=` and `&` are encoded in it.
    form_urlencoded::parse(text.as_bytes()).next().map(|(text, _)| text.into_owned()).unwrap_or_default()
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
