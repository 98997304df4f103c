//! Keys for HMAC-SHA256 (RFC 2104), which never leave the system: they sign the links in mails, and refresh tokens
//! derive from each other with them.

use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};
use ring::hmac::{HMAC_SHA256, Key, Tag, sign, verify};
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};

use crate::mint::MintError;

/// A key is as long as the hash (RFC 2104, section 3).
const LENGTH: usize = 32;

/// Keys as they are stored in Secrets Manager: `{"keys": [<base64 of 32 bytes>, …]}`. The first key signs, all of them
/// verify: a new key is added in front, and the old one stays as long as its signatures are valid. `Debug` shows only
/// how many there are.
#[derive(Clone, Deserialize)]
#[serde(try_from = "StoredKeys")]
pub struct MacKeys {
    first: Key,
    others: Vec<Key>,
}

/// The text of the secret.
#[derive(Serialize, Deserialize)]
struct StoredKeys {
    keys: Vec<String>,
}

/// The keys cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected at least one key, and all of them base64 of {LENGTH} bytes")]
pub struct InvalidMacKeys;

impl MacKeys {
    /// The text of a secret with one new key.
    ///
    /// # Errors
    ///
    /// [`MintError::Randomness`].
    pub fn generate() -> Result<String, MintError> {
        let mut bytes = [0; LENGTH];
        SystemRandom::new().fill(&mut bytes).map_err(|_| MintError::Randomness)?;
        Ok(serde_json::json!({ "keys": [BASE64_STANDARD.encode(bytes)] }).to_string())
    }

    /// The MAC of a message with the current key.
    pub fn sign(&self, message: &[u8]) -> Tag {
        sign(&self.first, message)
    }

    /// The MACs of a message with each key, the current key first.
    pub fn of_all(&self, message: &[u8]) -> impl Iterator<Item = Tag> {
        self.all().map(move |key| sign(key, message))
    }

    /// Whether one of the keys made this MAC of the message; the time does not depend on where they differ.
    pub fn verify(&self, message: &[u8], tag: &[u8]) -> bool {
        self.all().any(|key| verify(key, message, tag).is_ok())
    }

    fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl TryFrom<StoredKeys> for MacKeys {
    type Error = InvalidMacKeys;

    fn try_from(written: StoredKeys) -> Result<Self, InvalidMacKeys> {
        let key = |text: &String| {
            let bytes = BASE64_STANDARD.decode(text).ok().filter(|bytes| bytes.len() == LENGTH);
            bytes.map(|bytes| Key::new(HMAC_SHA256, &bytes)).ok_or(InvalidMacKeys)
        };
        let (first, others) = written.keys.split_first().ok_or(InvalidMacKeys)?;
        Ok(Self { first: key(first)?, others: others.iter().map(key).collect::<Result<_, _>>()? })
    }
}

impl fmt::Debug for MacKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MacKeys({})", 1 + self.others.len())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn keys(bytes: &[u8]) -> MacKeys {
        let keys: Vec<String> = bytes.iter().map(|byte| BASE64_STANDARD.encode([*byte; 32])).collect();
        serde_json::from_value(json!({ "keys": keys })).unwrap()
    }

    /// RFC 4231's test case 1 has a key of 20 bytes, so this one was made with Python's `hmac`.
    #[test]
    fn the_tag_is_hmac_sha256() {
        let tag = keys(&[0x0b]).sign(b"Hi There");
        assert_eq!(BASE64_STANDARD.encode(tag), "GYpgfrRL+8aZA6Dxzyu9xboKo/PZrjwcejsWlqC2jPc=");
    }

    #[test]
    fn the_first_key_makes_and_all_check() {
        let (old, both) = (keys(&[1]), keys(&[2, 1]));
        let made_before = old.sign(b"message");
        assert!(both.verify(b"message", made_before.as_ref()));
        assert!(!both.verify(b"another", made_before.as_ref()));
        let made_now = both.sign(b"message");
        assert!(both.verify(b"message", made_now.as_ref()) && !old.verify(b"message", made_now.as_ref()));
        assert_eq!(both.of_all(b"message").nth(1).unwrap().as_ref(), made_before.as_ref());
    }

    #[test]
    fn keys_that_guard_nothing_are_refused() {
        for keys in [json!([]), json!(["AAAA"]), json!(["no base64"]), json!([BASE64_STANDARD.encode([1; 32]), ""])] {
            assert!(serde_json::from_value::<MacKeys>(json!({ "keys": keys })).is_err(), "{keys}");
        }
        assert!(serde_json::from_str::<MacKeys>(&MacKeys::generate().unwrap()).is_ok());
        assert_eq!(format!("{:?}", keys(&[1, 2])), "MacKeys(2)");
    }
}
