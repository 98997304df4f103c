//! Waits until everything has come to rest.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use domain::Timestamp;
use resilience::Clock as _;
use tokio::sync::Notify;

use crate::fixture::BEGIN;
use crate::world::{BOUND, World};

/// The shortest and the longest pause between two checks.
const LOOKS: (Duration, Duration) = (Duration::from_secs(20), Duration::from_mins(10));
/// How long nothing may happen before the world counts as at rest: longer than late requests take.
const SILENCE: Duration = Duration::from_mins(6);
/// Scheduled jobs repair what they can within this time.
const ROUNDS: Duration = Duration::from_hours(3);

/// Counts the customers who are still active, and keeps what did not come to rest. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Quiescence(Rc<State>);

#[derive(Debug, Default)]
struct State {
    people: Cell<u64>,
    gone: Notify,
    restless: RefCell<Option<String>>,
    given_up: RefCell<BTreeMap<String, usize>>,
}

impl Quiescence {
    /// A customer arrives.
    pub fn comes(&self) {
        self.0.people.set(self.0.people.get() + 1);
    }

    /// A customer leaves.
    pub fn goes(&self) {
        self.0.people.set(self.0.people.get() - 1);
        self.0.gone.notify_waiters();
    }

    /// Waits until all customers have left.
    pub async fn all_gone(&self) {
        while self.0.people.get() > 0 {
            self.0.gone.notified().await;
        }
    }

    /// Dead letters before anybody redrove them, by queue.
    pub fn given_up(&self) -> BTreeMap<String, usize> {
        self.0.given_up.borrow().clone()
    }

    /// What had not come to rest in time.
    pub fn restless(&self) -> Option<String> {
        self.0.restless.borrow().clone()
    }
}

/// Waits until no provider is down any more and nothing is in flight, redrives dead letters, lets the schedules run, and
/// waits again.
pub async fn come_to_rest(world: &World, waiting: &Quiescence) {
    let end = world.clock.now().plus(BOUND);
    if let Some(outage) = world.injector.profile().outage {
        let over = Timestamp::from_seconds(BEGIN).plus(outage.end());
        world.clock.sleep(over.since(world.clock.now())).await;
    }
    quiet(world, end, waiting).await;
    *waiting.0.given_up.borrow_mut() = dead_letters(world);
    for queue in world.suite.wiring().queues.keys() {
        world.suite.bus().redrive(queue);
    }
    quiet(world, end, waiting).await;
    world.clock.sleep(ROUNDS).await;
    quiet(world, end, waiting).await;
}

/// How many dead letters there are, by queue.
pub fn dead_letters(world: &World) -> BTreeMap<String, usize> {
    let dead = world.suite.bus().counts().into_iter().filter(|(name, _)| name.ends_with("-dlq"));
    dead.map(|(name, counts)| (name, counts.visible + counts.in_flight)).collect()
}

async fn quiet(world: &World, end: Timestamp, waiting: &Quiescence) {
    let mut since = world.clock.now();
    loop {
        let now = world.clock.now();
        let Some((what, due)) = moving(world).await else {
            if now.since(since) >= SILENCE {
                return;
            }
            world.clock.sleep(LOOKS.0).await;
            continue;
        };
        since = now;
        if now > end {
            *waiting.0.restless.borrow_mut() = Some(what);
            return;
        }
        let wait = due.map_or(Duration::ZERO, |due| due.since(now));
        world.clock.sleep(wait.clamp(LOOKS.0, LOOKS.1)).await;
    }
}

/// What is still in flight, and when it continues.
async fn moving(world: &World) -> Option<(String, Option<Timestamp>)> {
    let full = |(name, counts): &(String, suite::Counts)| {
        counts.visible + counts.in_flight > 0
            && world.suite.wiring().queue_mappings.iter().any(|one| one.queue == *name)
    };
    if let Some((queue, counts)) = world.suite.bus().counts().into_iter().find(full) {
        let text = format!("{} messages in {queue}", counts.visible + counts.in_flight);
        return Some((text, world.suite.bus().next_visible(&queue)));
    }
    for mapping in &world.suite.wiring().stream_mappings {
        if let Some(due) = world.suite.stream_due(mapping).await {
            return Some((format!("records in the stream of {}", mapping.function), Some(due)));
        }
    }
    let sandbox = world.sandbox.lock();
    if let Some(due) = sandbox.next_due() {
        return Some(("webhooks and providers' own doings".to_owned(), Some(due)));
    }
    let counts = sandbox.deliveries.counts();
    (counts.in_flight > 0).then(|| (format!("{} webhooks on their way", counts.in_flight), None))
}
