//! Weather in which one kind of thing goes wrong more often than in a seed's own.

use std::time::Duration;

use suite::Fate;

use crate::weather::Conditions;

/// Processes die.
pub fn deadly(seed: u64) -> Conditions {
    let fates = vec![(Fate::DiesBefore, 1_500), (Fate::DiesDuring, 4_000), (Fate::DiesAfter, 4_000)];
    Conditions { fates, ..Conditions::of(seed) }
}

/// Tables and providers say no.
pub fn unwilling(seed: u64) -> Conditions {
    let fates = vec![(Fate::Fails, 6_000), (Fate::IsThrottled, 6_000)];
    Conditions { fates, ..Conditions::of(seed) }
}

/// Some are slow, some stand still for minutes, and messages come late and twice.
pub fn slow(seed: u64) -> Conditions {
    Conditions {
        latency: Duration::from_millis(500),
        stalls: 4_000,
        paces: vec![10, 30, 100],
        changes_of_pace: 20,
        copies: 30,
        late_messages: 30,
        late_by: Duration::from_mins(1),
        ..Conditions::of(seed)
    }
}

/// Nothing goes wrong, but everything is far away.
pub fn distant(_: u64) -> Conditions {
    Conditions { latency: Duration::from_millis(1_500), ..Conditions::fair() }
}

/// Answers get lost.
pub fn lossy(seed: u64) -> Conditions {
    Conditions { fates: vec![(Fate::LosesAnswer, 5_000)], ..Conditions::of(seed) }
}

/// What Stripe tells by itself never comes.
pub fn deaf(seed: u64) -> Conditions {
    Conditions { webhooks_lost: 100, ..Conditions::of(seed) }
}

/// Only who writes the sheet stands still, now and then; nothing comes twice.
pub fn slow_rows(_: u64) -> Conditions {
    Conditions {
        stalls: 15_000,
        stalls_in: Some(("sync-sheet", Duration::from_secs(8))),
        latency: Duration::from_millis(20),
        ..Conditions::fair()
    }
}
