//! `/oidc/authorize`: the sign-in page, and the redirect back to the client.

use askama::Template;
use bytes::Bytes;
use domain::Timestamp;
use http::{Method, Request, Response};

use super::code::Grant;
use super::form::Form;
use super::people::Person;
use super::{Client, Oidc, issuer};
use crate::answer;

/// What the page's own form adds.
const OF_THE_PAGE: [&str; 3] = ["email", "email_verified", "decision"];

#[derive(Template)]
#[template(path = "openid.html")]
struct Page<'a> {
    client: &'a str,
    parameters: Vec<&'a (String, String)>,
}

#[derive(Template)]
#[template(path = "openid_error.html")]
struct ErrorPage {
    reason: &'static str,
}

impl Oidc {
    pub(super) fn authorize(&mut self, now: Timestamp, request: &Request<Bytes>) -> Response<Bytes> {
        let form = Form::read(request);
        let (client, redirect_uri) = match self.destination(&form) {
            Ok(known) => known,
            Err(reason) => return shown(400, &ErrorPage { reason }),
        };
        let back = |pairs: &[(&str, &str)]| {
            let state = form.get("state").map(|state| ("state", state));
            let issuer = issuer(request);
            let pairs = pairs.iter().copied().chain(state).chain([("iss", issuer.as_str())]);
            answer::see_other(&with_query(redirect_uri, pairs))
        };
        let (code_challenge, scope) = match check(&form) {
            Ok(checked) => checked,
            Err(error) => return back(&[("error", error)]),
        };
        if request.method() == Method::GET {
            return shown(200, &Page { client: &client.client_id, parameters: form.without(&OF_THE_PAGE).collect() });
        }
        let email = form.get("email").filter(|_| form.get("decision") != Some("deny"));
        let Some(email) = email else { return back(&[("error", "access_denied")]) };
        let grant = Grant {
            client_id: client.client_id.clone(),
            redirect_uri: redirect_uri.to_owned(),
            code_challenge: code_challenge.to_owned(),
            nonce: form.get("nonce").map(str::to_owned),
            scope: scope.to_owned(),
            person: Person { email: email.to_owned(), email_verified: form.get("email_verified") == Some("true") },
        };
        let code = self.draw.id(32);
        self.codes.give(code.clone(), grant, now);
        back(&[("code", &code)])
    }

    /// The browser is never redirected to a URI that is not registered, not even with an error (RFC 6749, section
    /// 4.1.2.1).
    fn destination<'a>(&self, form: &'a Form) -> Result<(Client, &'a str), &'static str> {
        let client = form.get("client_id").and_then(|id| self.client(id)).ok_or("there is no such client_id")?;
        let redirect_uri = form.get("redirect_uri").ok_or("redirect_uri is missing")?;
        if !client.redirect_uris.iter().any(|registered| registered == redirect_uri) {
            return Err("this redirect_uri is not registered for the client");
        }
        Ok((client.clone(), redirect_uri))
    }
}

/// The challenge and the scope.
fn check(form: &Form) -> Result<(&str, &str), &'static str> {
    if form.repeats() {
        return Err("invalid_request");
    }
    if form.get("response_type") != Some("code") {
        return Err("unsupported_response_type");
    }
    let scope = form.get("scope").filter(|scope| scope.split(' ').any(|word| word == "openid"));
    let scope = scope.ok_or("invalid_scope")?;
    let challenge = form.get("code_challenge").filter(|challenge| challenge.len() == 43);
    let challenge = challenge.filter(|_| form.get("code_challenge_method") == Some("S256"));
    Ok((challenge.ok_or("invalid_request")?, scope))
}

fn with_query<'a>(uri: &str, pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let separator = if uri.contains('?') { '&' } else { '?' };
    format!("{uri}{separator}{query}")
}

fn shown(status: u16, page: &impl Template) -> Response<Bytes> {
    match page.render() {
        Ok(html) => {
            let mut response = answer::html(html);
            *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
            response
        }
        Err(error) => answer::problem(500, &error.to_string()),
    }
}
