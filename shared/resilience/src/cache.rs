//! Values that are kept for a while: check, miss, load, fill; and, where the source is down, the old value for longer.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use timestamp::Timestamp;

use crate::Clock;

/// How long a cache keeps what it loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CachePolicy {
    /// How long a value is used without loading it again.
    pub fresh_for: Duration,
    /// How long a value is used while its source is down, from when it was loaded.
    pub stale_for: Duration,
    /// After a failed try the old value serves this long before the next one.
    pub ask_again_after: Duration,
    /// The most values; the oldest is dropped for a new one.
    pub most: usize,
}

/// Values by key, in this process alone. Two who miss at once both load: the later one's value stays.
pub struct Cache<K, V, C> {
    policy: CachePolicy,
    clock: C,
    entries: Mutex<BTreeMap<K, Entry<V>>>,
}

struct Entry<V> {
    value: Arc<V>,
    loaded_at: Timestamp,
    ask_again_at: Timestamp,
}

/// A value, and how it was come by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup<V, E> {
    /// The value.
    pub value: Arc<V>,
    /// Where it came from.
    pub outcome: CacheOutcome<E>,
}

/// How a cache came by a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheOutcome<E> {
    /// It was there.
    Hit,
    /// It was loaded.
    Miss,
    /// It is an old one: its source is down. With the error, if it was asked just now.
    Stale(Option<E>),
}

impl<K: Ord + Clone, V, C: Clock> Cache<K, V, C> {
    /// With nothing in it.
    pub const fn new(policy: CachePolicy, clock: C) -> Self {
        Self { policy, clock, entries: Mutex::new(BTreeMap::new()) }
    }

    /// The key's value: kept, loaded now, or an old one while `load` fails.
    ///
    /// # Errors
    ///
    /// `load` failed, and no value is left that may still serve.
    pub async fn get<E>(&self, key: &K, load: impl AsyncFnOnce() -> Result<V, E>) -> Result<Lookup<V, E>, E> {
        if let Some(kept) = self.kept(key) {
            return Ok(kept);
        }
        // Boxed: with the SDK inside, the future is nested deeper than the compiler looks.
        let loading: Pin<Box<dyn Future<Output = Result<V, E>> + '_>> = Box::pin(load());
        match loading.await {
            Ok(value) => Ok(Lookup { value: self.fill(key, value), outcome: CacheOutcome::Miss }),
            Err(error) => self.fall_back(key, error),
        }
    }

    /// Check: the key's value, if its source need not be asked now.
    pub fn kept<E>(&self, key: &K) -> Option<Lookup<V, E>> {
        let now = self.clock.now();
        let entries = self.entries();
        let entry = entries.get(key).filter(|entry| now < entry.ask_again_at)?;
        let is_fresh = now < entry.loaded_at.plus(self.policy.fresh_for);
        let outcome = if is_fresh { CacheOutcome::Hit } else { CacheOutcome::Stale(None) };
        Some(Lookup { value: Arc::clone(&entry.value), outcome })
    }

    /// Fill: keeps what was loaded just now.
    pub fn fill(&self, key: &K, value: V) -> Arc<V> {
        let (value, now) = (Arc::new(value), self.clock.now());
        let mut entries = self.entries();
        while entries.len() >= self.policy.most && !entries.contains_key(key) {
            let oldest = entries.iter().min_by_key(|(_, entry)| entry.loaded_at).map(|(key, _)| key.clone());
            if oldest.and_then(|oldest| entries.remove(&oldest)).is_none() {
                return value;
            }
        }
        let ask_again_at = now.plus(self.policy.fresh_for);
        entries.insert(key.clone(), Entry { value: Arc::clone(&value), loaded_at: now, ask_again_at });
        value
    }

    /// Instead of filling: the old value, since its source is down.
    ///
    /// # Errors
    ///
    /// The source's error, where no value is left that may still serve.
    pub fn fall_back<E>(&self, key: &K, error: E) -> Result<Lookup<V, E>, E> {
        let now = self.clock.now();
        let mut entries = self.entries();
        let serves = |entry: &&mut Entry<V>| now < entry.loaded_at.plus(self.policy.stale_for);
        let Some(entry) = entries.get_mut(key).filter(serves) else { return Err(error) };
        entry.ask_again_at = now.plus(self.policy.ask_again_after).min(entry.loaded_at.plus(self.policy.stale_for));
        Ok(Lookup { value: Arc::clone(&entry.value), outcome: CacheOutcome::Stale(Some(error)) })
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<K, Entry<V>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shows nothing of what is kept: it may be a secret.
impl<K, V, C> fmt::Debug for Cache<K, V, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("keep", &self.policy).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::VirtualClock;

    const CACHE_POLICY: CachePolicy = CachePolicy {
        fresh_for: Duration::from_secs(10),
        stale_for: Duration::from_mins(10),
        ask_again_after: Duration::from_secs(5),
        most: 2,
    };

    type Numbers = Cache<&'static str, u32, VirtualClock>;

    fn shelf() -> (Numbers, VirtualClock) {
        let clock = VirtualClock::at(Timestamp::from_seconds(0));
        (Cache::new(CACHE_POLICY, clock.clone()), clock)
    }

    /// The cache's answer when its source gives this.
    fn ask(
        shelf: &Numbers,
        key: &'static str,
        source: Result<u32, &'static str>,
    ) -> Result<(u32, Outcome), &'static str> {
        let cached = shelf.clock.run(shelf.get(&key, async || source));
        cached.map(|cached| (*cached.value, cached.outcome))
    }

    type Outcome = CacheOutcome<&'static str>;
    const HIT: Outcome = CacheOutcome::Hit;
    const MISS: Outcome = CacheOutcome::Miss;

    #[test]
    fn a_value_serves_while_it_is_fresh_and_is_loaded_again_after() {
        let (shelf, clock) = shelf();
        assert_eq!(ask(&shelf, "a", Ok(1)), Ok((1, MISS)));
        clock.advance(Duration::from_millis(9_999));
        assert_eq!(ask(&shelf, "a", Ok(2)), Ok((1, HIT)));
        clock.advance(Duration::from_millis(1));
        assert_eq!(ask(&shelf, "a", Ok(2)), Ok((2, MISS)));
    }

    #[test]
    fn an_old_value_serves_while_the_source_is_down_and_not_for_ever() {
        let (shelf, clock) = shelf();
        assert_eq!(ask(&shelf, "a", Err("down")), Err("down"));
        assert_eq!(ask(&shelf, "a", Ok(1)), Ok((1, MISS)));
        clock.advance(Duration::from_secs(10));
        assert_eq!(ask(&shelf, "a", Err("down")), Ok((1, CacheOutcome::Stale(Some("down")))));
        clock.advance(Duration::from_secs(4));
        assert_eq!(ask(&shelf, "a", Ok(2)), Ok((1, CacheOutcome::Stale(None))), "the source is left in peace");
        clock.advance(Duration::from_secs(1));
        assert_eq!(ask(&shelf, "a", Err("down")), Ok((1, CacheOutcome::Stale(Some("down")))));
        clock.advance(Duration::from_secs(585));
        assert_eq!(ask(&shelf, "a", Err("down")), Err("down"), "ten minutes are over");
    }

    #[test]
    fn the_last_wait_ends_with_the_value() {
        let (shelf, clock) = shelf();
        ask(&shelf, "a", Ok(1)).unwrap();
        clock.advance(Duration::from_secs(599));
        assert_eq!(ask(&shelf, "a", Err("down")), Ok((1, CacheOutcome::Stale(Some("down")))));
        clock.advance(Duration::from_secs(1));
        assert_eq!(ask(&shelf, "a", Err("down")), Err("down"));
    }

    #[test]
    fn whoever_asks_for_many_keys_fills_no_memory() {
        let (shelf, clock) = shelf();
        for key in ["a", "b", "c"] {
            ask(&shelf, key, Ok(1)).unwrap();
            clock.advance(Duration::from_secs(1));
        }
        assert_eq!(shelf.entries().keys().copied().collect::<Vec<_>>(), ["b", "c"]);
        assert_eq!(ask(&shelf, "b", Ok(2)), Ok((1, HIT)));
    }
}
