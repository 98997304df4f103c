//! `POST /token`: a service account's RS256 assertion for an access token (RFC 7523; Google's "Using OAuth 2.0 for
//! Server to Server Applications").

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use domain::Timestamp;
use http::{Request, Response, header};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::json;

use super::account::ServiceAccount;
use super::error::GoogleError;
use crate::answer;
use crate::draw::Draw;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const GOOGLE_AUDIENCES: [&str; 3] = [
    "https://oauth2.googleapis.com/token",
    "https://www.googleapis.com/oauth2/v4/token",
    "https://accounts.google.com/o/oauth2/token",
];
const SCOPE_PREFIX: &str = "https://www.googleapis.com/auth/";
const TOKEN_SECONDS: i64 = 3600;
const CLOCK_SKEW_SECONDS: i64 = 300;

/// What an access token stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The account's name; quotas count per user.
    pub email: String,
    scopes: Vec<String>,
    expires: Timestamp,
}

/// What a call is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Looks.
    Read,
    /// Changes something.
    Write,
}

/// The tokens that were given out.
#[derive(Debug, Default)]
pub struct Tokens {
    granted: BTreeMap<String, Grant>,
}

#[derive(Debug, Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
    #[serde(default)]
    scope: String,
    sub: Option<String>,
}

/// An OAuth error: code and description.
type Denial = (u16, &'static str, String);

fn invalid_grant(description: &str) -> Denial {
    (400, "invalid_grant", description.to_owned())
}

impl Tokens {
    /// Answers `POST /token`.
    pub fn exchange(
        &mut self,
        now: Timestamp,
        request: &Request<Bytes>,
        accounts: &[ServiceAccount],
        draw: &mut Draw,
    ) -> Response<Bytes> {
        let grant = match check(now, request, accounts) {
            Ok(grant) => grant,
            Err((status, error, description)) => {
                return answer::json(status, &json!({"error": error, "error_description": description}));
            }
        };
        self.granted.retain(|_, grant| grant.expires > now);
        let token = format!("ya29.c.{}", draw.id(32));
        self.granted.insert(token.clone(), grant);
        // One second less than an hour, as Google rounds.
        answer::json(200, &json!({"access_token": token, "expires_in": TOKEN_SECONDS - 1, "token_type": "Bearer"}))
    }

    /// Whose token a call bears, if it allows the access.
    pub fn authorize(&self, now: Timestamp, request: &Request<Bytes>, access: Access) -> Result<Grant, GoogleError> {
        let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        let grant = self.granted.get(token).filter(|grant| grant.expires > now);
        let grant = grant.ok_or_else(GoogleError::unauthenticated)?;
        let allowed: &[&str] = match access {
            Access::Read => &["spreadsheets", "spreadsheets.readonly", "drive", "drive.readonly", "drive.file"],
            Access::Write => &["spreadsheets", "drive", "drive.file"],
        };
        let name = |scope: &String| scope.strip_prefix(SCOPE_PREFIX).is_some_and(|name| allowed.contains(&name));
        if !grant.scopes.iter().any(name) {
            return Err(GoogleError::insufficient_scope());
        }
        Ok(grant.clone())
    }
}

fn check(now: Timestamp, request: &Request<Bytes>, accounts: &[ServiceAccount]) -> Result<Grant, Denial> {
    let field = |wanted: &str| {
        let mut fields = form_urlencoded::parse(request.body());
        fields.find(|(key, _)| key == wanted).map(|(_, value)| value.into_owned())
    };
    match field("grant_type").as_deref() {
        Some(GRANT_TYPE) => {}
        Some(other) => return Err((400, "unsupported_grant_type", format!("Invalid grant_type: {other}"))),
        None => return Err((400, "invalid_request", "Required parameter is missing: grant_type".to_owned())),
    }
    let assertion = field("assertion")
        .ok_or_else(|| (400, "invalid_request", "Required parameter is missing: assertion".to_owned()))?;
    let (header, claims, message, signature) =
        parse(&assertion).ok_or_else(|| invalid_grant("Invalid JWT: Failed to parse the assertion."))?;
    let account = accounts.iter().find(|account| account.email == claims.iss);
    let account = account.ok_or_else(|| invalid_grant("Invalid grant: account not found"))?;
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &account.public_key);
    let key_fits = header.kid.is_none_or(|kid| kid == account.key_id);
    if header.alg != "RS256" || !key_fits || key.verify(message.as_bytes(), &signature).is_err() {
        return Err(invalid_grant("Invalid JWT Signature."));
    }
    check_claims(now, request, &claims)?;
    Ok(Grant {
        email: claims.iss,
        scopes: claims.scope.split_whitespace().map(str::to_owned).collect(),
        expires: Timestamp::from_seconds(now.seconds() + TOKEN_SECONDS),
    })
}

fn check_claims(now: Timestamp, request: &Request<Bytes>, claims: &Claims) -> Result<(), Denial> {
    let own = own_addresses(request);
    if !GOOGLE_AUDIENCES.contains(&claims.aud.as_str()) && !own.contains(&claims.aud) {
        return Err(invalid_grant("Invalid JWT: Failed audience check."));
    }
    let seconds = now.seconds();
    let in_time = claims.iat <= seconds + CLOCK_SKEW_SECONDS && claims.exp > seconds - CLOCK_SKEW_SECONDS;
    if !in_time || claims.exp <= claims.iat || claims.exp - claims.iat > TOKEN_SECONDS {
        return Err(invalid_grant(
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your \
             iat and exp values in the JWT claim.",
        ));
    }
    let mut scopes = claims.scope.split_whitespace().peekable();
    if scopes.peek().is_none() || !scopes.all(|scope| scope.starts_with(SCOPE_PREFIX)) {
        let description = "Invalid OAuth scope or ID token audience provided.";
        return Err((400, "invalid_scope", description.to_owned()));
    }
    if claims.sub.as_ref().is_some_and(|sub| *sub != claims.iss) {
        let description = "Client is unauthorized to retrieve access tokens using this method, or client not \
                           authorized for any of the scopes requested.";
        return Err((401, "unauthorized_client", description.to_owned()));
    }
    Ok(())
}

/// The token endpoint's address as the caller wrote it: by its `Host` header, or in the request line of a call in
/// process.
fn own_addresses(request: &Request<Bytes>) -> Vec<String> {
    let header = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
    let host = header.or_else(|| request.uri().authority().map(http::uri::Authority::as_str));
    host.map(|host| ["http", "https"].map(|scheme| format!("{scheme}://{host}/token")).to_vec()).unwrap_or_default()
}

fn parse(assertion: &str) -> Option<(Header, Claims, String, Vec<u8>)> {
    let (message, signature) = assertion.rsplit_once('.')?;
    let (header, claims) = message.split_once('.')?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
    Some((
        serde_json::from_slice(&decode(header)?).ok()?,
        serde_json::from_slice(&decode(claims)?).ok()?,
        message.to_owned(),
        decode(signature)?,
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::account::{KeyFile, tests::assertion};
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

    fn claims() -> Value {
        json!({
            "iss": "orders@sandbox.iam.gserviceaccount.com",
            "aud": GOOGLE_AUDIENCES[0],
            "scope": "https://www.googleapis.com/auth/spreadsheets",
            "iat": NOW.seconds(),
            "exp": NOW.seconds() + 3600,
        })
    }

    fn post(form: &[(&str, &str)]) -> (u16, Value, Tokens) {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = Request::post("/token").header("host", "127.0.0.1:99").body(body.into()).unwrap();
        let mut tokens = Tokens::default();
        let accounts = [ServiceAccount::from_key_file(&KeyFile::development()).unwrap()];
        let response = tokens.exchange(NOW, &request, &accounts, &mut Draw::new(1));
        (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap(), tokens)
    }

    fn exchange(claims: &Value) -> (u16, Value, Tokens) {
        post(&[("grant_type", GRANT_TYPE), ("assertion", &assertion(claims))])
    }

    fn call(token: &str) -> Request<Bytes> {
        Request::get("/v4").header("authorization", format!("Bearer {token}")).body(Bytes::new()).unwrap()
    }

    #[test]
    fn a_good_assertion_gives_a_token_for_an_hour() {
        let (status, body, tokens) = exchange(&claims());
        assert_eq!((status, &body["expires_in"], &body["token_type"]), (200, &json!(3599), &json!("Bearer")));
        let call = call(body["access_token"].as_str().unwrap());
        let at = |seconds| Timestamp::from_seconds(NOW.seconds() + seconds);
        assert!(tokens.authorize(at(3599), &call, Access::Write).is_ok());
        assert_eq!(tokens.authorize(at(3600), &call, Access::Read).unwrap_err().code(), 401);
    }

    #[test]
    fn the_sandbox_own_address_is_an_audience_too() {
        let mut own = claims();
        own["aud"] = json!("http://127.0.0.1:99/token");
        assert_eq!(exchange(&own).0, 200);
    }

    #[test]
    fn a_call_in_process_names_the_address_in_its_request_line() {
        let mut request = Request::post("http://sandbox/token").body(Bytes::new()).unwrap();
        assert!(own_addresses(&request).contains(&"http://sandbox/token".to_owned()));
        *request.uri_mut() = "/token".parse().unwrap();
        assert!(own_addresses(&request).is_empty());
    }

    #[test]
    fn each_wrong_claim_is_refused_in_googles_words() {
        let now = NOW.seconds();
        for (changes, error, part) in [
            (json!({"iss": "nobody@sandbox.iam.gserviceaccount.com"}), "invalid_grant", "account not found"),
            (json!({"aud": "https://example.com/token"}), "invalid_grant", "audience"),
            (json!({"exp": now + 3601}), "invalid_grant", "short-lived"),
            (json!({"iat": now - 7200, "exp": now - 3600}), "invalid_grant", "short-lived"),
            (json!({"iat": now + 301, "exp": now + 900}), "invalid_grant", "short-lived"),
            (json!({"scope": ""}), "invalid_scope", "scope"),
            (json!({"scope": "spreadsheets"}), "invalid_scope", "scope"),
            (json!({"sub": "boss@example.com"}), "unauthorized_client", "unauthorized"),
        ] {
            let mut claims = claims();
            claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            let (status, body, _) = exchange(&claims);
            assert!(status == 400 || status == 401);
            assert_eq!(body["error"], error, "{changes}");
            assert!(body["error_description"].as_str().unwrap().contains(part), "{body}");
        }
    }

    #[test]
    fn a_forged_signature_and_a_wrong_form_are_refused() {
        let good = assertion(&claims());
        let (message, signature) = good.rsplit_once('.').unwrap();
        let mut other = claims();
        other["scope"] = json!("https://www.googleapis.com/auth/drive");
        let (_, foreign) = assertion(&other).rsplit_once('.').map(|(m, s)| (m.to_owned(), s.to_owned())).unwrap();
        assert_ne!(signature, foreign);
        let forged = format!("{message}.{foreign}");
        let (_, body, _) = post(&[("grant_type", GRANT_TYPE), ("assertion", &forged)]);
        assert_eq!(body["error_description"], "Invalid JWT Signature.");
        assert_eq!(post(&[("grant_type", "password")]).1["error"], "unsupported_grant_type");
        assert_eq!(post(&[("grant_type", GRANT_TYPE)]).1["error"], "invalid_request");
        assert_eq!(post(&[("grant_type", GRANT_TYPE), ("assertion", "a.b.c")]).1["error"], "invalid_grant");
    }

    #[test]
    fn scopes_bound_what_a_token_may_do() {
        for (scope, read, write) in [("spreadsheets.readonly", true, false), ("calendar", false, false)] {
            let mut claims = claims();
            claims["scope"] = json!(format!("{SCOPE_PREFIX}{scope}"));
            let (_, body, tokens) = exchange(&claims);
            let call = call(body["access_token"].as_str().unwrap());
            assert_eq!(tokens.authorize(NOW, &call, Access::Read).is_ok(), read);
            assert_eq!(tokens.authorize(NOW, &call, Access::Write).is_ok(), write);
        }
        let unknown = Tokens::default().authorize(NOW, &call("ya29.other"), Access::Read);
        assert_eq!(unknown.unwrap_err().code(), 401);
    }
}
