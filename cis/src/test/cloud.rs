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
        // What a killed consumer had in hand is invisible for two minutes: the crash points of the simulation stand in for
        // that, and the long edition does it.
        let orders: &[_] = if long { &["--count", "60", "--kill"] } else { &["--count", "60", "--kill-every", "0"] };
        total += cis(&[&["drill", "orders"], orders].concat()).await?;
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
