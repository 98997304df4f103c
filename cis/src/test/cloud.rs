//! The cloud stack with the real binaries: what can happen to an order, and nothing left running.

use crate::checks::{CheckError, Count, cis};

/// A fresh stack: the smoke test, the scenarios, small editions of the drills, and the stack's end.
pub async fn check(long: bool) -> Result<Count, CheckError> {
    cis(&["up", "--cloud", "--background"]).await?;
    let checks = async {
        let mut total = Count::default();
        total += cis(&["smoke"]).await?;
        total += cis(&["drill", "origins"]).await?;
        total += cis(&["drill", "scenarios"]).await?;
        total += cis(&["drill", "orders", "--count", "60", "--kill"]).await?;
        for drill in super::drills(long) {
            total += cis(drill).await?;
        }
        total += cis(&["drill", "limits", "--seconds", "5"]).await?;
        for books in super::BOOKS {
            total += cis(books).await?;
        }
        Ok(total)
    };
    let ended = checks.await;
    cis(&["down"]).await?;
    ended
}
