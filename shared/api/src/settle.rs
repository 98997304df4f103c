//! Deciding anew while others write.

use std::time::Duration;

use resilience::{Clock, Deadline, Ids, Policy, Verdict, retry};
use store::StoreError;

use crate::ApiError;

/// How long a lost race is repeated.
const PATIENCE: Duration = Duration::from_secs(3);

/// Runs an attempt of read, decide and write, and runs it again from the start while others write in between.
///
/// # Errors
///
/// The last attempt's; 503 when others kept being faster.
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
