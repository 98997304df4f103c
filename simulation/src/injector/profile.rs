//! What a seed's weather is like: which things go wrong in it, and how often.

use std::time::Duration;

use suite::{EffectKind, Fault, FaultPlan};

use crate::rng::SimRng;

/// A pause so long that leases, visibility timeouts and deadlines run out meanwhile.
pub const STALLS: [Duration; 6] = [
    Duration::from_secs(4),
    Duration::from_secs(12),
    Duration::from_secs(25),
    Duration::from_secs(70),
    Duration::from_secs(150),
    Duration::from_secs(400),
];

/// How an effect goes while nothing goes wrong.
pub const NO_FAULT: FaultPlan =
    FaultPlan { before: Duration::from_millis(1), after: Duration::from_millis(1), fault: Fault::None };

/// What goes wrong how often. Shares are of 100 000 unless they say otherwise.
#[derive(Clone, Debug)]
pub struct FaultProfile {
    /// What befalls effects.
    pub faults: Vec<(Fault, u32)>,
    /// The longest usual way to an effect, and back.
    pub latency: Duration,
    /// Pauses from [`STALLS`].
    pub stalls: u32,
    /// In which function alone, and for how long; none: in all of them and around them, for as long as it comes.
    pub stalls_in: Option<(&'static str, Duration)>,
    /// How many times slower an actor may be; each draws one of 16 places, those that are not here are quick.
    pub paces: Vec<u32>,
    /// How often an actor's pace changes, of 1000 effects.
    pub changes_of_pace: u32,
    /// Requests to providers that arrive when nobody waits for them any more.
    pub late_requests: u32,
    /// Messages that come twice, of 100.
    pub copies: u32,
    /// Messages that come late, of 100.
    pub late_messages: u32,
    /// By how much at most.
    pub late_by: Duration,
    /// Calls that a provider itself fails, of 1000 for each way in which it can.
    pub provider_faults: u32,
    /// Webhooks that come twice, of 100.
    pub webhook_copies: u32,
    /// Webhooks that overtake each other, of 100, by up to this.
    pub webhook_reorder: (u32, Duration),
    /// Stripe's webhooks that never come, of 100.
    pub webhooks_lost: u32,
    /// Whether each effect is counted by name, and named ones can be befallen.
    pub keeps_account: bool,
}

impl FaultProfile {
    /// Nothing goes wrong.
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
            keeps_account: true,
        }
    }

    /// The weather of a seed: each kind of fault comes in about half of the seeds, seldom or often.
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
            keeps_account: false,
        }
    }

    /// Whether effects are left alone.
    pub fn is_fault_free(&self) -> bool {
        self.faults.is_empty() && self.latency.is_zero() && self.stalls == 0
    }
}

/// What a fate is for a kind of effect that does not know it.
pub fn fitting(fault: Fault, kind: EffectKind) -> Fault {
    match (fault, kind) {
        (Fault::Conflict, EffectKind::Conditional) => Fault::Conflict,
        (Fault::Conflict, _) => Fault::None,
        (Fault::LostAnswer, EffectKind::Read) => Fault::Failure,
        (fault, _) => fault,
    }
}

/// A fate's name in counts.
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
