use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{CustomerId, UserId};
use jsonwebtoken::EncodingKey;
use proptest::prelude::*;
use ring::hmac;
use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::mint::{SigningKey, SigningKeys, mint, sign};

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);
const LIFETIME: Duration = Duration::from_mins(15);

fn customer() -> Caller {
    let who = Who::Customer(CustomerId::from_uuid(Uuid::from_u128(42)));
    Caller { who, token_id: "token-1".to_owned(), auth_time: None }
}

fn keys(keys: &[&SigningKey]) -> TokenKeys {
    let keys = SigningKeys { keys: keys.iter().map(|key| (*key).clone()).collect() };
    serde_json::from_value(keys.public().unwrap()).unwrap()
}

fn header(key: &SigningKey) -> Header {
    serde_json::from_value(json!({"alg": "ES256", "typ": TYPE, "kid": key.id()})).unwrap()
}

fn claims() -> Value {
    let now = NOW.seconds();
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": customer().who.to_string(), "role": "customer",
        "iat": now, "nbf": now, "exp": now + 60, "jti": "token-1"
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name).unwrap();
    claims
}

/// Builds a token from raw parts, including ones that no library would make.
fn raw(header: &Value, claims: &Value, signature: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(serde_json::to_vec(value).unwrap());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = signature(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// A token of these bytes, signed rightly.
fn sign_parts(header: &[u8], claims: &[u8], key: &SigningKey) -> String {
    let stored = serde_json::to_value(key).unwrap();
    let der = PrivatePkcs8KeyDer::from_pem_slice(stored["private_key"].as_str().unwrap().as_bytes()).unwrap();
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    crypto::install();
    let key = EncodingKey::from_ec_der(der.secret_pkcs8_der());
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::ES256).unwrap();
    format!("{message}.{signature}")
}

#[test]
fn a_minted_token_names_its_caller() {
    let key = SigningKey::generate(NOW).unwrap();
    let user = UserId::from_uuid(Uuid::from_u128(7));
    let rules = TokenRules::default();
    let people = [customer().who, Who::Staff(user), Who::Admin(user)];
    for (who, auth_time) in people.into_iter().flat_map(|who| [(who, None), (who, Some(NOW))]) {
        let caller = Caller { who, token_id: "token-1".to_owned(), auth_time };
        let token = mint(&caller, &rules, &key, NOW, LIFETIME).unwrap();
        assert_eq!(verify(&token, &keys(&[&key]), &rules, NOW), Ok(caller));
    }
}

#[test]
fn a_key_survives_its_secret_and_shows_nothing_of_itself() {
    let key = SigningKey::generate(NOW).unwrap();
    let secret = serde_json::to_string(&key).unwrap();
    let again: SigningKey = serde_json::from_str(&secret).unwrap();
    let token = mint(&customer(), &TokenRules::default(), &again, NOW, LIFETIME).unwrap();
    assert_eq!(verify(&token, &keys(&[&key]), &TokenRules::default(), NOW), Ok(customer()));
    let shown = format!("{key:?}");
    assert!(shown.contains(key.id()) && !shown.contains("PRIVATE"), "{shown}");
}

#[test]
fn both_keys_of_a_rotation_verify_and_a_retired_one_does_not() {
    let (old, new) = (SigningKey::generate(NOW).unwrap(), SigningKey::generate(NOW).unwrap());
    let rules = TokenRules::default();
    let token = mint(&customer(), &rules, &old, NOW, LIFETIME).unwrap();
    assert_eq!(verify(&token, &keys(&[&new, &old]), &rules, NOW), Ok(customer()));
    assert_eq!(verify(&token, &keys(&[&new]), &rules, NOW), Err(TokenRefused("unknown key")));
}

#[test]
fn times_are_exact_to_the_second() {
    let key = SigningKey::generate(NOW).unwrap();
    let token = sign(&header(&key), &claims(), &key).unwrap();
    let at = |millis: i64| {
        let now = Timestamp::from_millis(NOW.millis() + millis);
        verify(&token, &keys(&[&key]), &TokenRules::default(), now)
    };
    assert_eq!(at(-1), Err(TokenRefused("not valid yet")));
    assert_eq!(at(0), Ok(customer()));
    assert_eq!(at(59_999), Ok(customer()));
    assert_eq!(at(60_000), Err(TokenRefused("expired")));
}

#[test]
fn forged_claims_are_refused() {
    let key = SigningKey::generate(NOW).unwrap();
    let user = UserId::from_uuid(Uuid::from_u128(7)).to_string();
    for (claims, reason) in [
        (with("iss", json!("someone-else")), "wrong issuer"),
        (with("iss", json!([ISSUER, "someone-else"])), "malformed"),
        (with("aud", json!("another-api")), "wrong audience"),
        (with("aud", json!([])), "wrong audience"),
        (without("aud"), "a claim is missing"),
        (with("role", json!("admin")), "subject and role don't fit"),
        (with("role", json!("root")), "malformed"),
        (with("sub", json!(user)), "subject and role don't fit"),
        (with("sub", json!("cus_42")), "subject and role don't fit"),
        (with("jti", json!("")), "no usable id"),
        (with("jti", json!("x".repeat(129))), "no usable id"),
        (with("exp", json!("never")), "malformed"),
        (with("exp", json!(f64::MAX)), "malformed"),
    ] {
        let token = sign(&header(&key), &claims, &key).unwrap();
        let refused = verify(&token, &keys(&[&key]), &TokenRules::default(), NOW);
        assert_eq!(refused, Err(TokenRefused(reason)), "{claims}");
    }
    for name in ["iss", "sub", "role", "exp", "nbf", "iat", "jti"] {
        let token = sign(&header(&key), &without(name), &key).unwrap();
        assert!(verify(&token, &keys(&[&key]), &TokenRules::default(), NOW).is_err(), "without {name}");
    }
    let several = sign(&header(&key), &with("aud", json!(["another-api", AUDIENCE])), &key).unwrap();
    assert_eq!(verify(&several, &keys(&[&key]), &TokenRules::default(), NOW), Ok(customer()));
}

#[test]
fn forged_headers_are_refused_although_the_signature_is_right() {
    let (key, other) = (SigningKey::generate(NOW).unwrap(), SigningKey::generate(NOW).unwrap());
    let changed = |change: &dyn Fn(&mut Header)| {
        let mut header = header(&key);
        change(&mut header);
        sign(&header, &claims(), &key).unwrap()
    };
    for (token, reason) in [
        (changed(&|header| header.typ = None), "not an access token"),
        (changed(&|header| header.typ = Some("JWT".to_owned())), "not an access token"),
        (changed(&|header| header.crit = Some(vec!["b64".to_owned()])), "critical extensions"),
        (changed(&|header| header.crit = Some(Vec::new())), "critical extensions"),
        (changed(&|header| header.kid = None), "unknown key"),
        (changed(&|header| header.kid = Some("../other".to_owned())), "unknown key"),
        (changed(&|header| header.kid = Some(other.id().to_owned())), "wrong signature"),
    ] {
        let refused = verify(&token, &keys(&[&key, &other]), &TokenRules::default(), NOW);
        assert_eq!(refused, Err(TokenRefused(reason)));
    }
}

/// Signed rightly, from parts that no library would write.
#[test]
fn a_signed_token_of_another_shape_is_refused() {
    let key = SigningKey::generate(NOW).unwrap();
    let own = sign(&header(&key), &claims(), &key).unwrap();
    assert_eq!(verify(&own, &keys(&[&key]), &TokenRules::default(), NOW), Ok(customer()));
    let head = json!({"alg": "ES256", "typ": TYPE, "kid": key.id()}).to_string();
    let latin = |text: String| text.into_bytes().into_iter().filter(|byte| *byte != 0xc3).collect::<Vec<u8>>();
    for (header, claims, reason) in [
        (head.replace('}', ",\"crit\":null}").into_bytes(), claims().to_string().into_bytes(), "critical extensions"),
        (head.clone().into_bytes(), latin(with("note", json!("ä")).to_string()), "malformed"),
        (latin(head.replace('}', ",\"note\":\"ä\"}")), claims().to_string().into_bytes(), "malformed"),
    ] {
        let token = sign_parts(&header, &claims, &key);
        let refused = verify(&token, &keys(&[&key]), &TokenRules::default(), NOW);
        assert_eq!(refused, Err(TokenRefused(reason)), "{}", String::from_utf8_lossy(&header));
    }
    let plain = sign_parts(head.as_bytes(), claims().to_string().as_bytes(), &key);
    assert_eq!(verify(&plain, &keys(&[&key]), &TokenRules::default(), NOW), Ok(customer()), "the parts are right");
}

#[test]
fn an_algorithm_of_the_callers_choice_is_refused() {
    let key = SigningKey::generate(NOW).unwrap();
    let public = key.public_jwk().unwrap();
    let header = |alg: &str| json!({"alg": alg, "typ": TYPE, "kid": key.id()});
    let mac = |secret: &[u8], message: &[u8]| {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message).as_ref().to_vec()
    };
    let point = URL_SAFE_NO_PAD.decode(public["x"].as_str().unwrap()).unwrap();
    let text = public.to_string();
    for (token, reason) in [
        (raw(&header("none"), &claims(), |_| Vec::new()), "malformed"),
        (raw(&header("None"), &claims(), |_| Vec::new()), "malformed"),
        (raw(&header("HS256"), &claims(), |message| mac(&point, message)), "wrong algorithm"),
        (raw(&header("HS256"), &claims(), |message| mac(text.as_bytes(), message)), "wrong algorithm"),
        (raw(&header("ES384"), &claims(), |_| vec![0; 96]), "wrong algorithm"),
        (raw(&header("ES256"), &claims(), |_| Vec::new()), "wrong signature"),
        // CVE-2022-21449: r = s = 0 satisfied a verifier that forgot to check.
        (raw(&header("ES256"), &claims(), |_| vec![0; 64]), "wrong signature"),
    ] {
        assert_eq!(verify(&token, &keys(&[&key]), &TokenRules::default(), NOW), Err(TokenRefused(reason)));
    }
}

#[test]
fn what_is_no_token_is_refused() {
    let key = SigningKey::generate(NOW).unwrap();
    let token = sign(&header(&key), &claims(), &key).unwrap();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let long = format!("{}.{signature}", "A".repeat(MAX_LENGTH));
    for text in ["", ".", "..", "...", "a.b.c", message, &long, &format!("{token}."), &format!("{token}=")] {
        assert!(verify(text, &keys(&[&key]), &TokenRules::default(), NOW).is_err(), "{text:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_changed_or_shortened_token_passes(place in 0_usize..400, with in any::<u8>(), cut in 0_usize..400) {
        let key = SigningKey::generate(NOW).unwrap();
        let token = sign(&header(&key), &claims(), &key).unwrap();
        let keys = keys(&[&key]);
        let shorter = &token[..cut.min(token.len() - 1)];
        prop_assert!(verify(shorter, &keys, &TokenRules::default(), NOW).is_err());

        let mut bytes = token.clone().into_bytes();
        let place = place.min(bytes.len() - 1);
        bytes[place] = b"ABab01-_."[usize::from(with) % 9];
        let changed = String::from_utf8(bytes).unwrap();
        if changed != token {
            prop_assert!(verify(&changed, &keys, &TokenRules::default(), NOW).is_err(), "{changed}");
        }
    }
}
