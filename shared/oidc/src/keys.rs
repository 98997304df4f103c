//! The provider's public keys: a JWKS (RFC 7517), of which RS256 and ES256 are supported.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;

use crate::OpenIdError;

/// The keys that may sign ID tokens. Each is for one algorithm, whatever a token's header says.
#[derive(Clone, Debug)]
pub(crate) struct ProviderKeys(Vec<Key>);

#[derive(Clone, Debug)]
pub(crate) struct Key {
    id: Option<String>,
    public: Public,
}

#[derive(Clone, Debug)]
enum Public {
    /// Modulus and exponent, big endian.
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// An uncompressed point on P-256.
    P256(Vec<u8>),
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    kid: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl ProviderKeys {
    /// Parses a key set. Unsupported keys are skipped (RFC 7517, section 5).
    pub(crate) fn read(json: &[u8]) -> Result<Self, OpenIdError> {
        let set: KeySet = serde_json::from_slice(json).map_err(|_| OpenIdError::Provider("key set cannot be read"))?;
        Ok(Self(set.keys.into_iter().filter_map(Jwk::read).collect()))
    }

    /// The key with this id; the only key, for a token without one (OpenID Connect Core 1.0, section 10.1).
    pub(crate) fn find(&self, id: Option<&str>) -> Option<&Key> {
        match (id, self.0.as_slice()) {
            (Some(id), keys) => keys.iter().find(|key| key.id.as_deref() == Some(id)),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }
}

impl Key {
    /// The one algorithm that the key is for.
    pub(crate) const fn algorithm(&self) -> &'static str {
        match self.public {
            Public::Rsa { .. } => "RS256",
            Public::P256(_) => "ES256",
        }
    }

    /// Whether the signature is the key's. RSA keys must have at least 2048 bits (RFC 7518, section 3.3).
    pub(crate) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let verified = match &self.public {
            Public::Rsa { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
            Public::P256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature),
        };
        verified.is_ok()
    }
}

impl Jwk {
    fn read(self) -> Option<Key> {
        let public = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => Public::Rsa { n: unsigned(self.n?)?, e: unsigned(self.e?)? },
            ("EC", Some("P-256")) => Public::P256(point(&decoded(self.x?)?, &decoded(self.y?)?)?),
            _ => return None,
        };
        let key = Key { id: self.kid, public };
        let fits = self.purpose.is_none_or(|purpose| purpose == "sig")
            && self.alg.is_none_or(|algorithm| algorithm == key.algorithm());
        fits.then_some(key)
    }
}

fn decoded(text: String) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}

/// Removes the leading zeros that some providers write and ring refuses.
fn unsigned(text: String) -> Option<Vec<u8>> {
    let bytes = decoded(text)?;
    let begin = bytes.iter().position(|byte| *byte != 0)?;
    Some(bytes[begin..].to_vec())
}

fn point(x: &[u8], y: &[u8]) -> Option<Vec<u8>> {
    (x.len() == 32 && y.len() == 32).then(|| [&[4], x, y].concat())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// RFC 7515, appendix A.2: a signature made by another implementation.
    const RSA: (&str, &str, &str) = (
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
    );

    fn rsa(changes: &Value) -> Value {
        let mut key = json!({"kty": "RSA", "kid": "one", "n": RSA.0, "e": "AQAB"});
        key.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        key
    }

    fn read(keys: &[Value]) -> ProviderKeys {
        ProviderKeys::read(json!({"keys": keys}).to_string().as_bytes()).unwrap()
    }

    #[test]
    fn the_rfcs_rs256_example_verifies() {
        let (_, message, signature) = RSA;
        let signature = decoded(signature.to_owned()).unwrap();
        let keys = read(&[rsa(&json!({}))]);
        let key = keys.find(Some("one")).unwrap();
        assert_eq!(key.algorithm(), "RS256");
        assert!(key.signed(message.as_bytes(), &signature));
        assert!(!key.signed(&message.as_bytes()[1..], &signature));
        assert!(!key.signed(message.as_bytes(), &[]));
    }

    #[test]
    fn keys_for_other_ends_are_left_out() {
        let symmetric = json!({"kty": "oct", "kid": "shared", "alg": "HS256", "k": "AAAA"});
        let keys = read(&[
            rsa(&json!({"kid": "enc", "use": "enc"})),
            rsa(&json!({"kid": "pss", "alg": "PS256"})),
            rsa(&json!({"kid": "hmac", "alg": "HS256"})),
            symmetric,
            json!({"kty": "EC", "crv": "P-256", "kid": "short", "x": "AAAA", "y": "AAAA"}),
            json!({"kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": "AAAA"}),
            rsa(&json!({"kid": "good", "use": "sig", "alg": "RS256"})),
        ]);
        let found = ["enc", "pss", "hmac", "shared", "short", "ed", "good"].map(|id| keys.find(Some(id)).is_some());
        assert_eq!(found, [false, false, false, false, false, false, true]);
    }

    #[test]
    fn a_token_without_a_key_id_is_only_checked_where_there_is_no_choice() {
        assert!(read(&[rsa(&json!({}))]).find(None).is_some());
        assert!(read(&[rsa(&json!({})), rsa(&json!({"kid": "two"}))]).find(None).is_none());
        assert!(read(&[]).find(None).is_none());
    }
}
