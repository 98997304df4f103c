use std::collections::BTreeMap;
use std::time::Duration;

use resilience::SeededIds;
use serde_json::{Value, json};
use testkit::{ScriptedTransport, Turn};

use super::*;
use crate::conversation::{NONCE, ScriptedOpenId, Signer, claims, converse, discovery, keys, provider, tokens, with};

const EXCHANGE: Exchange<'_> =
    Exchange { code: "code-1", redirect_uri: "https://shop.test/back", code_verifier: "verifier-1", nonce: NONCE };

const DISCOVERY: &str = "GET /.well-known/openid-configuration";

fn documents() -> [Turn; 1] {
    [Turn::json(200, &discovery())]
}

fn signed(signer: &Signer, id: &str) -> Turn {
    tokens(&signer.token(&json!({"alg": signer.algorithm(), "kid": id}), &claims()))
}

async fn external_identity(open_id: &ScriptedOpenId<'_>, deadline: Deadline) -> Result<ExternalIdentity, OpenIdError> {
    open_id.external_identity(&provider(), EXCHANGE, deadline).await
}

fn lines(script: &ScriptedTransport) -> Vec<String> {
    script.lines(|_| String::new())
}

fn form(script: &ScriptedTransport, place: usize) -> BTreeMap<String, String> {
    form_urlencoded::parse(script.asked.borrow()[place].body()).into_owned().collect()
}

#[test]
fn somebody_is_sent_to_the_provider_with_everything_that_binds_the_answer() {
    let script = ScriptedTransport::new(documents());
    let attempt = Attempt::new(&SeededIds::new(1));
    let url = converse(&script, async |open_id, _, deadline| {
        open_id.authorization_url(&provider(), "https://shop.test/back?a=b", &attempt, deadline).await.unwrap()
    });
    let (endpoint, query) = url.split_at("https://id.test/authorize?tenant=1&".len());
    assert_eq!(endpoint, "https://id.test/authorize?tenant=1&");
    let sent: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let challenge = attempt.code_challenge();
    let expected = [
        ("response_type", "code"),
        ("client_id", "shop"),
        ("redirect_uri", "https://shop.test/back?a=b"),
        ("scope", "openid email profile"),
        ("state", &attempt.state),
        ("nonce", &attempt.nonce),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    assert_eq!(sent, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert!(!url.contains(&attempt.code_verifier));
}

#[test]
fn a_code_becomes_a_person_and_documents_are_kept_for_an_hour() {
    let signer = Signer::p256();
    let again = [Turn::json(200, &discovery()), signed(&signer, "k-1"), keys(&[signer.jwk("k-1")])];
    let first = again.clone();
    let script = ScriptedTransport::new(first.into_iter().chain([signed(&signer, "k-1")]).chain(again));
    converse(&script, async |open_id, clock, deadline| {
        external_identity(open_id, deadline).await.unwrap();
        clock.advance(Duration::from_secs(59));
        assert_eq!(external_identity(open_id, deadline).await.unwrap().identity.subject, "person-1");
        clock.advance(Duration::from_secs(3541));
        // The token itself has expired by now; the requests are what matters here.
        external_identity(open_id, deadline).await.unwrap_err();
    });
    let whole = [DISCOVERY, "POST /token", "GET /jwks"];
    assert_eq!(lines(&script), [&whole[..], &["POST /token"], &whole[..]].concat());
}

#[test]
fn we_say_who_we_are_by_header_or_form() {
    let post = with(discovery(), &json!({"token_endpoint_auth_methods_supported": ["client_secret_post"]}));
    for (document, header, client) in
        [(discovery(), "Basic c2hvcDpzM2NyJTI2dA==", None), (post, "", Some(("shop", "s3cr&t")))]
    {
        let script =
            ScriptedTransport::new([Turn::json(200, &document), Turn::json(400, &json!({"error": "invalid_grant"}))]);
        let refused =
            converse(&script, async |open_id, _, deadline| external_identity(open_id, deadline).await.unwrap_err());
        assert!(matches!(refused, OpenIdError::CodeRefused));
        let form = form(&script, 1);
        for (name, value) in [
            ("grant_type", "authorization_code"),
            ("code", "code-1"),
            ("redirect_uri", "https://shop.test/back"),
            ("code_verifier", "verifier-1"),
        ] {
            assert_eq!(form[name], value);
        }
        assert_eq!(script.header("authorization")[1], header);
        let sent = form.get("client_id").map(|id| (id.as_str(), form["client_secret"].as_str()));
        assert_eq!(sent, client);
    }
}

#[test]
fn an_unknown_key_is_asked_for_once_and_not_more_than_once_a_minute() {
    let (old, new) = (Signer::p256(), Signer::p256());
    let script = ScriptedTransport::new([
        Turn::json(200, &discovery()),
        signed(&old, "k-1"),
        keys(&[old.jwk("k-1")]),
        // Too soon: no request is made.
        signed(&new, "k-2"),
        // Later one is made, and the key is there.
        signed(&new, "k-2"),
        keys(&[old.jwk("k-1"), new.jwk("k-2")]),
        // An unknown key id costs one more request, however often it comes.
        signed(&new, "k-3"),
        keys(&[old.jwk("k-1"), new.jwk("k-2")]),
        signed(&new, "k-3"),
    ]);
    converse(&script, async |open_id, clock, deadline| {
        external_identity(open_id, deadline).await.unwrap();
        let unknown = |error| matches!(error, OpenIdError::IdToken("signed with an unknown key"));
        assert!(unknown(external_identity(open_id, deadline).await.unwrap_err()));
        clock.advance(Duration::from_mins(1));
        external_identity(open_id, deadline).await.unwrap();
        clock.advance(Duration::from_mins(1));
        assert!(unknown(external_identity(open_id, deadline).await.unwrap_err()));
        assert!(unknown(external_identity(open_id, deadline).await.unwrap_err()));
    });
    assert_eq!(lines(&script).iter().filter(|line| *line == "GET /jwks").count(), 3);
}

#[test]
fn documents_are_asked_for_again_and_codes_only_if_nobody_can_have_seen_them() {
    let signer = Signer::p256();
    let busy = || Turn::json(503, &json!({}));
    let script = ScriptedTransport::new([
        Turn::Lost,
        busy(),
        Turn::json(200, &discovery()),
        Turn::NotSent,
        busy(),
        signed(&signer, "k-1"),
        Turn::Lost,
        keys(&[signer.jwk("k-1")]),
    ]);
    converse(&script, async |open_id, _, deadline| external_identity(open_id, deadline).await.unwrap());
    for turn in [Turn::Lost, Turn::json(500, &json!({}))] {
        let script = ScriptedTransport::new([Turn::json(200, &discovery()), turn]);
        let error =
            converse(&script, async |open_id, _, deadline| external_identity(open_id, deadline).await.unwrap_err());
        assert!(matches!(error, OpenIdError::Unavailable { .. }));
    }
}

#[test]
fn what_a_provider_refuses_or_garbles_is_told_apart() {
    let after_discovery = |turn: Turn| {
        let script = ScriptedTransport::new([Turn::json(200, &discovery()), turn, keys(&[])]);
        converse(&script, async |open_id, _, deadline| external_identity(open_id, deadline).await.unwrap_err())
    };
    let refused = |status: u16, body: Value| after_discovery(Turn::json(status, &body));
    assert!(matches!(refused(400, json!({"error": "invalid_grant"})), OpenIdError::CodeRefused));
    assert!(matches!(refused(401, json!({"error": "invalid_client"})), OpenIdError::ClientRefused { status: 401 }));
    assert!(matches!(refused(403, json!(7)), OpenIdError::ClientRefused { status: 403 }));
    assert!(matches!(refused(200, json!({"access_token": "at-1"})), OpenIdError::Provider(_)));
    assert!(matches!(refused(200, json!({"id_token": "at-1"})), OpenIdError::IdToken("not a JWT")));
    let gone = ScriptedTransport::new([Turn::json(404, &json!({}))]);
    let error = converse(&gone, async |open_id, _, deadline| external_identity(open_id, deadline).await.unwrap_err());
    assert!(matches!(error, OpenIdError::Provider(_)));
}

#[test]
fn an_address_that_the_token_leaves_out_is_asked_for() {
    let signer = Signer::p256();
    let document = with(discovery(), &json!({"userinfo_endpoint": "https://id.test/userinfo"}));
    let silent = with(claims(), &json!({"email": null, "email_verified": null}));
    let ask = |said: Value| {
        let token = signer.token(&json!({"alg": "ES256", "kid": "k-1"}), &silent);
        let turns = [Turn::json(200, &document), tokens(&token), keys(&[signer.jwk("k-1")]), Turn::json(200, &said)];
        let script = ScriptedTransport::new(turns);
        let came = converse(&script, async |open_id, _, deadline| external_identity(open_id, deadline).await);
        (came, script)
    };
    let (came, script) = ask(json!({"sub": "person-1", "email": "ada@shop.example", "email_verified": true}));
    assert_eq!(came.unwrap().verified_email, Some("ada@shop.example".parse().unwrap()));
    assert_eq!(
        (lines(&script)[3].as_str(), script.header("authorization")[3].as_str()),
        ("GET /userinfo", "Bearer at-1")
    );
    for unverified in [json!({"sub": "person-1"}), json!({"sub": "person-1", "email": "ada@shop.example"})] {
        assert_eq!(ask(unverified).0.unwrap().verified_email, None);
    }
    let (came, _) = ask(json!({"sub": "person-2", "email": "ada@shop.example", "email_verified": true}));
    assert!(matches!(came, Err(OpenIdError::Provider(_))), "another person's address");
}

#[test]
fn codes_and_tokens_show_nowhere() {
    let token = Signer::p256().token(&json!({"alg": "ES256", "kid": "k-1"}), &claims());
    let script = ScriptedTransport::new([Turn::json(200, &discovery()), tokens(&token[1..]), keys(&[])]);
    converse(&script, async |open_id, _, deadline| {
        let error = external_identity(open_id, deadline).await.unwrap_err();
        let shown = format!("{error} {error:?} {open_id:?} {EXCHANGE:?} {:?}", Attempt::new(&SeededIds::new(1)));
        assert!(!shown.contains("eyJ") && !shown.contains("code-1") && !shown.contains("verifier-1"), "{shown}");
    });
}
