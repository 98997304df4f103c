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
pub struct Passing<'a> {
    /// What is about to happen.
    pub effect: Effect,
    /// Who does it; none: not a function, but what calls functions.
    pub invocation: Option<&'a Invocation>,
    /// The how-manyth effect of its invocation it is, from 1; 0 without one.
    pub nth: u32,
}

/// What befalls an effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Nothing does.
    #[default]
    Succeeds,
    /// It is not done, and says so.
    Fails,
    /// It is done, and its answer does not come back.
    LosesAnswer,
    /// There is too much at once; it is not done.
    IsThrottled,
    /// Somebody else was faster; it is not done. For conditional writes; others fail.
    MeetsConflict,
    /// The invocation dies before it.
    DiesBefore,
    /// The invocation dies while it is on its way.
    DiesDuring,
    /// The invocation dies after it.
    DiesAfter,
}

impl Fate {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Succeeds,
        Self::Fails,
        Self::LosesAnswer,
        Self::IsThrottled,
        Self::MeetsConflict,
        Self::DiesBefore,
        Self::DiesDuring,
        Self::DiesAfter,
    ];

    /// What befalls the effect of somebody who cannot die, since there is no invocation: the same for all others.
    pub(super) const fn without_death(self) -> Self {
        match self {
            Self::DiesBefore => Self::Fails,
            Self::DiesDuring | Self::DiesAfter => Self::LosesAnswer,
            other => other,
        }
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Succeeds => "succeeds",
            Self::Fails => "fails",
            Self::LosesAnswer => "loses its answer",
            Self::IsThrottled => "is throttled",
            Self::MeetsConflict => "meets a conflict",
            Self::DiesBefore => "dies before",
            Self::DiesDuring => "dies during",
            Self::DiesAfter => "dies after",
        })
    }
}

/// How an effect goes: how long its way there and back takes, and what befalls it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Twist {
    /// Time until it happens.
    pub before: Duration,
    /// Time until its answer is there.
    pub after: Duration,
    /// What befalls it.
    pub fate: Fate,
}

/// A wait by whatever clock the chaos keeps.
pub type Pause = Pin<Box<dyn Future<Output = ()>>>;

/// Decides about every effect. One thread; nothing of it may depend on anything but its seed and what it is asked.
pub trait Chaos {
    /// What befalls this effect.
    fn twist(&self, passing: &Passing<'_>) -> Twist;

    /// A wait of this length.
    fn pause(&self, length: Duration) -> Pause;

    /// An invocation begins.
    fn began(&self, _invocation: &Invocation) {}

    /// An invocation is over; the text says why, when it failed.
    fn ended(&self, _invocation: &Invocation, _failure: Option<&dyn fmt::Display>) {}

    /// The effect is over, or its invocation dies: `told` puts its answer in words.
    fn passed(&self, _passing: &Passing<'_>, _twist: &Twist, _told: &dyn Fn() -> String) {}
}
