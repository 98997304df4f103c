//! Where everybody acts: futures on one thread, woken by each other and by the virtual clock, in an order that repeats.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::stream::{FuturesUnordered, StreamExt as _};
use resilience::VirtualClock;

type Work = Pin<Box<dyn Future<Output = ()>>>;

/// Who acts, by the order of entrance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ActorId(usize);

/// The stage; clones are the same one.
#[derive(Clone)]
pub struct Stage(Rc<State>);

struct State {
    clock: VirtualClock,
    arrivals: RefCell<Vec<Actor>>,
    names: RefCell<Vec<Arc<str>>>,
    acting: Cell<ActorId>,
    is_over: Cell<bool>,
}

struct Actor {
    id: ActorId,
    state: Rc<State>,
    work: Work,
}

impl fmt::Debug for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stage").field("acting", &self.0.acting).finish_non_exhaustive()
    }
}

impl Stage {
    /// An empty one.
    pub fn new(clock: VirtualClock) -> Self {
        Self(Rc::new(State {
            clock,
            arrivals: RefCell::default(),
            names: RefCell::new(vec!["nobody".into()]),
            acting: Cell::default(),
            is_over: Cell::new(false),
        }))
    }

    /// Somebody enters and acts as soon as the others pause.
    pub fn enter(&self, name: impl Into<Arc<str>>, work: impl Future<Output = ()> + 'static) {
        let mut names = self.0.names.borrow_mut();
        let id = ActorId(names.len());
        names.push(name.into());
        self.0.arrivals.borrow_mut().push(Actor { id, state: Rc::clone(&self.0), work: Box::pin(work) });
    }

    /// Who is acting.
    pub fn acting(&self) -> ActorId {
        self.0.acting.get()
    }

    /// What somebody is called.
    pub fn name(&self, id: ActorId) -> Arc<str> {
        self.0.names.borrow().get(id.0).cloned().unwrap_or_else(|| "nobody".into())
    }

    /// The play ends with the present scene.
    pub fn end(&self) {
        self.0.is_over.set(true);
    }

    /// Everybody acts until somebody [ends](Self::end) the play.
    pub fn play(&self) {
        let mut actors = FuturesUnordered::new();
        self.0.clock.run(poll_fn(|context| self.scene(&mut actors, context)));
    }

    fn scene(&self, actors: &mut FuturesUnordered<Actor>, context: &mut Context<'_>) -> Poll<()> {
        loop {
            actors.extend(self.0.arrivals.take());
            let polled = actors.poll_next_unpin(context);
            if self.0.is_over.get() {
                return Poll::Ready(());
            }
            if polled.is_pending() && self.0.arrivals.borrow().is_empty() {
                return Poll::Pending;
            }
        }
    }
}

impl Future for Actor {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let before = self.state.acting.replace(self.id);
        let polled = self.work.as_mut().poll(context);
        self.state.acting.set(before);
        polled
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::Timestamp;
    use resilience::Clock as _;

    use super::*;

    #[test]
    fn actors_take_turns_by_the_clock_and_those_who_enter_later_act_too() {
        let clock = VirtualClock::at(Timestamp::from_seconds(0));
        let (stage, said) = (Stage::new(clock.clone()), Rc::new(RefCell::new(Vec::new())));
        for (name, seconds) in [("slow", 3), ("quick", 1)] {
            let (clock, stage_of_actor, said) = (clock.clone(), stage.clone(), Rc::clone(&said));
            stage.enter(name, async move {
                clock.sleep(Duration::from_secs(seconds)).await;
                said.borrow_mut().push(stage_of_actor.name(stage_of_actor.acting()).to_string());
                let (clock, stage, said) = (clock.clone(), stage_of_actor.clone(), Rc::clone(&said));
                stage_of_actor.enter(format!("{name}'s friend"), async move {
                    clock.sleep(Duration::from_secs(1)).await;
                    said.borrow_mut().push(stage.name(stage.acting()).to_string());
                    if seconds == 3 {
                        stage.end();
                    }
                });
            });
        }
        stage.play();
        assert_eq!(*said.borrow(), ["quick", "quick's friend", "slow", "slow's friend"]);
    }
}
