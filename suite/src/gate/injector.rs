//! Fault injectors, and the faults of effects.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use super::effect::Effect;

/// An invocation of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// Which one, counted from 1.
    pub number: u64,
    /// Of which function.
    pub function: Rc<str>,
}

/// An effect on its way through the gate.
#[derive(Clone, Copy, Debug)]
pub struct EffectSite<'a> {
    /// What is about to happen.
    pub effect: Effect,
    /// The invocation; `None` when it is not a function's, but of what invokes functions.
    pub invocation: Option<&'a Invocation>,
    /// Its number among the effects of its invocation, from 1; 0 without one.
    pub nth: u32,
}

domain::string_enum! {
    /// The fault of an effect.
    #[derive(Default)]
    pub enum Fault {
        /// No fault.
        #[default]
        None = "succeeds",
        /// It is not done, and says so.
        Failure = "fails",
        /// It is done, and its answer does not come back.
        LostAnswer = "loses its answer",
        /// There is too much at once; it is not done.
        Throttling = "is throttled",
        /// A concurrent write came first; it is not done. For conditional writes; others fail.
        Conflict = "meets a conflict",
        /// The invocation dies before it.
        CrashBefore = "dies before",
        /// The invocation dies while it is on its way.
        CrashDuring = "dies during",
        /// The invocation dies after it.
        CrashAfter = "dies after",
    }
}

impl Fault {
    /// The fault for an effect outside of an invocation, which cannot die; other faults stay.
    pub(super) const fn without_death(self) -> Self {
        match self {
            Self::CrashBefore => Self::Failure,
            Self::CrashDuring | Self::CrashAfter => Self::LostAnswer,
            other => other,
        }
    }
}

/// The plan for an effect: its latency before and after, and its fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultPlan {
    /// Time until it happens.
    pub before: Duration,
    /// Time until its answer is there.
    pub after: Duration,
    /// The fault.
    pub fault: Fault,
}

/// A wait by the injector's clock.
pub type Pause = Pin<Box<dyn Future<Output = ()>>>;

/// Decides about every effect, on one thread. Its decisions may depend on nothing but its seed and its arguments.
pub trait FaultInjector {
    /// The plan for this effect.
    fn plan(&self, site: &EffectSite<'_>) -> FaultPlan;

    /// A wait of this length.
    fn pause(&self, length: Duration) -> Pause;

    /// An invocation begins.
    fn began(&self, _invocation: &Invocation) {}

    /// An invocation is over; the text says why, when it failed.
    fn ended(&self, _invocation: &Invocation, _failure: Option<&dyn fmt::Display>) {}

    /// The effect is over, or its invocation dies; `summary` describes its result.
    fn passed(&self, _site: &EffectSite<'_>, _plan: &FaultPlan, _summary: &dyn Fn() -> String) {}
}
