//! Decides again while concurrent writes come in between.

use std::time::Duration;

use resilience::{Clock, Deadline, Ids, Policy, Verdict, retry};
use store::StoreError;

use crate::ApiError;

/// How long conflicts are retried.
const PATIENCE: Duration = Duration::from_secs(3);

/// Runs an attempt to read, decide and write, and starts again while concurrent writes come in between.
///
/// # Errors
///
/// The last attempt's; 503 when concurrent writes kept coming first.
pub async fn settle<T>(
    clock: &impl Clock,
    ids: &impl Ids,
    attempt: impl AsyncFnMut() -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let judge = |error: &ApiError| match error {
        ApiError::Store(StoreError::Conflict) => Verdict::RETRY,
        _ => Verdict::GiveUp,
    };
    retry(clock, ids, Policy::CONFLICT, Deadline::after(clock, PATIENCE), attempt, judge).await
}
