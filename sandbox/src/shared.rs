//! One sandbox in several hands.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::{Sandbox, Settings};

/// A handle to one sandbox; clones share it.
#[derive(Clone, Debug)]
pub struct Shared {
    sandbox: Arc<Mutex<Sandbox>>,
    changed: Arc<Notify>,
}

impl Shared {
    /// A new sandbox behind a handle.
    pub fn new(settings: Settings) -> Self {
        Self::of(Sandbox::new(settings))
    }

    /// This sandbox behind a handle.
    pub fn of(sandbox: Sandbox) -> Self {
        Self { sandbox: Arc::new(Mutex::new(sandbox)), changed: Arc::new(Notify::new()) }
    }

    /// The sandbox itself, for as long as the guard lives. Don't hold it across an await.
    pub fn lock(&self) -> MutexGuard<'_, Sandbox> {
        // A panic in one request must not take the sandbox away from all others.
        self.sandbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the delivery loop that there may be new webhooks.
    pub fn notify(&self) {
        self.changed.notify_one();
    }

    /// Waits for a call of [`Self::notify`]; an earlier one counts.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }
}
