//! Lambda's reserved concurrency: how often a function runs at once.

use std::collections::BTreeMap;

use tokio::sync::{Semaphore, SemaphorePermit};

/// The concurrency limits by function. A function without a limit runs as often as it is called.
#[derive(Debug, Default)]
pub(crate) struct ConcurrencyLimits(BTreeMap<String, Semaphore>);

impl ConcurrencyLimits {
    /// The same limit for each of them.
    pub(crate) fn new<'a>(functions: impl Iterator<Item = &'a String>, most: usize) -> Self {
        Self(functions.map(|function| (function.clone(), Semaphore::new(most))).collect())
    }

    /// Waits for a permit, which is held until dropped.
    pub(crate) async fn take(&self, function: &str) -> Option<SemaphorePermit<'_>> {
        self.0.get(function)?.acquire().await.ok()
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn whoever_is_one_too_many_waits_until_another_is_done_and_other_functions_do_not() {
        let functions = ["refund-order".to_owned(), "get-order".to_owned()];
        let concurrency = ConcurrencyLimits::new(functions.iter(), 1);
        let first = concurrency.take("refund-order").now_or_never().unwrap();
        let mut second = Box::pin(concurrency.take("refund-order"));
        assert!(second.as_mut().now_or_never().is_none());
        assert!(concurrency.take("get-order").now_or_never().flatten().is_some());
        drop(first);
        assert!(second.now_or_never().flatten().is_some());
    }

    #[test]
    fn without_an_end_nobody_waits() {
        let concurrency = ConcurrencyLimits::default();
        let taken: Vec<_> = (0..100).filter_map(|_| concurrency.take("refund-order").now_or_never()).collect();
        assert_eq!(taken.len(), 100);
    }
}
