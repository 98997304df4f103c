//! Fault profiles in which one kind of fault is more frequent than in a seed's own.

use std::time::Duration;

use suite::Fault;

use crate::injector::{FaultProfile, Outage, Symptom};
use crate::people::OUTAGE_AFTER;

/// Invocations die.
pub fn deadly(seed: u64) -> FaultProfile {
    let faults = vec![(Fault::CrashBefore, 1_500), (Fault::CrashDuring, 4_000), (Fault::CrashAfter, 4_000)];
    FaultProfile { faults, ..FaultProfile::of(seed) }
}

/// Tables and providers fail.
pub fn unwilling(seed: u64) -> FaultProfile {
    let faults = vec![(Fault::Failure, 6_000), (Fault::Throttling, 6_000)];
    FaultProfile { faults, ..FaultProfile::of(seed) }
}

/// Some tasks are slow, some stall for minutes, and messages are late and duplicated.
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

/// No faults, but high latency.
pub fn distant(_: u64) -> FaultProfile {
    FaultProfile { latency: Duration::from_millis(1_500), ..FaultProfile::without_faults() }
}

/// Answers get lost.
pub fn lossy(seed: u64) -> FaultProfile {
    FaultProfile { faults: vec![(Fault::LostAnswer, 5_000)], ..FaultProfile::of(seed) }
}

/// Stripe's webhooks never arrive.
pub fn deaf(seed: u64) -> FaultProfile {
    FaultProfile { webhooks_lost: 100, ..FaultProfile::of(seed) }
}

/// The same, and Stripe lists what nobody here can read.
pub fn among_strangers(seed: u64) -> FaultProfile {
    FaultProfile { strangers: true, ..deaf(seed) }
}

/// All providers are down for six hours; seeds take turns in what callers see of it.
pub fn down(seed: u64) -> FaultProfile {
    let turn = usize::try_from(seed).unwrap_or_default() % Symptom::ALL.len();
    let outage = Outage { after: OUTAGE_AFTER, provider: None, symptom: Symptom::ALL[turn] };
    FaultProfile { outage: Some(outage), ..FaultProfile::without_faults() }
}

/// The shop gets another spreadsheet early.
pub fn moved(seed: u64) -> FaultProfile {
    FaultProfile { new_spreadsheet: Some(Duration::from_mins(10)), ..FaultProfile::of(seed) }
}

/// Only the function that writes the sheet stalls, now and then; nothing is duplicated.
pub fn slow_rows(_: u64) -> FaultProfile {
    FaultProfile {
        stalls: 15_000,
        stalls_in: Some(("sync-sheet", Duration::from_secs(8))),
        latency: Duration::from_millis(20),
        ..FaultProfile::without_faults()
    }
}

/// Providers fail by themselves.
pub fn unwell(seed: u64) -> FaultProfile {
    FaultProfile { provider_faults: 100, ..FaultProfile::of(seed) }
}
