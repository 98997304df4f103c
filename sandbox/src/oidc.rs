//! The stand-in of an OpenID provider, under `/oidc`: discovery, a page on which a person says who they are, codes with
//! PKCE, ID tokens signed RS256 (OpenID Connect Core 1.0 and Discovery 1.0, RFC 6749, 7636, 9207).
//!
//! It is as strict as real ones are: a redirect URI must be registered letter by letter, and a code is valid once, for
//! its client, its redirect URI and its verifier. A state machine: the time is passed in, nothing waits. Must not know
//! who uses it.

mod authorize;
mod code;
mod control;
mod form;
mod people;
mod signing;
mod token;

use bytes::Bytes;
use domain::Timestamp;
use http::{HeaderValue, Method, Request, Response, header};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::draw::Draw;
use crate::{Refusal, StandIn, answer};

use self::code::Codes;
use self::signing::Signing;

pub use self::signing::{Misprint, Signature};

/// What the stand-in starts with.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Who may send people here.
    pub clients: Vec<Client>,
}

/// A registered client.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Its id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Where people may be sent back to.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
}

impl Default for Settings {
    /// One client, `sandbox-shop`, without an address yet.
    fn default() -> Self {
        let client = Client {
            client_id: "sandbox-shop".to_owned(),
            client_secret: "sandbox-openid-secret".to_owned(),
            redirect_uris: Vec::new(),
        };
        Self { clients: vec![client] }
    }
}

/// The provider.
#[derive(Debug)]
pub struct Oidc {
    clients: Vec<Client>,
    codes: Codes,
    signing: Signing,
    draw: Draw,
}

impl Oidc {
    /// A provider with the clients of the settings, without sign-ins.
    pub fn new(seed: u64, settings: &Settings) -> Self {
        Self {
            clients: settings.clients.clone(),
            codes: Codes::default(),
            signing: Signing::default(),
            draw: Draw::new(seed),
        }
    }

    /// Gives the next ID token other content, or another signature, than it should have.
    pub fn misprint_next(&mut self, misprint: Misprint) {
        self.signing.misprint_next(misprint);
    }

    /// Signs with a key of another id from now on; the key set names that one alone.
    pub fn rotate_key(&mut self) {
        self.signing.rotate();
    }

    fn client(&self, id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.client_id == id)
    }
}

impl StandIn for Oidc {
    fn handle(&mut self, now: Timestamp, request: &Request<Bytes>) -> Response<Bytes> {
        match (request.method(), request.uri().path().strip_prefix("/oidc").unwrap_or_default()) {
            (&Method::GET, "/.well-known/openid-configuration") => answer::json(200, &discovery(&issuer(request))),
            (&Method::GET, "/jwks") => answer::json(200, &self.signing.key_set()),
            (&Method::GET | &Method::POST, "/authorize") => self.authorize(now, request),
            (&Method::POST, "/token") => self.exchange(now, request),
            _ => answer::json(404, &json!({ "error": "not_found" })),
        }
    }

    fn refuse(&mut self, _now: Timestamp, _request: &Request<Bytes>, refusal: Refusal) -> Response<Bytes> {
        let mut response = answer::json(refusal.status(), &json!({ "error": "temporarily_unavailable" }));
        if let Refusal::TooManyRequests { retry_after: Some(seconds) } = refusal {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    fn control(&mut self, _now: Timestamp, request: &Request<Bytes>, path: &[&str]) -> Response<Bytes> {
        self.answer_control(request, path)
    }
}

/// The issuer by the name that the caller has for this host.
fn issuer(request: &Request<Bytes>) -> String {
    let header = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
    let host = header.or_else(|| request.uri().authority().map(http::uri::Authority::as_str)).unwrap_or("localhost");
    format!("{}://{host}/oidc", request.uri().scheme_str().unwrap_or("http"))
}

fn discovery(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "email", "profile"],
        "claims_supported": ["sub", "email", "email_verified", "name"],
        "authorization_response_iss_parameter_supported": true,
    })
}

#[cfg(test)]
mod tests;
