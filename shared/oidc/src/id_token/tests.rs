use domain::ExternalIdentity;
use ring::hmac;
use serde_json::json;

use super::*;
use crate::conversation::{ISSUER, NONCE, NOW, Signer, claims, encode, message, with};

const EXPECTED: ExpectedClaims<'_> = ExpectedClaims { issuer: ISSUER, client_id: "shop", nonce: NONCE };

fn key_set(signer: &Signer) -> ProviderKeys {
    ProviderKeys::read(json!({"keys": [signer.jwk("k-1")]}).to_string().as_bytes()).unwrap()
}

/// A token whose claims differ from a valid one's in these.
fn judge(signer: &Signer, changes: &Value) -> Result<ExternalIdentity, IdTokenError> {
    let header = json!({"alg": signer.algorithm(), "kid": "k-1"});
    external(&signer.token(&header, &with(claims(), changes)), &key_set(signer))
}

fn external(token: &str, keys: &ProviderKeys) -> Result<ExternalIdentity, IdTokenError> {
    let VerifiedClaims { identity, email } = check(token, keys, EXPECTED, NOW)?;
    Ok(ExternalIdentity { identity, verified_email: email.verified() })
}

fn because<T: std::fmt::Debug>(judged: Result<T, IdTokenError>) -> &'static str {
    match judged {
        Err(Because(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn good_tokens_of_both_algorithms_are_taken() {
    let expected = ExternalIdentity {
        identity: Identity { issuer: ISSUER.to_owned(), subject: "person-1".to_owned() },
        verified_email: Some("ada@shop.example".parse().unwrap()),
    };
    for signer in [Signer::rsa(), Signer::p256()] {
        assert_eq!(judge(&signer, &json!({})), Ok(expected.clone()));
        for changes in [
            json!({"aud": ["shop"]}),
            json!({"aud": ["api", "shop"], "azp": "shop"}),
            json!({"azp": "shop"}),
            json!({"email_verified": "true"}),
            json!({"at_hash": "x", "more": {"a": [1]}}),
        ] {
            assert_eq!(judge(&signer, &changes), Ok(expected.clone()), "{changes}");
        }
    }
}

#[test]
fn each_wrong_claim_is_refused_with_its_reason() {
    let signer = Signer::p256();
    let now = NOW.seconds();
    for (changes, reason) in [
        (json!({"iss": "https://id.test/"}), "another issuer"),
        (json!({"iss": "https://evil.test"}), "another issuer"),
        (json!({"aud": "another"}), "another audience"),
        (json!({"aud": []}), "another audience"),
        (json!({"aud": ["another"], "azp": "shop"}), "another audience"),
        (json!({"aud": ["shop", "api"]}), "another audience"),
        (json!({"aud": ["shop", "api"], "azp": "api"}), "another audience"),
        (json!({"azp": "another"}), "another audience"),
        (json!({"nonce": "nonce-2"}), "another nonce"),
        (json!({"nonce": null}), "another nonce"),
        (json!({"exp": now - 60}), "expired"),
        (json!({"iat": now + 61}), "issued in the future"),
        (json!({"sub": ""}), "no subject, or too long a one"),
        (json!({"sub": "s".repeat(256)}), "no subject, or too long a one"),
        (json!({"sub": null}), "illegible claims"),
        (json!({"exp": null}), "illegible claims"),
        (json!({"exp": "never"}), "illegible claims"),
        (json!({"iat": null}), "illegible claims"),
        (json!({"aud": null}), "illegible claims"),
    ] {
        assert_eq!(because(judge(&signer, &changes)), reason, "{changes}");
    }
    for changes in [json!({"exp": now - 59}), json!({"iat": now + 60})] {
        assert!(judge(&signer, &changes).is_ok(), "clocks differ by less than a minute: {changes}");
    }
}

#[test]
fn an_address_counts_only_if_the_provider_has_verified_it() {
    let signer = Signer::p256();
    for changes in [
        json!({"email_verified": false}),
        json!({"email_verified": "false"}),
        json!({"email_verified": "True"}),
        json!({"email_verified": 1}),
        json!({"email_verified": null}),
        json!({"email": null}),
        json!({"email": 7}),
        json!({"email": "nobody"}),
    ] {
        assert_eq!(judge(&signer, &changes).unwrap().verified_email, None, "{changes}");
    }
}

#[test]
fn forged_tokens_are_refused() {
    for signer in [Signer::rsa(), Signer::p256()] {
        let (keys, algorithm) = (key_set(&signer), signer.algorithm());
        let judge = |token: &str| external(token, &keys);
        let header = |alg: &str| json!({"alg": alg, "kid": "k-1"});
        let good = signer.token(&header(algorithm), &claims());
        let (signed, signature) = good.rsplit_once('.').unwrap();

        let unsigned = |alg: &str| format!("{}.", message(&header(alg), &claims()));
        for alg in ["none", "None", ""] {
            assert_eq!(because(judge(&unsigned(alg))), "another algorithm than its key's", "{alg}");
        }
        assert_eq!(because(judge(&unsigned(algorithm))), "a signature that is not the provider's");

        let symmetric = message(&header("HS256"), &claims());
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &signer.public()), symmetric.as_bytes());
        let confused = format!("{symmetric}.{}", encode(tag.as_ref()));
        assert_eq!(because(judge(&confused)), "another algorithm than its key's");
        for alg in ["RS256", "ES256", "RS384", "PS256", "ES384"].into_iter().filter(|alg| *alg != algorithm) {
            assert_eq!(because(judge(&signer.token(&header(alg), &claims()))), "another algorithm than its key's");
        }

        let other = message(&header(algorithm), &with(claims(), &json!({"sub": "person-2"})));
        for token in [format!("{other}.{signature}"), format!("{signed}."), format!("{signed}.{}", encode(&[0; 64]))] {
            assert_eq!(because(judge(&token)), "a signature that is not the provider's");
        }
        assert_eq!(because(judge(&format!("{good}="))), "an illegible signature");
        for token in ["", "a", "a.b", "a.b.c", &format!("{good}.{signature}")] {
            assert!(matches!(judge(token), Err(Because(_) | IdTokenError::UnknownKey)), "{token}");
        }
    }
}

#[test]
fn a_tokens_own_key_is_never_looked_at() {
    let (ours, theirs) = (Signer::p256(), Signer::p256());
    let keys = key_set(&ours);
    for changes in [
        json!({"jwk": theirs.jwk("k-1")}),
        json!({"jku": "https://evil.test/jwks"}),
        json!({"x5u": "https://evil.test/cert", "x5c": ["AAAA"]}),
    ] {
        let header = with(json!({"alg": "ES256", "kid": "k-1"}), &changes);
        let judged = external(&theirs.token(&header, &claims()), &keys);
        assert_eq!(because(judged), "a signature that is not the provider's", "{changes}");
    }
    let critical = json!({"alg": "ES256", "kid": "k-1", "crit": ["exp"], "exp": 1});
    let judged = external(&ours.token(&critical, &claims()), &keys);
    assert_eq!(because(judged), "a header that has to be understood and is not");
    for kid in ["k-2", "../k-1", "k-1' OR '1'='1", ""] {
        let header = json!({"alg": "ES256", "kid": kid});
        assert_eq!(external(&theirs.token(&header, &claims()), &keys), Err(IdTokenError::UnknownKey), "{kid}");
    }
}
