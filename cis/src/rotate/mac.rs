//! Keys of which the first signs and all verify: those of links in mails and of refresh tokens. A new key is added
//! last, until all functions know it, then moved to the front.

use std::time::Duration;

use auth::MacKeys;
use domain::Timestamp;
use resilience::{Clock as _, SystemClock};
use serde::{Deserialize, Serialize};

use super::{RotateError, Window};
use crate::secret_store::{SecretStore, SecretStoreError};

/// The secret's text, with the rotation's own state beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct StoredKeys {
    keys: Vec<String>,
    /// When the last key moves to the front.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_moves_at: Option<Timestamp>,
    /// When the first key came to the front.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first_since: Option<Timestamp>,
}

/// Adds a key and waits until it may sign. `lasts` is how long its signatures are valid. After an interruption, running
/// it again continues.
pub async fn rotate(
    secret_store: &SecretStore,
    name: &'static str,
    window: Window,
    lasts: Duration,
) -> Result<Timestamp, RotateError> {
    let keys: StoredKeys = secret_store.read(name).await?.unwrap_or_default();
    let now = SystemClock.now();
    let keys = if keys.last_moves_at.is_some() { keys } else { added(keys, &fresh(name)?, window, lasts, now) };
    secret_store.write(name, &keys).await?;
    let moves_at = keys.last_moves_at.unwrap_or(now);
    let wait = moves_at.since(SystemClock.now());
    if !wait.is_zero() {
        println!("{name}: the new key is known from {moves_at} on; waiting for {} s", wait.as_secs());
        SystemClock.sleep(wait).await;
    }
    let now = SystemClock.now();
    secret_store.write(name, &moved(keys, now)).await?;
    Ok(now)
}

/// With a new key at the end, without those of which nothing is left.
fn added(mut keys: StoredKeys, new: &str, window: Window, lasts: Duration, now: Timestamp) -> StoredKeys {
    if keys.first_since.is_some_and(|since| since.plus(window.forgotten(lasts)) <= now) {
        keys.keys.truncate(1);
    }
    // The very first key need not wait.
    let wait = if keys.keys.is_empty() { Duration::ZERO } else { window.heard() };
    keys.keys.push(new.to_owned());
    keys.last_moves_at = Some(now.plus(wait));
    keys
}

/// With the last key in front.
fn moved(mut keys: StoredKeys, now: Timestamp) -> StoredKeys {
    keys.keys.rotate_right(1);
    StoredKeys { keys: keys.keys, last_moves_at: None, first_since: Some(now) }
}

fn fresh(name: &'static str) -> Result<String, RotateError> {
    let text = MacKeys::generate()?;
    let keys: StoredKeys = serde_json::from_str(&text).map_err(|_| SecretStoreError::Shape(name))?;
    Ok(keys.keys.into_iter().next().ok_or(SecretStoreError::Shape(name))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    #[test]
    fn a_key_checks_before_it_makes_and_goes_when_nothing_of_it_is_left() {
        let (window, start) = (Window { fresh: Duration::from_mins(5) }, Timestamp::from_seconds(0));
        let first = moved(added(StoredKeys::default(), "one", window, DAY, start), start);
        let both = added(first.clone(), "two", window, DAY, start);
        assert_eq!(
            (both.keys.clone(), both.last_moves_at),
            (vec!["one".into(), "two".into()], Some(start.plus(window.heard())))
        );
        let both = moved(both, start);
        assert_eq!(both.keys, ["two", "one"]);
        let soon = added(both.clone(), "three", window, DAY, start.plus(DAY));
        assert_eq!(soon.keys, ["two", "one", "three"], "a link of yesterday may still be used");
        let later = added(both, "three", window, DAY, start.plus(DAY * 2));
        assert_eq!(later.keys, ["two", "three"]);
        assert_eq!(moved(later, start).keys, ["three", "two"]);
    }

    #[test]
    fn functions_read_what_a_rotation_wrote() {
        let keys = added(
            StoredKeys::default(),
            &fresh("link-keys").unwrap(),
            Window { fresh: DAY },
            DAY,
            Timestamp::default(),
        );
        assert!(serde_json::from_str::<MacKeys>(&serde_json::to_string(&keys).unwrap()).is_ok());
    }
}
