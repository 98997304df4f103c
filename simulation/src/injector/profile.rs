//! A seed's fault profile: which faults occur in it, and how often.

use std::time::Duration;

use sandbox::Provider;
use suite::{EffectKind, Fault, FaultPlan};

use crate::rng::SimRng;

/// Pauses so long that leases, visibility timeouts and deadlines expire meanwhile.
pub const STALLS: [Duration; 6] = [
    Duration::from_secs(4),
    Duration::from_secs(12),
    Duration::from_secs(25),
    Duration::from_secs(70),
    Duration::from_secs(150),
    Duration::from_secs(400),
];

/// An effect without a fault.
pub const NO_FAULT: FaultPlan =
    FaultPlan { before: Duration::from_millis(1), after: Duration::from_millis(1), fault: Fault::None };

/// How long an outage lasts.
const OUTAGE: Duration = Duration::from_hours(6);

/// Providers that do not answer for six hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// When it begins, after the start of the run.
    pub after: Duration,
    /// The one provider that is down; `None` for all.
    pub provider: Option<Provider>,
    /// What callers see.
    pub symptom: Symptom,
}

/// What callers see of an outage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symptom {
    /// No connection.
    Unreachable,
    /// No answer, until the caller gives up.
    Silent,
    /// Status 503.
    Unavailable,
}

impl Symptom {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Unreachable, Self::Silent, Self::Unavailable];
}

impl Outage {
    fn drawn(rng: &SimRng) -> Self {
        let down = [None, None, Some(Provider::Stripe), Some(Provider::Sendgrid), Some(Provider::Sheets)];
        Self {
            after: rng.between(Duration::ZERO, Duration::from_mins(20)),
            provider: rng.pick(&down).copied().flatten(),
            symptom: rng.pick(&Symptom::ALL).copied().unwrap_or(Symptom::Silent),
        }
    }

    /// When it is over, after the start of the run.
    pub fn end(&self) -> Duration {
        self.after + OUTAGE
    }

    /// Whether this provider is down so long after the start of the run.
    pub fn hits(&self, provider: Option<Provider>, since_start: Duration) -> bool {
        let is_down = self.provider.is_none_or(|down| Some(down) == provider);
        is_down && since_start >= self.after && since_start < self.end()
    }
}

/// How often each fault occurs. Shares are of 100 000 unless stated otherwise.
#[derive(Clone, Debug)]
pub struct FaultProfile {
    /// Faults of effects.
    pub faults: Vec<(Fault, u32)>,
    /// The longest usual latency to an effect, and back.
    pub latency: Duration,
    /// Pauses from [`STALLS`].
    pub stalls: u32,
    /// The only function that stalls, and for how long; `None` stalls all of them and what runs around them, for a
    /// length from [`STALLS`].
    pub stalls_in: Option<(&'static str, Duration)>,
    /// How many times slower a task may be. Each task draws one of 16 entries; missing entries are fast.
    pub paces: Vec<u32>,
    /// How often a task's pace changes, of 1000 effects.
    pub changes_of_pace: u32,
    /// Requests to providers that arrive after their sender's timeout.
    pub late_requests: u32,
    /// Duplicated messages, of 100.
    pub copies: u32,
    /// Delayed messages, of 100.
    pub late_messages: u32,
    /// The longest delay of a message.
    pub late_by: Duration,
    /// Calls that the provider itself fails, of 1000 for each kind of failure.
    pub provider_faults: u32,
    /// Duplicated webhooks, of 100.
    pub webhook_copies: u32,
    /// Reordered webhooks, of 100, and by how much.
    pub webhook_reorder: (u32, Duration),
    /// Lost webhooks of Stripe's, of 100.
    pub webhooks_lost: u32,
    /// Whether Stripe's lists have objects of other applications, and of a later version.
    pub strangers: bool,
    /// When providers do not answer for hours.
    pub outage: Option<Outage>,
    /// When the shop gets another spreadsheet, after the start of the run.
    pub new_spreadsheet: Option<Duration>,
    /// Whether effects are counted by name, so that faults can be planned for named ones.
    pub keeps_account: bool,
}

impl FaultProfile {
    /// No faults.
    pub fn without_faults() -> Self {
        Self {
            faults: Vec::new(),
            latency: Duration::ZERO,
            stalls: 0,
            stalls_in: None,
            paces: Vec::new(),
            changes_of_pace: 0,
            late_requests: 0,
            copies: 0,
            late_messages: 0,
            late_by: Duration::ZERO,
            provider_faults: 0,
            webhook_copies: 0,
            webhook_reorder: (0, Duration::ZERO),
            webhooks_lost: 0,
            strangers: false,
            outage: None,
            new_spreadsheet: None,
            keeps_account: true,
        }
    }

    /// The profile of a seed: each kind of fault occurs in about half of the seeds, rarely or often.
    pub fn of(seed: u64) -> Self {
        let rng = SimRng::new(seed, 2);
        let often = |shares: [u32; 4]| *rng.pick(&shares).unwrap_or(&0);
        let faults = Fault::ALL.into_iter().filter(|fault| *fault != Fault::None);
        let faults = faults.map(|fault| (fault, often([0, 0, 300, 2_000]))).filter(|(_, share)| *share > 0).collect();
        let millis = |choices: [u32; 4]| Duration::from_millis(u64::from(often(choices)));
        Self {
            faults,
            latency: millis([5, 20, 100, 500]),
            stalls_in: None,
            stalls: often([0, 50, 300, 1_500]),
            paces: if rng.percent(60) { vec![10, 30, 100] } else { Vec::new() },
            changes_of_pace: often([0, 0, 5, 20]),
            late_requests: often([0, 0, 300, 2_000]),
            copies: often([0, 5, 20, 50]),
            late_messages: often([0, 0, 10, 40]),
            late_by: millis([500, 5_000, 60_000, 600_000]),
            provider_faults: often([0, 0, 5, 20]),
            webhook_copies: often([0, 10, 30, 100]),
            webhook_reorder: (often([0, 20, 50, 100]), millis([1_000, 10_000, 60_000, 900_000])),
            webhooks_lost: often([0, 0, 0, 20]),
            strangers: rng.percent(50),
            outage: rng.percent(5).then(|| Outage::drawn(&rng)),
            new_spreadsheet: rng.percent(10).then(|| rng.between(Duration::ZERO, Duration::from_mins(30))),
            keeps_account: false,
        }
    }

    /// Whether effects have no faults and no latency.
    pub fn is_fault_free(&self) -> bool {
        self.faults.is_empty() && self.latency.is_zero() && self.stalls == 0
    }
}

/// The fault that an effect of this kind gets in place of one that it cannot have.
pub fn fitting(fault: Fault, kind: EffectKind) -> Fault {
    match (fault, kind) {
        (Fault::Conflict, EffectKind::Conditional) => Fault::Conflict,
        (Fault::Conflict, _) => Fault::None,
        (Fault::LostAnswer, EffectKind::Read) => Fault::Failure,
        (fault, _) => fault,
    }
}

/// The name of a fault in counts.
pub const fn name(fault: Fault) -> &'static str {
    match fault {
        Fault::None => "succeeds",
        Fault::Failure => "fails before",
        Fault::LostAnswer => "answer lost",
        Fault::Throttling => "throttled",
        Fault::Conflict => "conflict",
        Fault::CrashBefore => "dies before",
        Fault::CrashDuring => "dies during",
        Fault::CrashAfter => "dies after",
    }
}
