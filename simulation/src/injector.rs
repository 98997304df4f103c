//! Decides at every effect, from the seed, which fault it gets and how long it takes.

mod points;
mod profile;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use domain::{EventId, OrderId, Timestamp};
use events::Event;
use resilience::{Clock as _, VirtualClock};
use sandbox::Provider;
use suite::{DeliverySchedule, EffectKind, EffectSite, Fault, FaultInjector, FaultPlan, Invocation, Pause};

use crate::executor::{Executor, TaskId};
use crate::fixture::BEGIN;
use crate::metrics::Metrics;
use crate::rng::SimRng;
use crate::trace::{Line, TraceWriter};

pub use points::{EffectLog, Point};
pub use profile::{FaultProfile, Outage, Symptom};

/// The fault injector of one run.
#[derive(Debug)]
pub struct SeededInjector {
    clock: VirtualClock,
    executor: Executor,
    rng: SimRng,
    profile: FaultProfile,
    /// Faults planned for named effects, whatever the profile says.
    planned: Vec<(Point, Fault)>,
    seen: RefCell<EffectLog>,
    is_stopped: Cell<bool>,
    paces: RefCell<BTreeMap<TaskId, u32>>,
    metrics: RefCell<Metrics>,
    published: RefCell<BTreeSet<EventId>>,
    writer: TraceWriter,
}

impl SeededInjector {
    /// The injector of a seed with this profile.
    pub fn new(
        seed: u64,
        profile: FaultProfile,
        planned: Vec<(Point, Fault)>,
        executor: Executor,
        clock: VirtualClock,
    ) -> Self {
        Self {
            clock,
            executor,
            rng: SimRng::new(seed, 1),
            profile,
            planned,
            seen: RefCell::default(),
            is_stopped: Cell::new(false),
            paces: RefCell::default(),
            metrics: RefCell::default(),
            published: RefCell::default(),
            writer: TraceWriter::default(),
        }
    }

    /// Records a trace of the run as well.
    #[must_use]
    pub fn traced(self) -> Self {
        Self { writer: TraceWriter::recording(), ..self }
    }

    /// Injects no more faults from now on.
    pub fn stop(&self) {
        self.is_stopped.set(true);
    }

    /// The time.
    pub const fn clock(&self) -> &VirtualClock {
        &self.clock
    }

    /// What runs the tasks.
    pub const fn executor(&self) -> &Executor {
        &self.executor
    }

    /// The profile of faults.
    pub const fn profile(&self) -> &FaultProfile {
        &self.profile
    }

    /// The writer of the trace.
    pub const fn writer(&self) -> &TraceWriter {
        &self.writer
    }

    /// What was counted.
    pub fn metrics(&self) -> Metrics {
        self.metrics.borrow().clone()
    }

    /// Every effect that ran, by function and name, and how often.
    pub fn seen(&self) -> EffectLog {
        self.seen.borrow().clone()
    }

    /// The order events that were published.
    pub fn published(&self) -> BTreeSet<EventId> {
        self.published.borrow().clone()
    }

    /// Records in the trace what an actor outside of the functions says or does.
    pub fn say(&self, order: Option<OrderId>, text: impl FnOnce() -> String) {
        self.writer.write(|| self.line(None, order, text()));
    }

    /// How long after its sender's timeout a request reaches a provider; `None` when it is in time.
    pub fn request_lost_on_the_way(&self) -> Option<Duration> {
        if self.is_stopped.get() || self.rng.below(100_000) >= self.profile.late_requests {
            return None;
        }
        self.count("request arrives late");
        Some(self.rng.between(Duration::from_secs(1), Duration::from_mins(3)))
    }

    /// What a caller of this provider sees of an outage now; `None` when there is none.
    pub fn outage(&self, provider: Option<Provider>) -> Option<Symptom> {
        let since_start = self.clock.now().since(Timestamp::from_seconds(BEGIN));
        let outage = self.profile.outage.filter(|outage| outage.hits(provider, since_start))?;
        self.count("outage");
        Some(outage.symptom)
    }

    /// Counts an injected fault.
    pub fn count(&self, kind: &'static str) {
        *self.metrics.borrow_mut().faults.entry(kind).or_default() += 1;
    }

    fn line(&self, invocation: Option<&Invocation>, order: Option<OrderId>, text: String) -> Line {
        Line {
            at: self.clock.now(),
            task: self.executor.name(self.executor.current()),
            invocation: invocation.map(|invocation| (invocation.number, (*invocation.function).into())),
            order,
            text,
        }
    }

    fn fault(&self, kind: EffectKind) -> Fault {
        let mut roll = self.rng.below(100_000);
        for (fault, share) in &self.profile.faults {
            if roll < *share {
                return profile::fitting(*fault, kind);
            }
            roll -= share;
        }
        Fault::None
    }

    /// How much slower than others the current task is. A slow task may become fast, and the reverse.
    fn pace(&self) -> u32 {
        let mut paces = self.paces.borrow_mut();
        let draw = || self.profile.paces.get(self.rng.below(16) as usize).copied().unwrap_or(1);
        let pace = paces.entry(self.executor.current()).or_insert_with(draw);
        if self.rng.permille(self.profile.changes_of_pace) {
            *pace = draw();
        }
        *pace
    }

    fn way(&self, pace: u32, function: &str) -> Duration {
        let mut way = self.rng.between(Duration::ZERO, self.profile.latency) * pace;
        let may_stall = self.profile.stalls_in.is_none_or(|(slow, _)| slow == function);
        if may_stall && self.rng.below(100_000) < self.profile.stalls {
            self.count("stalls");
            let length = self.profile.stalls_in.map(|(_, length)| length);
            way += length.or_else(|| self.rng.pick(&profile::STALLS).copied()).unwrap_or_default();
        }
        way
    }
}

impl FaultInjector for SeededInjector {
    fn plan(&self, site: &EffectSite<'_>) -> FaultPlan {
        self.metrics.borrow_mut().effects += 1;
        let function = site.invocation.map_or("", |invocation| &invocation.function);
        if self.profile.keeps_account {
            let nth = self.seen.borrow_mut().count(function, site.effect.name);
            let planned = self.planned.iter().find(|(point, _)| point.is(function, site.effect.name, nth));
            if let Some((_, fault)) = planned {
                self.count(profile::name(*fault));
                return FaultPlan { fault: *fault, ..profile::NO_FAULT };
            }
        }
        if self.is_stopped.get() || self.profile.is_fault_free() {
            return profile::NO_FAULT;
        }
        let fault = self.fault(site.effect.kind);
        if fault != Fault::None {
            self.count(profile::name(fault));
        }
        let pace = self.pace();
        FaultPlan { before: self.way(pace, function), after: self.way(pace, function), fault }
    }

    fn pause(&self, length: Duration) -> Pause {
        let clock = self.clock.clone();
        Box::pin(async move { clock.sleep(length).await })
    }

    fn began(&self, _: &Invocation) {
        self.metrics.borrow_mut().invocations += 1;
    }

    fn ended(&self, invocation: &Invocation, failure: Option<&dyn fmt::Display>) {
        if let Some(failure) = failure {
            if failure.to_string().starts_with("timed out") {
                *self.metrics.borrow_mut().timeouts.entry(invocation.function.to_string()).or_default() += 1;
            }
            self.writer.write(|| self.line(Some(invocation), None, format!("ends: {failure}")));
        }
    }

    fn passed(&self, site: &EffectSite<'_>, plan: &FaultPlan, told: &dyn Fn() -> String) {
        self.writer.write(|| {
            let what = if plan.fault == Fault::None { String::new() } else { format!(" {}", plan.fault) };
            let took = plan.before + plan.after;
            let took = if took.as_secs() > 5 { format!(" ({} s)", took.as_secs()) } else { String::new() };
            let text = format!("{}{what}{took}: {}", site.effect.name, told());
            self.line(site.invocation, site.effect.order, text)
        });
    }
}

impl DeliverySchedule for SeededInjector {
    fn arrivals(&self, _: &str, event: &Event) -> Vec<Duration> {
        if let Event::Order(event) = event {
            self.published.borrow_mut().insert(event.event_id);
        }
        if self.is_stopped.get() {
            return vec![Duration::ZERO];
        }
        let mut arrivals = vec![Duration::ZERO];
        if self.rng.percent(self.profile.copies) {
            self.count("message copied");
            // Half of the copies arrive while the first is being handled.
            let soon = self.profile.latency * 4;
            let longest = if self.rng.percent(50) { soon } else { self.profile.late_by };
            arrivals.push(self.rng.between(Duration::ZERO, longest));
        }
        for arrival in &mut arrivals {
            if self.rng.percent(self.profile.late_messages) {
                self.count("message late");
                *arrival += self.rng.between(Duration::ZERO, self.profile.late_by);
            }
        }
        arrivals
    }
}
