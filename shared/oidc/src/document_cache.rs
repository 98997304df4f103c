//! A cache of the providers' documents, in the warm environment.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::Timestamp;

use crate::discovery::Discovery;
use crate::keys::ProviderKeys;

/// How long a document is used without reading it again. Providers rarely move their endpoints, and announce a new key
/// before they sign with it; an unannounced key is found by its unknown id.
const FRESH_FOR: Duration = Duration::from_hours(1);

/// The shortest interval between two reads of the keys, whatever ids tokens name: clients choose those.
const KEYS_AGAIN_AFTER: Duration = Duration::from_mins(1);

/// Documents by issuer.
#[derive(Debug, Default)]
pub(crate) struct DocumentCache(Mutex<BTreeMap<String, Documents>>);

#[derive(Debug, Default)]
struct Documents {
    discovery: Option<CachedDocument<Discovery>>,
    keys: Option<CachedDocument<ProviderKeys>>,
}

#[derive(Debug)]
struct CachedDocument<T> {
    value: Arc<T>,
    read_at: Timestamp,
}

impl<T> CachedDocument<T> {
    fn young(&self, age: Duration, now: Timestamp) -> Option<Arc<T>> {
        (now < self.read_at.plus(age)).then(|| Arc::clone(&self.value))
    }
}

impl DocumentCache {
    pub(crate) fn discovery(&self, issuer: &str, now: Timestamp) -> Option<Arc<Discovery>> {
        self.documents().get(issuer)?.discovery.as_ref()?.young(FRESH_FOR, now)
    }

    pub(crate) fn keep_discovery(&self, issuer: &str, discovery: Discovery, now: Timestamp) -> Arc<Discovery> {
        let value = Arc::new(discovery);
        let dated = CachedDocument { value: Arc::clone(&value), read_at: now };
        self.documents().entry(issuer.to_owned()).or_default().discovery = Some(dated);
        value
    }

    pub(crate) fn keys(&self, issuer: &str, now: Timestamp) -> Option<Arc<ProviderKeys>> {
        self.documents().get(issuer)?.keys.as_ref()?.young(FRESH_FOR, now)
    }

    pub(crate) fn keep_keys(&self, issuer: &str, keys: ProviderKeys, now: Timestamp) -> Arc<ProviderKeys> {
        let value = Arc::new(keys);
        let dated = CachedDocument { value: Arc::clone(&value), read_at: now };
        self.documents().entry(issuer.to_owned()).or_default().keys = Some(dated);
        value
    }

    /// Whether the keys were read so recently that reading them again is pointless.
    pub(crate) fn keys_are_new(&self, issuer: &str, now: Timestamp) -> bool {
        let documents = self.documents();
        let keys = documents.get(issuer).and_then(|documents| documents.keys.as_ref());
        keys.is_some_and(|keys| keys.young(KEYS_AGAIN_AFTER, now).is_some())
    }

    fn documents(&self) -> MutexGuard<'_, BTreeMap<String, Documents>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
