//! A scripted provider for the tests of this crate, and the tokens that it signs.

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use domain::Timestamp;
use resilience::{Deadline, SeededIds, VirtualClock};
use ring::rand::SystemRandom;
use ring::rsa;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaPublicKeyComponents,
};
use serde_json::{Value, json};
use testkit::{ScriptedTransport, Turn};

use crate::{OpenId, Provider};

pub(crate) const ISSUER: &str = "https://id.test";
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);
pub(crate) const NONCE: &str = "nonce-1";

/// Made with openssl for these tests; it opens nothing.
const RSA_KEY: &str = include_str!("../testdata/provider_rsa.pem");

pub(crate) fn provider() -> Provider {
    Provider { issuer: ISSUER.to_owned(), client_id: "shop".to_owned(), client_secret: "s3cr&t".to_owned() }
}

pub(crate) fn discovery() -> Value {
    json!({
        "issuer": ISSUER, "authorization_endpoint": "https://id.test/authorize?tenant=1",
        "token_endpoint": "https://id.test/token", "jwks_uri": "https://keys.id.test/jwks",
    })
}

/// A key of the provider.
pub(crate) enum Signer {
    Rsa(rsa::KeyPair),
    P256(EcdsaKeyPair),
}

impl Signer {
    pub(crate) fn rsa() -> Self {
        let body: String = RSA_KEY.lines().filter(|line| !line.starts_with('-')).collect();
        Self::Rsa(rsa::KeyPair::from_pkcs8(&BASE64_STANDARD.decode(body).unwrap()).unwrap())
    }

    pub(crate) fn p256() -> Self {
        let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let made = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Self::P256(EcdsaKeyPair::from_pkcs8(algorithm, made.as_ref(), &random).unwrap())
    }

    pub(crate) fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RS256",
            Self::P256(_) => "ES256",
        }
    }

    pub(crate) fn jwk(&self, id: &str) -> Value {
        match self {
            Self::Rsa(pair) => {
                let RsaPublicKeyComponents::<Vec<u8>> { n, e } = pair.public().into();
                json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": id, "n": encode(&n), "e": encode(&e)})
            }
            Self::P256(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({"kty": "EC", "crv": "P-256", "kid": id, "x": encode(x), "y": encode(y)})
            }
        }
    }

    /// The modulus or the point, which an attacker may try as an HMAC's secret.
    pub(crate) fn public(&self) -> Vec<u8> {
        match self {
            Self::Rsa(pair) => pair.public().as_ref().to_vec(),
            Self::P256(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    pub(crate) fn token(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let random = SystemRandom::new();
        let signature = match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature).unwrap();
                signature
            }
            Self::P256(pair) => pair.sign(&random, message.as_bytes()).unwrap().as_ref().to_vec(),
        };
        format!("{message}.{}", encode(&signature))
    }
}

/// The signed part.
pub(crate) fn message(header: &Value, claims: &Value) -> String {
    format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()))
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// The claims of a valid token.
pub(crate) fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "person-1", "aud": "shop", "nonce": NONCE,
        "iat": NOW.seconds(), "exp": NOW.seconds() + 300, "email": "ada@shop.example", "email_verified": true,
    })
}

/// A value with some of its fields changed; `null` removes a field.
pub(crate) fn with(mut value: Value, changes: &Value) -> Value {
    for (name, change) in changes.as_object().unwrap() {
        if change.is_null() {
            value.as_object_mut().unwrap().remove(name);
        } else {
            value[name] = change.clone();
        }
    }
    value
}

pub(crate) fn keys(keys: &[Value]) -> Turn {
    Turn::json(200, &json!({"keys": keys}))
}

pub(crate) fn tokens(id_token: &str) -> Turn {
    Turn::json(200, &json!({"access_token": "at-1", "token_type": "Bearer", "id_token": id_token}))
}

pub(crate) type ScriptedOpenId<'a> = OpenId<&'a ScriptedTransport, VirtualClock, SeededIds>;

/// Runs a conversation with a scripted provider; deadlines are two hours away.
pub(crate) fn converse<R>(
    script: &ScriptedTransport,
    conversation: impl AsyncFnOnce(&ScriptedOpenId<'_>, &VirtualClock, Deadline) -> R,
) -> R {
    let clock = VirtualClock::at(NOW);
    let deadline = Deadline::at(Timestamp::from_seconds(NOW.seconds() + 7200));
    let open_id = OpenId::new(script, clock.clone(), SeededIds::new(7));
    clock.run(conversation(&open_id, &clock, deadline))
}
