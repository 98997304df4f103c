//! A subscriber of `tracing` for one test among others.

use std::sync::LazyLock;

use tracing::Dispatch;
use tracing::dispatcher::{DefaultGuard, set_default};
use tracing::subscriber::NoSubscriber;

/// Follows this thread's spans and events with a subscriber, until the guard is dropped.
///
/// While a process has only one subscriber, `tracing` asks the running thread's about a new callsite and keeps the answer:
/// another test's thread, which has none, would switch the callsite off for all. Of two it asks both.
#[must_use]
pub fn follow(subscriber: impl Into<Dispatch>) -> DefaultGuard {
    static SECOND: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::new()));
    LazyLock::force(&SECOND);
    set_default(&subscriber.into())
}
