//! Time that passes only when all tasks wait: the clock of tests and the simulation.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use timestamp::Timestamp;

use crate::Clock;

/// A clock that stands still until it is moved: by hand with [`advance`](Self::advance), or by [`run`](Self::run),
/// which jumps to the next sleeper's time whenever no task can continue. Clones are the same clock.
///
/// Sleepers wake in the order of their moments, and in the order of their calls where the moments are equal, so that a
/// run is the same each time. Only for futures that wait for this clock and for each other: a wait for the network
/// looks idle, and time would pass it by.
#[derive(Clone, Debug)]
pub struct VirtualClock {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    now: Timestamp,
    calls: u64,
    sleepers: BTreeMap<(Timestamp, u64), Option<Waker>>,
}

impl VirtualClock {
    /// A clock that shows this moment.
    pub fn at(now: Timestamp) -> Self {
        Self { state: Arc::new(Mutex::new(State { now, calls: 0, sleepers: BTreeMap::new() })) }
    }

    /// Advances the clock and wakes the sleepers whose time has come.
    pub fn advance(&self, duration: Duration) {
        let due: Vec<Waker> = {
            let mut state = self.state();
            state.now = state.now.plus(duration);
            let until_now = ..=(state.now, u64::MAX);
            state.sleepers.range_mut(until_now).filter_map(|(_, waker)| waker.take()).collect()
        };
        for waker in due {
            waker.wake();
        }
    }

    /// Runs a future to its end, with time jumping to the next sleeper whenever nothing else can go on. The future may
    /// be a Tokio `LocalSet` run or anything else that is driven by its own wakers.
    ///
    /// # Panics
    ///
    /// When the future waits and no sleeper is left: nothing could ever wake it.
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        let woken = Arc::new(WakeFlag(AtomicBool::new(true)));
        let waker = Waker::from(woken.clone());
        let mut context = Context::from_waker(&waker);
        let mut future = pin!(future);
        loop {
            if woken.0.swap(false, Ordering::AcqRel) {
                if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                    return output;
                }
            } else {
                assert!(self.advance_to_next_sleeper(), "the future waits for something that can never happen");
            }
        }
    }

    fn advance_to_next_sleeper(&self) -> bool {
        let next = {
            let state = self.state();
            state.sleepers.iter().find(|(_, waker)| waker.is_some()).map(|((moment, _), _)| moment.since(state.now))
        };
        next.map(|wait| self.advance(wait)).is_some()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.state().now
    }

    async fn sleep(&self, duration: Duration) {
        let mut sleep = Sleep::new(self, duration);
        std::future::poll_fn(|context| sleep.poll(context)).await;
    }
}

/// One sleeper; takes itself out of the clock when it is dropped.
struct Sleep<'a> {
    clock: &'a VirtualClock,
    key: (Timestamp, u64),
}

impl<'a> Sleep<'a> {
    fn new(clock: &'a VirtualClock, duration: Duration) -> Self {
        let mut state = clock.state();
        state.calls += 1;
        let key = (state.now.plus(duration), state.calls);
        state.sleepers.insert(key, None);
        drop(state);
        Self { clock, key }
    }

    fn poll(&mut self, context: &Context<'_>) -> Poll<()> {
        let mut state = self.clock.state();
        if state.now >= self.key.0 {
            return Poll::Ready(());
        }
        state.sleepers.insert(self.key, Some(context.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        self.clock.state().sleepers.remove(&self.key);
    }
}

struct WakeFlag(AtomicBool);

impl Wake for WakeFlag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, rc::Rc};

    use tokio::task::{LocalSet, spawn_local};

    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn an_hour_of_sleep_takes_no_time() {
        let clock = VirtualClock::at(Timestamp::from_seconds(100));
        let begun = std::time::Instant::now();
        clock.run(clock.sleep(seconds(3600)));
        assert_eq!(clock.now(), Timestamp::from_seconds(3700));
        assert!(begun.elapsed() < seconds(5));
    }

    #[test]
    fn sleepers_wake_in_the_order_of_their_moments() {
        let clock = VirtualClock::at(Timestamp::from_seconds(0));
        let woken = Rc::new(RefCell::new(Vec::new()));
        let local = LocalSet::new();
        let tasks: Vec<_> = [("c", 3), ("a", 1), ("b", 1), ("d", 7)]
            .into_iter()
            .map(|(name, after)| {
                let (clock, woken) = (clock.clone(), woken.clone());
                local.spawn_local(async move {
                    clock.sleep(seconds(after)).await;
                    woken.borrow_mut().push((name, clock.now().seconds()));
                    spawn_local(async {}).await.unwrap();
                })
            })
            .collect();
        clock.run(local.run_until(async {
            for task in tasks {
                task.await.unwrap();
            }
        }));
        assert_eq!(*woken.borrow(), [("a", 1), ("b", 1), ("c", 3), ("d", 7)]);
    }

    #[test]
    fn a_sleep_that_lost_its_race_leaves_nothing_behind() {
        let clock = VirtualClock::at(Timestamp::from_seconds(0));
        clock.run(async {
            tokio::select! {
                () = clock.sleep(seconds(1)) => {}
                () = clock.sleep(seconds(60)) => panic!("the longer sleep ended first"),
            }
        });
        assert_eq!(clock.now(), Timestamp::from_seconds(1));
        assert!(clock.state().sleepers.is_empty());
    }

    #[test]
    #[should_panic(expected = "never happen")]
    fn a_wait_without_an_end_is_found_out() {
        VirtualClock::at(Timestamp::from_seconds(0)).run(std::future::pending::<()>());
    }
}
