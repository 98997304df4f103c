//! Places where a run can be interrupted: before and after every effect (design rule 9).
//!
//! Each call of a repository, a transport or the bus, and each acknowledgement, passes the [`Gate`] on its way out and on
//! its way back. There others get their turn, an invocation can be made to die with the effect not yet or already done,
//! and a [`Chaos`] that was let in decides how long the effect takes and what befalls it.

mod chaos;
mod effect;
mod effects;
mod identity;

pub use chaos::{Chaos, Fate, Invocation, Passing, Pause, Twist};
pub use effect::{Answer, Effect, EffectKind};
pub use effects::{BusGate, StoreGate, TransportGate};

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use events::BusError;

/// Counts the effects that pass, and lets the invocation die at the one that was named. Clones are the same gate.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    state: Rc<State>,
}

#[derive(Default)]
struct State {
    /// How often the gate will be passed until an invocation dies there; none: nobody dies.
    until_death: Cell<Option<u32>>,
    passed: Cell<u64>,
    died: Cell<bool>,
    chaos: RefCell<Option<Rc<dyn Chaos>>>,
    /// The invocation that is being polled.
    running: RefCell<Option<Rc<Running>>>,
    invocations: Cell<u64>,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("passed", &self.passed).finish_non_exhaustive()
    }
}

/// An invocation under way.
#[derive(Debug)]
struct Running {
    invocation: Invocation,
    effects: Cell<u32>,
}

/// The invocation died: its process is gone, and what it did stays done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("died in mid-work")]
pub struct Died;

impl Gate {
    /// From now on this one decides what befalls effects.
    pub fn let_in(&self, chaos: Rc<dyn Chaos>) {
        *self.state.chaos.borrow_mut() = Some(chaos);
    }

    /// Lets whoever passes for the `n`-th time from now die there. Odd: before an effect; even: after it, when one
    /// invocation runs at a time. Acknowledgements do not count.
    pub fn die_at(&self, n: u32) {
        self.state.until_death.set(Some(n.max(1)));
    }

    /// Nobody dies any more.
    pub fn spare(&self) {
        self.state.until_death.set(None);
    }

    /// Whether a death was ordered and has not come yet.
    pub fn is_armed(&self) -> bool {
        self.state.until_death.get().is_some()
    }

    /// How often the gate was passed.
    pub fn passed(&self) -> u64 {
        self.state.passed.get()
    }

    /// Runs an invocation of a function that dies with its death.
    ///
    /// # Errors
    ///
    /// [`Died`]; its future was dropped where it stood.
    pub async fn watch<T, E: fmt::Display>(
        &self,
        function: &str,
        invocation: impl Future<Output = Result<T, E>>,
    ) -> Result<Result<T, E>, Died> {
        let Some(chaos) = self.chaos() else { return self.mortal(None, invocation).await };
        let running = self.begin(function);
        chaos.began(&running.invocation);
        let ended = self.mortal(Some(&running), invocation).await;
        let failure: Option<&dyn fmt::Display> = match &ended {
            Ok(Ok(_)) => None,
            Ok(Err(error)) => Some(error),
            Err(died) => Some(died),
        };
        chaos.ended(&running.invocation, failure);
        ended
    }

    async fn mortal<F: Future>(&self, running: Option<&Rc<Running>>, invocation: F) -> Result<F::Output, Died> {
        let mut invocation = pin!(invocation);
        poll_fn(|context| {
            let before = running.map(|running| self.state.running.replace(Some(Rc::clone(running))));
            let polled = invocation.as_mut().poll(context);
            if let Some(before) = before {
                self.state.running.replace(before);
            }
            // Whoever dies says so within this very poll: nobody else can have run in between.
            if self.state.died.replace(false) {
                return Poll::Ready(Err(Died));
            }
            polled.map(Ok)
        })
        .await
    }

    /// One effect, with the gate before and after it.
    pub async fn around<F: Future<Output: Answer>>(&self, effect: Effect, work: F) -> F::Output {
        if let Some(chaos) = self.chaos() {
            return self.twisted(&*chaos, effect, work).await;
        }
        self.pass().await;
        let answer = work.await;
        self.pass().await;
        answer
    }

    /// Says of something that it is done. Nobody's turn and nobody's death: without a chaos it just happens.
    ///
    /// # Errors
    ///
    /// When the chaos will have it so; it may have happened nevertheless.
    pub async fn acknowledge(&self, name: &'static str, done: impl FnOnce()) -> Result<(), BusError> {
        let Some(chaos) = self.chaos() else {
            done();
            return Ok(());
        };
        let work = async {
            done();
            Ok(())
        };
        self.twisted(&*chaos, Effect::new(EffectKind::Acknowledge, name), work).await
    }

    fn chaos(&self) -> Option<Rc<dyn Chaos>> {
        self.state.chaos.borrow().clone()
    }

    fn begin(&self, function: &str) -> Rc<Running> {
        self.state.invocations.set(self.state.invocations.get() + 1);
        let invocation = Invocation { number: self.state.invocations.get(), function: function.into() };
        Rc::new(Running { invocation, effects: Cell::new(0) })
    }

    async fn twisted<F: Future<Output: Answer>>(&self, chaos: &dyn Chaos, effect: Effect, work: F) -> F::Output {
        let running = self.state.running.borrow().clone();
        let nth = running.as_ref().map_or(0, |running| {
            running.effects.set(running.effects.get() + 1);
            running.effects.get()
        });
        let passing = Passing { effect, invocation: running.as_ref().map(|running| &running.invocation), nth };
        let mut twist = chaos.twist(&passing);
        if passing.invocation.is_none() {
            twist.fate = twist.fate.without_death();
        }
        self.state.passed.set(self.state.passed.get() + 2);
        wait(chaos, twist.before).await;
        let answer = self.befall(chaos, &passing, &twist, work).await;
        wait(chaos, twist.after).await;
        chaos.passed(&passing, &twist, &|| answer.told());
        answer
    }

    async fn befall<F: Future<Output: Answer>>(
        &self,
        chaos: &dyn Chaos,
        passing: &Passing<'_>,
        twist: &Twist,
        work: F,
    ) -> F::Output {
        match twist.fate {
            Fate::Succeeds => work.await,
            Fate::Fails => Answer::failed(),
            Fate::IsThrottled => Answer::throttled(),
            Fate::MeetsConflict => Answer::conflict(),
            Fate::LosesAnswer => {
                work.await;
                Answer::lost()
            }
            Fate::DiesBefore | Fate::DiesDuring | Fate::DiesAfter => {
                let mut work = pin!(work);
                match twist.fate {
                    Fate::DiesDuring => drop(poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await),
                    Fate::DiesAfter => drop(work.await),
                    _ => {}
                }
                chaos.passed(passing, twist, &|| Died.to_string());
                match self.die().await {}
            }
        }
    }

    /// Passes the gate: others get their turn, or the invocation dies.
    async fn pass(&self) {
        self.state.passed.set(self.state.passed.get() + 1);
        match self.state.until_death.get() {
            Some(1) => {
                self.state.until_death.set(None);
                match self.die().await {}
            }
            Some(more) => self.state.until_death.set(Some(more - 1)),
            None => {}
        }
        yield_once().await;
    }

    /// Whoever comes here never goes on: [`watch`](Self::watch) drops it.
    async fn die(&self) -> Infallible {
        self.state.died.set(true);
        std::future::pending().await
    }
}

async fn wait(chaos: &dyn Chaos, length: Duration) {
    if length.is_zero() {
        yield_once().await;
    } else {
        chaos.pause(length).await;
    }
}

/// Lets everyone else who is ready run first.
async fn yield_once() {
    let mut yielded = false;
    poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
mod tests;
