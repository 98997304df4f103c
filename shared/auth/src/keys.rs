//! The public keys that verify tokens: a JWKS (RFC 7517).

use std::collections::HashMap;

use jsonwebtoken::DecodingKey;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Public keys by their ids. Each verifies ES256 and nothing else, whatever a token's header says.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "KeySet")]
pub struct TokenKeys(HashMap<String, DecodingKey>);

/// The key set cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeySet {
    /// A P-256 key without its coordinates, with coordinates of another length, or without an id.
    #[error("the key set has a key that is not a whole P-256 key with an id")]
    BrokenKey,
    /// Two keys share an id.
    #[error("the key set has two keys of one id")]
    DuplicateId,
    /// There is no key to verify with.
    #[error("the key set has no ES256 signature key")]
    Empty,
}

/// The same keys for publication, without anything else that the set may contain.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "KeySet")]
#[schema(as = JsonWebKeySet)]
pub struct PublicKeys {
    /// The keys that sign now, will sign soon, or signed a while ago.
    #[schema(min_items = 1)]
    keys: Vec<Key>,
}

#[derive(Clone, Deserialize)]
struct KeySet {
    keys: Vec<Key>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = JsonWebKey)]
struct Key {
    kty: String,
    crv: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    kid: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl TokenKeys {
    pub(crate) fn get(&self, id: &str) -> Option<&DecodingKey> {
        self.0.get(id)
    }
}

impl TryFrom<KeySet> for TokenKeys {
    type Error = InvalidKeySet;

    fn try_from(set: KeySet) -> Result<Self, InvalidKeySet> {
        let mut keys = HashMap::new();
        // A reader ignores keys that it cannot use (RFC 7517, section 5).
        for key in set.keys.into_iter().filter(Key::is_ours) {
            let (id, key) = key.read().ok_or(InvalidKeySet::BrokenKey)?;
            if keys.insert(id, key).is_some() {
                return Err(InvalidKeySet::DuplicateId);
            }
        }
        if keys.is_empty() { Err(InvalidKeySet::Empty) } else { Ok(Self(keys)) }
    }
}

impl TryFrom<KeySet> for PublicKeys {
    type Error = InvalidKeySet;

    fn try_from(set: KeySet) -> Result<Self, InvalidKeySet> {
        TokenKeys::try_from(set.clone())?;
        Ok(Self { keys: set.keys.into_iter().filter(Key::is_ours).collect() })
    }
}

impl Key {
    fn is_ours(&self) -> bool {
        self.kty == "EC"
            && self.crv.as_deref() == Some("P-256")
            && self.alg.as_deref() == Some("ES256")
            && self.purpose.as_deref() == Some("sig")
    }

    fn read(self) -> Option<(String, DecodingKey)> {
        let id = self.kid.filter(|id| !id.is_empty())?;
        let key = DecodingKey::from_ec_components(&self.x?, &self.y?).ok()?;
        // An uncompressed point: a marker and two coordinates of 32 bytes.
        let whole = key.try_get_as_bytes().is_ok_and(|point| point.len() == 65);
        whole.then_some((id, key))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// The key of RFC 7515, appendix A.3.
    fn key(id: &str) -> Value {
        json!({
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": id,
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
        })
    }

    fn read(keys: impl Into<Vec<Value>>) -> Result<TokenKeys, String> {
        serde_json::from_value(json!({"keys": keys.into()})).map_err(|error| error.to_string())
    }

    #[test]
    fn keys_for_other_ends_are_ignored() {
        let mut encryption = key("enc");
        encryption["use"] = json!("enc");
        let symmetric = json!({"kty": "oct", "kid": "shared", "alg": "HS256", "k": "AAAA"});
        let keys = read([key("one"), encryption, symmetric, key("two")]).unwrap();
        let found = ["one", "two", "enc", "shared", ""].map(|id| keys.get(id).is_some());
        assert_eq!(found, [true, true, false, false, false]);
    }

    #[test]
    fn only_what_is_public_and_ours_is_published() {
        let mut private = key("one");
        private["d"] = json!("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI");
        let symmetric = json!({"kty": "oct", "kid": "shared", "alg": "HS256", "k": "AAAA"});
        let set: PublicKeys = serde_json::from_value(json!({"keys": [private, symmetric]})).unwrap();
        assert_eq!(serde_json::to_value(set).unwrap(), json!({"keys": [key("one")]}));
        assert!(serde_json::from_value::<PublicKeys>(json!({"keys": []})).is_err());
    }

    #[test]
    fn a_set_that_cannot_be_trusted_is_refused_whole() {
        let without = |field: &str| {
            let mut key = key("one");
            key.as_object_mut().unwrap().remove(field);
            key
        };
        let mut short = key("short");
        short["x"] = json!("AAAA");
        for (keys, error) in [
            (vec![], InvalidKeySet::Empty),
            (vec![without("alg")], InvalidKeySet::Empty),
            (vec![without("kid")], InvalidKeySet::BrokenKey),
            (vec![without("y")], InvalidKeySet::BrokenKey),
            (vec![key("")], InvalidKeySet::BrokenKey),
            (vec![key("one"), short], InvalidKeySet::BrokenKey),
            (vec![key("one"), key("one")], InvalidKeySet::DuplicateId),
        ] {
            assert_eq!(read(keys).unwrap_err(), error.to_string());
        }
    }
}
