//! The cloud stack with the real binaries: an order's whole way, with nothing left running.

use super::step::{Count, StepError, cis};

/// A fresh stack, the smoke test, and its end.
pub async fn check() -> Result<Count, StepError> {
    cis(&["up", "--cloud", "--background"]).await?;
    let smoke = cis(&["smoke"]).await;
    cis(&["down"]).await?;
    smoke
}
