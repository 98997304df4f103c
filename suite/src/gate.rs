//! Places where a run can be interrupted: before and after every effect (design rule 9).
//!
//! Each call of a repository, a transport or the bus passes the [`Gate`] on its way out and on its way back; there, others get their turn, and there an invocation can be made to die, with the effect not yet or already done.

mod effects;
mod identity;

pub use effects::{BusGate, StoreGate, TransportGate};

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

/// Counts the effects that pass, and lets the invocation die at the one that was named. Clones are the same gate.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    state: Rc<State>,
}

#[derive(Debug, Default)]
struct State {
    /// How often the gate will be passed until an invocation dies there; none: nobody dies.
    until_death: Cell<Option<u32>>,
    passed: Cell<u64>,
    died: Cell<bool>,
}

/// The invocation died: its process is gone, and what it did stays done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("died in mid-work")]
pub struct Died;

impl Gate {
    /// Lets whoever passes for the `n`-th time from now die there. Odd: before an effect; even: after it, when one
    /// invocation runs at a time.
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

    /// Runs an invocation that dies with its death.
    ///
    /// # Errors
    ///
    /// [`Died`]; its future was dropped where it stood.
    pub async fn watch<F: Future>(&self, invocation: F) -> Result<F::Output, Died> {
        let mut invocation = pin!(invocation);
        poll_fn(|context| {
            let polled = invocation.as_mut().poll(context);
            // Whoever dies says so within this very poll: nobody else can have run in between.
            if self.state.died.replace(false) {
                return Poll::Ready(Err(Died));
            }
            polled.map(Ok)
        })
        .await
    }

    /// One effect, with the gate before and after it.
    pub async fn around<F: Future>(&self, effect: F) -> F::Output {
        self.pass().await;
        let output = effect.await;
        self.pass().await;
        output
    }

    /// Passes the gate: others get their turn, or the invocation dies.
    async fn pass(&self) {
        self.state.passed.set(self.state.passed.get() + 1);
        match self.state.until_death.get() {
            Some(1) => {
                self.state.until_death.set(None);
                self.state.died.set(true);
                std::future::pending::<()>().await;
            }
            Some(more) => self.state.until_death.set(Some(more - 1)),
            None => {}
        }
        yield_once().await;
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
mod tests {
    use std::cell::RefCell;

    use domain::Timestamp;
    use resilience::VirtualClock;

    use super::*;

    type Notes = RefCell<Vec<u32>>;

    fn clock() -> VirtualClock {
        VirtualClock::at(Timestamp::from_seconds(0))
    }

    async fn work(notes: &Notes, gate: &Gate) {
        for n in 1..=3 {
            gate.around(async { notes.borrow_mut().push(n) }).await;
        }
    }

    #[test]
    fn an_invocation_dies_before_or_after_the_effect_that_was_named() {
        for (at, done) in [(1, vec![]), (2, vec![1]), (3, vec![1]), (4, vec![1, 2]), (6, vec![1, 2, 3])] {
            let (gate, notes) = (Gate::default(), Notes::default());
            gate.die_at(at);
            assert_eq!(clock().run(gate.watch(work(&notes, &gate))), Err(Died));
            assert_eq!(notes.take(), done, "at {at}");
            assert!(!gate.is_armed());
            assert_eq!(clock().run(gate.watch(work(&notes, &gate))), Ok(()), "only once");
            assert_eq!(notes.take(), [1, 2, 3]);
        }
    }

    #[test]
    fn others_get_their_turn_at_every_effect_and_live_on() {
        let (gate, notes) = (Gate::default(), Notes::default());
        let both = async { futures::join!(gate.watch(work(&notes, &gate)), gate.watch(work(&notes, &gate))) };
        assert_eq!(clock().run(both), (Ok(()), Ok(())));
        assert_eq!(notes.take(), [1, 1, 2, 2, 3, 3]);

        gate.die_at(5);
        let both = async { futures::join!(gate.watch(work(&notes, &gate)), gate.watch(work(&notes, &gate))) };
        let (first, second) = clock().run(both);
        assert!(first.is_err() != second.is_err(), "exactly one died");
        assert_eq!(notes.take().iter().filter(|n| **n == 3).count(), 1);
    }
}
