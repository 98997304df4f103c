//! Weather in which one kind of thing goes wrong more often than in a seed's own.

use std::time::Duration;

use suite::Fault;

use crate::injector::FaultProfile;

/// Processes die.
pub fn deadly(seed: u64) -> FaultProfile {
    let faults = vec![(Fault::CrashBefore, 1_500), (Fault::CrashDuring, 4_000), (Fault::CrashAfter, 4_000)];
    FaultProfile { faults, ..FaultProfile::of(seed) }
}

/// Tables and providers say no.
pub fn unwilling(seed: u64) -> FaultProfile {
    let faults = vec![(Fault::Failure, 6_000), (Fault::Throttling, 6_000)];
    FaultProfile { faults, ..FaultProfile::of(seed) }
}

/// Some are slow, some stand still for minutes, and messages come late and twice.
pub fn slow(seed: u64) -> FaultProfile {
    FaultProfile {
        latency: Duration::from_millis(500),
        stalls: 4_000,
        paces: vec![10, 30, 100],
        changes_of_pace: 20,
        copies: 30,
        late_messages: 30,
        late_by: Duration::from_mins(1),
        ..FaultProfile::of(seed)
    }
}

/// Nothing goes wrong, but everything is far away.
pub fn distant(_: u64) -> FaultProfile {
    FaultProfile { latency: Duration::from_millis(1_500), ..FaultProfile::without_faults() }
}

/// Answers get lost.
pub fn lossy(seed: u64) -> FaultProfile {
    FaultProfile { faults: vec![(Fault::LostAnswer, 5_000)], ..FaultProfile::of(seed) }
}

/// What Stripe tells by itself never comes.
pub fn deaf(seed: u64) -> FaultProfile {
    FaultProfile { webhooks_lost: 100, ..FaultProfile::of(seed) }
}

/// Only who writes the sheet stands still, now and then; nothing comes twice.
pub fn slow_rows(_: u64) -> FaultProfile {
    FaultProfile {
        stalls: 15_000,
        stalls_in: Some(("sync-sheet", Duration::from_secs(8))),
        latency: Duration::from_millis(20),
        ..FaultProfile::without_faults()
    }
}
