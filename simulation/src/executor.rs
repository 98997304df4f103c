//! A deterministic executor: futures on one thread, woken by each other and by the virtual clock.

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

/// Identifies a task, by the order of spawning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct TaskId(usize);

/// The executor. Clones share it.
#[derive(Clone)]
pub struct Executor(Rc<State>);

struct State {
    clock: VirtualClock,
    spawned: RefCell<Vec<Task>>,
    names: RefCell<Vec<Arc<str>>>,
    current: Cell<TaskId>,
    is_over: Cell<bool>,
}

struct Task {
    id: TaskId,
    state: Rc<State>,
    work: Work,
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor").field("acting", &self.0.current).finish_non_exhaustive()
    }
}

impl Executor {
    /// An executor without tasks.
    pub fn new(clock: VirtualClock) -> Self {
        Self(Rc::new(State {
            clock,
            spawned: RefCell::default(),
            names: RefCell::new(vec!["main".into()]),
            current: Cell::default(),
            is_over: Cell::new(false),
        }))
    }

    /// Spawns a task. It runs as soon as the others wait.
    pub fn spawn(&self, name: impl Into<Arc<str>>, work: impl Future<Output = ()> + 'static) {
        let mut names = self.0.names.borrow_mut();
        let id = TaskId(names.len());
        names.push(name.into());
        self.0.spawned.borrow_mut().push(Task { id, state: Rc::clone(&self.0), work: Box::pin(work) });
    }

    /// The running task.
    pub fn current(&self) -> TaskId {
        self.0.current.get()
    }

    /// A task's name.
    pub fn name(&self, id: TaskId) -> Arc<str> {
        self.0.names.borrow().get(id.0).cloned().unwrap_or_else(|| "main".into())
    }

    /// Ends the run after the current poll.
    pub fn end(&self) {
        self.0.is_over.set(true);
    }

    /// Runs all tasks until one of them [ends](Self::end) the run.
    pub fn run(&self) {
        let mut tasks = FuturesUnordered::new();
        self.0.clock.run(poll_fn(|context| self.poll_tasks(&mut tasks, context)));
    }

    fn poll_tasks(&self, tasks: &mut FuturesUnordered<Task>, context: &mut Context<'_>) -> Poll<()> {
        loop {
            tasks.extend(self.0.spawned.take());
            let polled = tasks.poll_next_unpin(context);
            if self.0.is_over.get() {
                return Poll::Ready(());
            }
            if polled.is_pending() && self.0.spawned.borrow().is_empty() {
                return Poll::Pending;
            }
        }
    }
}

impl Future for Task {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let before = self.state.current.replace(self.id);
        let polled = self.work.as_mut().poll(context);
        self.state.current.set(before);
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
    fn tasks_take_turns_by_the_clock_and_later_ones_run_too() {
        let clock = VirtualClock::at(Timestamp::from_seconds(0));
        let (executor, said) = (Executor::new(clock.clone()), Rc::new(RefCell::new(Vec::new())));
        for (name, seconds) in [("slow", 3), ("quick", 1)] {
            let (clock, executor_of_task, said) = (clock.clone(), executor.clone(), Rc::clone(&said));
            executor.spawn(name, async move {
                clock.sleep(Duration::from_secs(seconds)).await;
                said.borrow_mut().push(executor_of_task.name(executor_of_task.current()).to_string());
                let (clock, executor, said) = (clock.clone(), executor_of_task.clone(), Rc::clone(&said));
                executor_of_task.spawn(format!("{name}'s friend"), async move {
                    clock.sleep(Duration::from_secs(1)).await;
                    said.borrow_mut().push(executor.name(executor.current()).to_string());
                    if seconds == 3 {
                        executor.end();
                    }
                });
            });
        }
        executor.run();
        assert_eq!(*said.borrow(), ["quick", "quick's friend", "slow", "slow's friend"]);
    }
}
