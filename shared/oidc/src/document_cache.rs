//! What is known of providers: their documents, kept in the warm environment for a while.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::Timestamp;

use crate::discovery::Discovery;
use crate::keys::ProviderKeys;

/// How long a document is used without asking again. Providers move their endpoints hardly ever, and announce a new key
/// before they sign with it; one that was not announced is found by its unknown id.
const FRESH_FOR: Duration = Duration::from_hours(1);

/// Keys are not asked for again sooner than this, whatever ids tokens name: those are chosen by whoever sends them.
const KEYS_AGAIN_AFTER: Duration = Duration::from_mins(1);

/// Documents by the issuer that they are of.
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

    /// Whether the keys were read so lately that it leads nowhere to read them again.
    pub(crate) fn keys_are_new(&self, issuer: &str, now: Timestamp) -> bool {
        let documents = self.documents();
        let keys = documents.get(issuer).and_then(|documents| documents.keys.as_ref());
        keys.is_some_and(|keys| keys.young(KEYS_AGAIN_AFTER, now).is_some())
    }

    fn documents(&self) -> MutexGuard<'_, BTreeMap<String, Documents>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
