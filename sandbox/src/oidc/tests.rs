//! The provider as a client meets it, the refusals above all.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use sha2::{Digest, Sha256};

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);
const BACK: &str = "http://shop.test/back";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn provider() -> Oidc {
    let mut settings = Settings::default();
    settings.clients[0].redirect_uris = vec![BACK.to_owned(), format!("{BACK}?a=b")];
    settings.clients.push(Client { client_id: "other".to_owned(), ..settings.clients[0].clone() });
    Oidc::new(1, &settings)
}

type Fields<'a> = BTreeMap<&'a str, &'a str>;

fn question() -> Fields<'static> {
    BTreeMap::from([
        ("response_type", "code"),
        ("client_id", "sandbox-shop"),
        ("redirect_uri", BACK),
        ("scope", "openid email profile"),
        ("state", "state-1"),
        ("nonce", "nonce-1"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ])
}

fn query(fields: &Fields<'_>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// Submits an email address on the page. Returns the parameters of the redirect.
fn answer_as(
    provider: &mut Oidc,
    question: &Fields<'_>,
    entered: &[(&'static str, &'static str)],
) -> BTreeMap<String, String> {
    let mut form = question.clone();
    form.extend(entered.iter().copied());
    let request = Request::post("http://id.test/oidc/authorize").body(query(&form).into()).unwrap();
    came_back(&provider.handle(NOW, &request))
}

fn came_back(response: &Response<Bytes>) -> BTreeMap<String, String> {
    assert_eq!(response.status(), 303);
    let location = response.headers()["location"].to_str().unwrap();
    let (uri, query) = location.split_once('?').unwrap();
    assert_eq!(uri, BACK);
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

const ADA: [(&str, &str); 2] = [("email", "Ada@shop.example"), ("email_verified", "true")];

fn code(provider: &mut Oidc) -> String {
    answer_as(provider, &question(), &ADA).remove("code").unwrap()
}

fn exchange_at(provider: &mut Oidc, at: Timestamp, client: &str, fields: &Fields<'_>) -> (u16, Value) {
    let request = Request::post("http://id.test/oidc/token")
        .header("authorization", format!("Basic {}", STANDARD.encode(client)))
        .body(query(fields).into())
        .unwrap();
    let response = provider.handle(at, &request);
    (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
}

const SHOP: &str = "sandbox-shop:sandbox-openid-secret";

fn exchange(provider: &mut Oidc, changes: &[(&'static str, &str)]) -> (u16, Value) {
    let code = code(provider);
    let mut fields = grant(&code);
    fields.extend(changes.iter().copied());
    exchange_at(provider, NOW, SHOP, &fields)
}

fn grant(code: &str) -> Fields<'_> {
    BTreeMap::from([
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", BACK),
        ("code_verifier", VERIFIER),
    ])
}

fn part(token: &str, place: usize) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(place).unwrap()).unwrap()).unwrap()
}

#[test]
fn somebody_signs_in_and_the_token_is_the_providers() {
    let mut provider = provider();
    let page = provider.handle(
        NOW,
        &Request::get(format!("http://id.test/oidc/authorize?{}", query(&question()))).body(Bytes::new()).unwrap(),
    );
    let page = String::from_utf8(page.body().to_vec()).unwrap();
    assert!(page.contains(r#"name="state" value="state-1""#) && page.contains(r#"type="email""#), "{page}");

    let back = answer_as(&mut provider, &question(), &ADA);
    assert_eq!((&*back["state"], &*back["iss"]), ("state-1", "http://id.test/oidc"));
    let (status, tokens) = exchange_at(&mut provider, NOW, SHOP, &grant(&back["code"]));
    assert_eq!((status, &tokens["token_type"]), (200, &json!("Bearer")));
    let token = tokens["id_token"].as_str().unwrap();
    let claims = part(token, 1);
    for (name, value) in [
        ("iss", json!("http://id.test/oidc")),
        ("aud", json!("sandbox-shop")),
        ("nonce", json!("nonce-1")),
        ("email", json!("Ada@shop.example")),
        ("email_verified", json!(true)),
        ("iat", json!(NOW.seconds())),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
    let keys = provider.handle(NOW, &Request::get("http://id.test/oidc/jwks").body(Bytes::new()).unwrap());
    let keys: Value = serde_json::from_slice(keys.body()).unwrap();
    assert_eq!(keys["keys"][0]["kid"], part(token, 0)["kid"]);
    let decoded = |name: &str| URL_SAFE_NO_PAD.decode(keys["keys"][0][name].as_str().unwrap()).unwrap();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let (key, signature) =
        (RsaPublicKeyComponents { n: decoded("n"), e: decoded("e") }, URL_SAFE_NO_PAD.decode(signature).unwrap());
    key.verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &signature).unwrap();
}

#[test]
fn a_person_is_the_same_whenever_they_come() {
    let mut provider = provider();
    let mut subject = |email| {
        let code = answer_as(&mut provider, &question(), &[("email", email)]).remove("code").unwrap();
        let (_, tokens) = exchange_at(&mut provider, NOW, SHOP, &grant(&code));
        let claims = part(tokens["id_token"].as_str().unwrap(), 1);
        assert_eq!(claims["email_verified"], false);
        claims["sub"].as_str().unwrap().to_owned()
    };
    assert_eq!(subject("ada@shop.example"), subject("ADA@shop.example"));
    assert_ne!(subject("ada@shop.example"), subject("ben@shop.example"));
}

#[test]
fn nobody_is_sent_where_nobody_registered() {
    for (field, value) in [
        ("client_id", "nobody"),
        ("client_id", ""),
        ("redirect_uri", "http://evil.test/back"),
        ("redirect_uri", "http://shop.test/back/"),
        ("redirect_uri", "http://shop.test/back?a=c"),
        ("redirect_uri", ""),
    ] {
        let mut question = question();
        question.insert(field, value);
        let request =
            Request::get(format!("http://id.test/oidc/authorize?{}", query(&question))).body(Bytes::new()).unwrap();
        let response = provider().handle(NOW, &request);
        assert_eq!((response.status().as_u16(), response.headers().get("location")), (400, None), "{field} {value}");
    }
}

#[test]
fn a_question_without_what_it_needs_comes_back_with_an_error() {
    for (field, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("scope", "email", "invalid_scope"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("decision", "deny", "access_denied"),
        ("email", "", "access_denied"),
    ] {
        let back = answer_as(&mut provider(), &question(), &[ADA[0], (field, value)]);
        assert_eq!((&*back["error"], &*back["state"]), (error, "state-1"), "{field} {value}");
        assert!(!back.contains_key("code"));
    }
}

#[test]
fn a_code_is_good_once_for_whoever_asked_and_for_a_minute() {
    let refused = (400, json!({"error": "invalid_grant"}));
    for changes in [
        [("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl")],
        [("code_verifier", "")],
        [("redirect_uri", "http://shop.test/back?a=b")],
        [("code", "nonsense")],
    ] {
        assert_eq!(exchange(&mut provider(), &changes), refused, "{changes:?}");
    }
    let mut provider = provider();
    let first = code(&mut provider);
    assert_eq!(exchange_at(&mut provider, NOW, SHOP, &grant(&first)).0, 200);
    assert_eq!(exchange_at(&mut provider, NOW, SHOP, &grant(&first)), refused, "a second time");
    let anothers = code(&mut provider);
    assert_eq!(exchange_at(&mut provider, NOW, "other:sandbox-openid-secret", &grant(&anothers)), refused);
    assert_eq!(exchange_at(&mut provider, NOW, SHOP, &grant(&anothers)), refused, "and now it is nobody's");
    let late = code(&mut provider);
    assert_eq!(exchange_at(&mut provider, NOW.plus(Duration::from_mins(1)), SHOP, &grant(&late)), refused);
}

#[test]
fn a_client_shows_its_secret() {
    let mut provider = provider();
    let code = code(&mut provider);
    for client in ["sandbox-shop:wrong", "sandbox-shop:", "nobody:sandbox-openid-secret", "no colon"] {
        let refused = exchange_at(&mut provider, NOW, client, &grant(&code));
        assert_eq!(refused, (401, json!({"error": "invalid_client"})), "{client}");
    }
    let mut fields = grant(&code);
    fields.extend([("client_id", "sandbox-shop"), ("client_secret", "sandbox-openid-secret")]);
    let request = Request::post("http://id.test/oidc/token").body(query(&fields).into()).unwrap();
    assert_eq!(provider.handle(NOW, &request).status(), 200, "in the form will do");
    assert_eq!(exchange(&mut provider, &[("grant_type", "password")]).1["error"], "unsupported_grant_type");
}

#[test]
fn the_next_token_is_wrong_as_it_was_asked_for_and_no_other() {
    let mut provider = provider();
    let misprint =
        r#"{"header":{"alg":"none","kid":null},"claims":{"nonce":"other","sub":null},"signature":"missing"}"#;
    let request = Request::post("/_sandbox/oidc/misprint").body(misprint.into()).unwrap();
    assert_eq!(provider.control(NOW, &request, &["misprint"]).status(), 204);
    let token = exchange(&mut provider, &[]).1["id_token"].as_str().unwrap().to_owned();
    assert_eq!(part(&token, 0), json!({"alg": "none", "typ": "JWT"}));
    assert_eq!((&part(&token, 1)["nonce"], part(&token, 1).get("sub")), (&json!("other"), None));
    assert!(token.ends_with('.'));
    let token = exchange(&mut provider, &[]).1["id_token"].as_str().unwrap().to_owned();
    assert_eq!((&part(&token, 1)["nonce"], &part(&token, 0)["kid"]), (&json!("nonce-1"), &json!("sandbox-1")));

    provider.rotate_key();
    let token = exchange(&mut provider, &[]).1["id_token"].as_str().unwrap().to_owned();
    assert_eq!(part(&token, 0)["kid"], "sandbox-2");
    let nonsense = Request::post("/_sandbox/oidc/misprint").body("{\"claim\":{}}".into()).unwrap();
    assert_eq!(provider.control(NOW, &nonsense, &["misprint"]).status(), 400);
}

#[test]
fn the_challenge_of_these_tests_is_the_rfcs() {
    assert_eq!(URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER)), question()["code_challenge"]);
}
