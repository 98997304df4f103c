//! Decides again while concurrent writes come in between.

use std::time::Duration;

use resilience::{Clock, Deadline, Ids, Policy, Verdict, retry};
use store::StoreError;

use crate::ApiError;

/// How long conflicts are retried.
const PATIENCE: Duration = Duration::from_secs(3);

/// An error that may say that a concurrent write came in between.
pub trait MayConflict {
    /// Whether it does: what was read is outdated, and another attempt may succeed.
    fn is_conflict(&self) -> bool;
}

impl MayConflict for ApiError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(StoreError::Conflict))
    }
}

/// Runs an attempt to read, decide and write, and starts again while concurrent writes come in between.
///
/// # Errors
///
/// The last attempt's, also when concurrent writes kept coming first.
pub async fn settle<T, E: MayConflict>(
    clock: &impl Clock,
    ids: &impl Ids,
    attempt: impl AsyncFnMut() -> Result<T, E>,
) -> Result<T, E> {
    let judge = |error: &E| if error.is_conflict() { Verdict::RETRY } else { Verdict::GiveUp };
    retry(clock, ids, Policy::CONFLICT, Deadline::after(clock, PATIENCE), attempt, judge).await
}
