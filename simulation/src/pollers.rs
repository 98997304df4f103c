//! What invokes functions on AWS: pollers of queues, readers of streams, schedules; and the providers' webhooks.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use resilience::Clock as _;
use suite::{Activity, QueueMapping, StreamMapping};

use crate::world::{Pollers, SENDGRID, World};

/// How many pollers one queue has.
const POLLERS: usize = 2;

impl Default for Pollers {
    fn default() -> Self {
        Self {
            queue: |world, mapping| Box::pin(poll(world, mapping)),
            stream: |world, mapping| Box::pin(pump(world, mapping)),
        }
    }
}

/// Starts everything that invokes functions.
pub fn start(world: &Rc<World>) {
    for mapping in &world.suite.wiring().queue_mappings {
        for n in 1..=POLLERS.min(mapping.concurrency.max(1)) {
            let name = format!("{} poller {n}", mapping.queue);
            world.executor.spawn(name, (world.pollers.queue)(Rc::clone(world), mapping.clone()));
        }
    }
    for mapping in &world.suite.wiring().stream_mappings {
        let name = format!("{} stream", mapping.function);
        world.executor.spawn(name, (world.pollers.stream)(Rc::clone(world), mapping.clone()));
    }
    for schedule in &world.suite.wiring().schedules {
        let (name, function) = (format!("{} clock", schedule.function), schedule.function.clone());
        world.executor.spawn(name, ring(Rc::clone(world), function, schedule.every));
    }
    world.executor.spawn("the post", deliver(Rc::clone(world)));
}

async fn poll(world: Rc<World>, mapping: QueueMapping) {
    loop {
        let changed = world.suite.bus().changed();
        if world.suite.poll(&mapping).await.is_some() {
            continue;
        }
        let now = world.clock.now();
        match world.suite.bus().next_visible(&mapping.queue).map(|moment| moment.since(now)) {
            Some(wait) => {
                tokio::select! {
                    biased;
                    () = changed => {}
                    () = world.clock.sleep(wait.max(Duration::from_millis(1))) => {}
                }
            }
            None => changed.await,
        }
    }
}

async fn pump(world: Rc<World>, mapping: StreamMapping) {
    loop {
        let changed = world.store.changed();
        match world.suite.pump(&mapping).await {
            Ok(Some(Activity::Streamed { done: true, .. })) => continue,
            Ok(None) if world.suite.stream_due(&mapping).await.is_none() => {
                changed.await;
                continue;
            }
            _ => {}
        }
        let due = world.suite.stream_due(&mapping).await;
        let wait = due.map_or(Duration::ZERO, |due| due.since(world.clock.now()));
        world.clock.sleep(wait.max(Duration::from_millis(10))).await;
    }
}

/// A schedule that fires a little early or late, and sometimes twice.
async fn ring(world: Rc<World>, function: String, every: Duration) {
    let rng = world.rng(4);
    loop {
        world.clock.sleep(every + rng.between(Duration::ZERO, Duration::from_secs(20))).await;
        let times = if rng.percent(10) { 2 } else { 1 };
        for _ in 0..times {
            let (world, function) = (Rc::clone(&world), function.clone());
            Rc::clone(&world).executor.spawn(format!("{function} clock"), async move {
                let event = serde_json::json!({ "time": world.clock.now() });
                // A failure is retried at the next tick.
                let _ = world.suite.call(&function, event).await;
            });
        }
    }
}

/// Delivers the sandbox's webhooks, each in its own task.
async fn deliver(world: Rc<World>) {
    loop {
        let due = world.sandbox.lock().due(world.clock.now());
        for delivery in due {
            let world = Rc::clone(&world);
            Rc::clone(&world).executor.spawn(format!("webhook {}", delivery.event_type), async move {
                UNDER_WAY.with(|count| count.set(count.get() + 1));
                let (url, body) = (delivery.url.clone(), delivery.body.clone());
                let delivered = world.suite.deliver(&world.sandbox, delivery).await;
                if url == SENDGRID && matches!(delivered, Activity::Delivered { status: 200..300, .. }) {
                    world.store.reports().record(&body);
                }
                UNDER_WAY.with(|count| count.set(count.get() - 1));
                world.sandbox.notify();
            });
        }
        let next = world.sandbox.lock().next_due();
        let Some(next) = next else {
            world.sandbox.changed().await;
            continue;
        };
        let wait = next.since(world.clock.now());
        if !wait.is_zero() {
            tokio::select! {
                biased;
                () = world.sandbox.changed() => {}
                () = world.clock.sleep(wait) => {}
            }
        }
    }
}

thread_local!(static UNDER_WAY: Cell<u32> = const { Cell::new(0) });
