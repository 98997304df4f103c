//! The keys that access tokens are signed with. No valid token is refused at any moment: a key is known to all who check
//! before it signs, and is forgotten when nothing that it signed can be valid.

use std::time::Duration;

use auth::mint::{SigningKey, SigningKeys};
use domain::Timestamp;
use resilience::{Clock as _, SystemClock};
use suite::secrets::{TOKEN_KEYS, TOKEN_SIGNING};

use super::{RotateError, Window};
use crate::accounts;
use crate::secret_store::SecretStore;

/// What a rotation came to.
#[derive(Debug)]
pub struct KeyRotation {
    /// The newest key's id.
    pub key: String,
    /// From when on it signs.
    pub active_from: Timestamp,
    /// Whether it was there already, waiting for its time.
    pub was_waiting: bool,
}

/// Adds a key that signs once all functions know it; drops keys whose last signatures have expired after `lifetime`.
/// While a key waits, there is nothing to do. The public keys are written before the private ones: a crash in between
/// leaves an unused public key.
pub async fn rotate(
    secret_store: &SecretStore,
    window: Window,
    lifetime: Duration,
) -> Result<KeyRotation, RotateError> {
    let keys: SigningKeys = secret_store.read(TOKEN_SIGNING).await?.unwrap_or_default();
    let now = SystemClock.now();
    let mut keys = pruned(&keys, window.forgotten(lifetime), now);
    if let Some(waiting) = keys.keys.iter().find(|key| key.active_from() > now) {
        let rotated =
            KeyRotation { key: waiting.id().to_owned(), active_from: waiting.active_from(), was_waiting: true };
        write(secret_store, &keys).await?;
        return Ok(rotated);
    }
    // The very first key need not wait.
    let wait = if keys.keys.is_empty() { Duration::ZERO } else { window.heard() };
    let new = SigningKey::generate(now)?;
    keys.keys.push(new.clone());
    secret_store.write(TOKEN_KEYS, &keys.public()?).await?;
    keys.keys.pop();
    // Counted from when the public keys were written.
    let new = new.signing_from(SystemClock.now().plus(wait));
    let rotated = KeyRotation { key: new.id().to_owned(), active_from: new.active_from(), was_waiting: false };
    keys.keys.push(new);
    keep(secret_store, &keys).await?;
    Ok(rotated)
}

/// Drops the keys of which nothing is left; answers how many.
pub async fn prune(secret_store: &SecretStore, window: Window, lifetime: Duration) -> Result<usize, RotateError> {
    let keys: SigningKeys = secret_store.read(TOKEN_SIGNING).await?.unwrap_or_default();
    let kept = pruned(&keys, window.forgotten(lifetime), SystemClock.now());
    let dropped = keys.keys.len() - kept.keys.len();
    if dropped > 0 {
        write(secret_store, &kept).await?;
    }
    Ok(dropped)
}

/// A key is compromised: a new one signs from now on, and signatures of the others are refused as soon as the functions
/// have read the new set. Signed-in people refresh.
pub async fn replace(secret_store: &SecretStore) -> Result<KeyRotation, RotateError> {
    let new = SigningKey::generate(SystemClock.now())?;
    let rotated = KeyRotation { key: new.id().to_owned(), active_from: new.active_from(), was_waiting: false };
    write(secret_store, &SigningKeys { keys: vec![new] }).await?;
    Ok(rotated)
}

async fn write(secret_store: &SecretStore, keys: &SigningKeys) -> Result<(), RotateError> {
    secret_store.write(TOKEN_KEYS, &keys.public()?).await?;
    keep(secret_store, keys).await
}

async fn keep(secret_store: &SecretStore, keys: &SigningKeys) -> Result<(), RotateError> {
    secret_store.write(TOKEN_SIGNING, keys).await?;
    if secret_store.is_local() {
        accounts::keep_signing_keys(keys)?;
    }
    Ok(())
}

/// The keys without those whose successor took over so long ago.
fn pruned(keys: &SigningKeys, forgotten: Duration, now: Timestamp) -> SigningKeys {
    let is_over = |key: &SigningKey| {
        keys.keys
            .iter()
            .any(|other| other.active_from() > key.active_from() && other.active_from().plus(forgotten) <= now)
    };
    SigningKeys { keys: keys.keys.iter().filter(|key| !is_over(key)).cloned().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_goes_when_its_successor_has_signed_for_long_enough() {
        let at = Timestamp::from_seconds;
        let keys = SigningKeys { keys: [0, 1_000, 2_000].map(|from| SigningKey::generate(at(from)).unwrap()).into() };
        let kept = |now| pruned(&keys, Duration::from_secs(100), at(now)).keys.len();
        assert_eq!([1_000, 1_099, 1_100, 2_000, 2_099, 2_100, 9_000].map(kept), [3, 3, 2, 2, 2, 1, 1]);
    }
}
