//! API keys: `cis_live_<hex of the id>_<secret>`. The id finds the stored key; only the secret's hash is stored.

use std::fmt;

use domain::{ApiKey, KeyId, Timestamp, TokenHash};
use ring::{digest, hmac};
use uuid::Uuid;

use crate::{Caller, Service, TokenRefused, Who};

/// The prefix of every key, which identifies a key that is found in a log or repository.
const PREFIX: &str = "cis_live_";
/// Hex digits of the id, and of the secret.
const ID_LENGTH: usize = 32;
const SECRET_LENGTH: usize = 64;

/// An API key as a caller presents it. `Debug` shows the id only.
pub struct PresentedKey<'a> {
    id: KeyId,
    secret: &'a str,
}

/// Whether the text is meant as an API key. Everything else is treated as a token.
pub fn is_api_key(text: &str) -> bool {
    text.starts_with(PREFIX)
}

/// A new key's text, to be shown once, and the hash of its secret. Two version-4 ids make a secret of 244 random bits.
pub fn issue(id: KeyId, secret: [Uuid; 2]) -> (String, TokenHash) {
    let secret = secret.map(|half| half.simple().to_string()).concat();
    (format!("{PREFIX}{}_{secret}", id.uuid().simple()), hash(&secret))
}

impl<'a> PresentedKey<'a> {
    /// Parses the text. There is one way to write a key: lower case, nothing around it.
    ///
    /// # Errors
    ///
    /// [`TokenRefused`] when it has another form.
    pub fn read(text: &'a str) -> Result<Self, TokenRefused> {
        let parts = text.strip_prefix(PREFIX).and_then(|rest| rest.split_once('_'));
        let (id, secret) = parts.filter(|(id, _)| is_hex(id, ID_LENGTH)).ok_or(TokenRefused("malformed key"))?;
        let id = Uuid::try_parse(id).map(KeyId::from_uuid).map_err(|_| TokenRefused("malformed key"))?;
        if is_hex(secret, SECRET_LENGTH) { Ok(Self { id, secret }) } else { Err(TokenRefused("malformed key")) }
    }

    /// The key's id.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// Checks the key against the stored one with its id and returns the caller. The hashes are compared in constant
    /// time.
    ///
    /// # Errors
    ///
    /// [`TokenRefused`] with the first reason.
    pub fn check(&self, stored: Option<&ApiKey>, now: Timestamp) -> Result<Caller, TokenRefused> {
        let key = stored.filter(|key| key.id == self.id).ok_or(TokenRefused("unknown key"))?;
        if !are_equal(&hash(self.secret), &key.secret) {
            return Err(TokenRefused("wrong secret of a key"));
        }
        if key.revoked_at.is_some() {
            return Err(TokenRefused("revoked key"));
        }
        if now >= key.expires_at {
            return Err(TokenRefused("expired key"));
        }
        let service = Service { key: key.id, customer: key.customer, scopes: key.scopes };
        Ok(Caller { who: Who::Service(service), token_id: key.id.to_string(), auth_time: None })
    }
}

impl fmt::Debug for PresentedKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShownKey").field("id", &self.id).finish_non_exhaustive()
    }
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn hash(secret: &str) -> TokenHash {
    let digest = digest::digest(&digest::SHA256, secret.as_bytes());
    TokenHash(hex::encode(digest))
}

/// ring compares in constant time when it verifies an HMAC; the message does not matter.
fn are_equal(one: &TokenHash, other: &TokenHash) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, PREFIX.as_bytes());
    hmac::verify(&key, one.0.as_bytes(), hmac::sign(&key, other.0.as_bytes()).as_ref()).is_ok()
}

#[cfg(test)]
mod tests {
    use domain::{CustomerId, Scope, UserId};

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

    fn id() -> KeyId {
        KeyId::from_uuid(Uuid::from_u128(7))
    }

    fn issued() -> (String, ApiKey) {
        let (text, secret) = issue(id(), [Uuid::from_u128(1), Uuid::from_u128(2)]);
        let key = ApiKey {
            id: id(),
            secret,
            name: "warehouse".to_owned(),
            scopes: [Scope::OrdersRead].into_iter().collect(),
            customer: CustomerId::from_uuid(Uuid::from_u128(3)),
            created_by: UserId::from_uuid(Uuid::from_u128(4)),
            created_at: NOW,
            expires_at: NOW.plus(std::time::Duration::from_mins(1)),
            revoked_at: None,
            revoked_by: None,
            last_used_at: None,
            noticed_days: None,
            version: 1,
        };
        (text, key)
    }

    fn refusal(text: &str, stored: Option<&ApiKey>, now: Timestamp) -> &'static str {
        PresentedKey::read(text).and_then(|shown| shown.check(stored, now)).unwrap_err().0
    }

    #[test]
    fn a_key_names_its_service() {
        let (text, key) = issued();
        assert_eq!(text.len(), PREFIX.len() + ID_LENGTH + 1 + SECRET_LENGTH);
        assert!(is_api_key(&text) && !key.secret.0.contains(&text[text.len() - 16..]));
        let caller = PresentedKey::read(&text).unwrap().check(Some(&key), NOW).unwrap();
        let service = Service { key: id(), customer: key.customer, scopes: key.scopes };
        assert_eq!(caller, Caller { who: Who::Service(service), token_id: id().to_string(), auth_time: None });
        assert!(!format!("{:?}", PresentedKey::read(&text).unwrap()).contains(&text[text.len() - 16..]));
    }

    #[test]
    fn a_key_is_good_up_to_its_end_and_until_it_is_revoked() {
        let (text, key) = issued();
        let last = Timestamp::from_millis(key.expires_at.millis() - 1);
        assert!(PresentedKey::read(&text).unwrap().check(Some(&key), last).is_ok());
        assert_eq!(refusal(&text, Some(&key), key.expires_at), "expired key");
        let revoked = ApiKey { revoked_at: Some(NOW), ..key.clone() };
        assert_eq!(refusal(&text, Some(&revoked), NOW), "revoked key");
        assert_eq!(refusal(&text, None, NOW), "unknown key");
        let another = ApiKey { id: KeyId::from_uuid(Uuid::from_u128(8)), ..key };
        assert_eq!(refusal(&text, Some(&another), NOW), "unknown key");
    }

    #[test]
    fn no_changed_key_passes() {
        let (text, key) = issued();
        for index in PREFIX.len()..text.len() {
            for other in ["0", "f", "F", "g", "_", ""] {
                let changed = format!("{}{other}{}", &text[..index], &text[index + 1..]);
                let passes = PresentedKey::read(&changed).and_then(|shown| shown.check(Some(&key), NOW)).is_ok();
                assert!(changed == text || !passes, "{changed}");
            }
        }
        for changed in [format!("{text}0"), format!(" {text}"), text.to_uppercase(), text.replace("live", "test")] {
            assert_eq!(refusal(&changed, Some(&key), NOW), "malformed key", "{changed}");
        }
        // The hash itself, as a thief of the table would present it.
        let stolen = format!("{PREFIX}{}_{}", id().uuid().simple(), key.secret.0);
        assert_eq!(refusal(&stolen, Some(&key), NOW), "wrong secret of a key");
    }
}
