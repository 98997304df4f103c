//! Who decides what befalls an effect, and what can befall it.

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
    /// Who does it; none: not a function, but what calls functions.
    pub invocation: Option<&'a Invocation>,
    /// The how-manyth effect of its invocation it is, from 1; 0 without one.
    pub nth: u32,
}

domain::string_enum! {
    /// What befalls an effect.
    #[derive(Default)]
    pub enum Fault {
        /// Nothing does.
        #[default]
        None = "succeeds",
        /// It is not done, and says so.
        Failure = "fails",
        /// It is done, and its answer does not come back.
        LostAnswer = "loses its answer",
        /// There is too much at once; it is not done.
        Throttling = "is throttled",
        /// Somebody else was faster; it is not done. For conditional writes; others fail.
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
    /// What befalls the effect of somebody who cannot die, since there is no invocation: the same for all others.
    pub(super) const fn without_death(self) -> Self {
        match self {
            Self::CrashBefore => Self::Failure,
            Self::CrashDuring | Self::CrashAfter => Self::LostAnswer,
            other => other,
        }
    }
}

/// How an effect goes: how long its way there and back takes, and what befalls it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultPlan {
    /// Time until it happens.
    pub before: Duration,
    /// Time until its answer is there.
    pub after: Duration,
    /// What befalls it.
    pub fault: Fault,
}

/// A wait by whatever clock the chaos keeps.
pub type Pause = Pin<Box<dyn Future<Output = ()>>>;

/// Decides about every effect. One thread; nothing of it may depend on anything but its seed and what it is asked.
pub trait FaultInjector {
    /// What befalls this effect.
    fn plan(&self, site: &EffectSite<'_>) -> FaultPlan;

    /// A wait of this length.
    fn pause(&self, length: Duration) -> Pause;

    /// An invocation begins.
    fn began(&self, _invocation: &Invocation) {}

    /// An invocation is over; the text says why, when it failed.
    fn ended(&self, _invocation: &Invocation, _failure: Option<&dyn fmt::Display>) {}

    /// The effect is over, or its invocation dies: `told` puts its answer in words.
    fn passed(&self, _site: &EffectSite<'_>, _plan: &FaultPlan, _summary: &dyn Fn() -> String) {}
}
