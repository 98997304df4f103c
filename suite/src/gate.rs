//! Points at which a run can be interrupted: before and after every effect.
//!
//! Each call of a repository, a transport or the bus, and each acknowledgement, passes the [`Gate`] on its way out and
//! on its way back. There other tasks get their turn, an invocation can be made to die with the effect not yet or
//! already done, and a [`FaultInjector`] decides how long the effect takes and which fault it gets.

mod effect;
mod effects;
mod identity;
mod injector;

pub use effect::{Answer, Effect, EffectKind};
pub use effects::{BusGate, StoreGate, TransportGate};
pub use injector::{EffectSite, Fault, FaultInjector, FaultPlan, Invocation, Pause};

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
    /// How often the gate will be passed until an invocation dies there; `None` when none will.
    until_death: Cell<Option<u32>>,
    passed: Cell<u64>,
    died: Cell<bool>,
    injector: RefCell<Option<Rc<dyn FaultInjector>>>,
    /// The invocation that is being polled.
    running: RefCell<Option<Rc<RunningInvocation>>>,
    invocations: Cell<u64>,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("passed", &self.passed).finish_non_exhaustive()
    }
}

/// An invocation under way.
#[derive(Debug)]
struct RunningInvocation {
    invocation: Invocation,
    effects: Cell<u32>,
}

/// The invocation died: its process is gone, and what it did stays done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("died in mid-work")]
pub struct Crash;

impl Gate {
    /// Lets this injector decide the faults of effects from now on.
    pub fn set_injector(&self, injector: Rc<dyn FaultInjector>) {
        *self.state.injector.borrow_mut() = Some(injector);
    }

    /// Makes the invocation die that passes for the `n`-th time from now. Odd: before an effect; even: after it, when
    /// one invocation runs at a time. Acknowledgements do not count.
    pub fn die_at(&self, n: u32) {
        self.state.until_death.set(Some(n.max(1)));
    }

    /// Cancels a death that has not come yet.
    pub fn disarm(&self) {
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
    /// [`Crash`]; its future was dropped where it stood.
    pub async fn watch<T, E: fmt::Display>(
        &self,
        function: &str,
        invocation: impl Future<Output = Result<T, E>>,
    ) -> Result<Result<T, E>, Crash> {
        let Some(injector) = self.injector() else { return self.mortal(None, invocation).await };
        let running = self.begin(function);
        injector.began(&running.invocation);
        let ended = self.mortal(Some(&running), invocation).await;
        let failure: Option<&dyn fmt::Display> = match &ended {
            Ok(Ok(_)) => None,
            Ok(Err(error)) => Some(error),
            Err(died) => Some(died),
        };
        injector.ended(&running.invocation, failure);
        ended
    }

    async fn mortal<F: Future>(
        &self,
        running: Option<&Rc<RunningInvocation>>,
        invocation: F,
    ) -> Result<F::Output, Crash> {
        let mut invocation = pin!(invocation);
        poll_fn(|context| {
            let before = running.map(|running| self.state.running.replace(Some(Rc::clone(running))));
            let polled = invocation.as_mut().poll(context);
            if let Some(before) = before {
                self.state.running.replace(before);
            }
            // An invocation that dies says so within this very poll: no other can have run in between.
            if self.state.died.replace(false) {
                return Poll::Ready(Err(Crash));
            }
            polled.map(Ok)
        })
        .await
    }

    /// One effect, with the gate before and after it.
    pub async fn around<F: Future<Output: Answer>>(&self, effect: Effect, work: F) -> F::Output {
        if let Some(injector) = self.injector() {
            return self.with_faults(&*injector, effect, work).await;
        }
        self.pass().await;
        let answer = work.await;
        self.pass().await;
        answer
    }

    /// Acknowledges something. Without an injector it just happens: no other task runs, and no invocation dies.
    ///
    /// # Errors
    ///
    /// When the injector decides so; it may have happened nevertheless.
    pub async fn acknowledge(&self, name: &'static str, done: impl FnOnce()) -> Result<(), BusError> {
        let Some(injector) = self.injector() else {
            done();
            return Ok(());
        };
        let work = async {
            done();
            Ok(())
        };
        self.with_faults(&*injector, Effect::new(EffectKind::Acknowledge, name), work).await
    }

    fn injector(&self) -> Option<Rc<dyn FaultInjector>> {
        self.state.injector.borrow().clone()
    }

    fn begin(&self, function: &str) -> Rc<RunningInvocation> {
        self.state.invocations.set(self.state.invocations.get() + 1);
        let invocation = Invocation { number: self.state.invocations.get(), function: function.into() };
        Rc::new(RunningInvocation { invocation, effects: Cell::new(0) })
    }

    async fn with_faults<F: Future<Output: Answer>>(
        &self,
        injector: &dyn FaultInjector,
        effect: Effect,
        work: F,
    ) -> F::Output {
        let running = self.state.running.borrow().clone();
        let nth = running.as_ref().map_or(0, |running| {
            running.effects.set(running.effects.get() + 1);
            running.effects.get()
        });
        let site = EffectSite { effect, invocation: running.as_ref().map(|running| &running.invocation), nth };
        let mut plan = injector.plan(&site);
        if site.invocation.is_none() {
            plan.fault = plan.fault.without_death();
        }
        self.state.passed.set(self.state.passed.get() + 2);
        wait(injector, plan.before).await;
        let answer = self.inject(injector, &site, &plan, work).await;
        wait(injector, plan.after).await;
        injector.passed(&site, &plan, &|| answer.summary());
        answer
    }

    async fn inject<F: Future<Output: Answer>>(
        &self,
        injector: &dyn FaultInjector,
        site: &EffectSite<'_>,
        plan: &FaultPlan,
        work: F,
    ) -> F::Output {
        match plan.fault {
            Fault::None => work.await,
            Fault::Failure => Answer::failed(),
            Fault::Throttling => Answer::throttled(),
            Fault::Conflict => Answer::conflict(),
            Fault::LostAnswer => {
                work.await;
                Answer::lost()
            }
            Fault::CrashBefore | Fault::CrashDuring | Fault::CrashAfter => {
                let mut work = pin!(work);
                match plan.fault {
                    Fault::CrashDuring => drop(poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await),
                    Fault::CrashAfter => drop(work.await),
                    _ => {}
                }
                injector.passed(site, plan, &|| Crash.to_string());
                match self.die().await {}
            }
        }
    }

    /// Passes the gate: other tasks get their turn, or the invocation dies.
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

    /// The caller never continues: [`watch`](Self::watch) drops it.
    async fn die(&self) -> Infallible {
        self.state.died.set(true);
        std::future::pending().await
    }
}

async fn wait(injector: &dyn FaultInjector, length: Duration) {
    if length.is_zero() {
        yield_once().await;
    } else {
        injector.pause(length).await;
    }
}

/// Lets all other tasks that are ready run first.
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
