//! What goes wrong, and how long everything takes: decided at every effect, from the seed.

mod conditions;
mod points;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use domain::{EventId, OrderId};
use events::Event;
use resilience::{Clock as _, VirtualClock};
use suite::{Chaos, EffectKind, Fate, Invocation, Passing, Pause, Post, Twist};

use crate::chance::Chance;
use crate::stage::{ActorId, Stage};
use crate::story::{Line, Writer};
use crate::tally::Tally;

pub use conditions::Conditions;
pub use points::{Point, Seen};

/// The weather of one run.
#[derive(Debug)]
pub struct Weather {
    clock: VirtualClock,
    stage: Stage,
    chance: Chance,
    conditions: Conditions,
    /// What befalls named effects, whatever the conditions are.
    orders: Vec<(Point, Fate)>,
    seen: RefCell<Seen>,
    is_calm: Cell<bool>,
    paces: RefCell<BTreeMap<ActorId, u32>>,
    tally: RefCell<Tally>,
    published: RefCell<BTreeSet<EventId>>,
    writer: Writer,
}

impl Weather {
    /// The weather of a seed under these conditions.
    pub fn new(
        seed: u64,
        conditions: Conditions,
        orders: Vec<(Point, Fate)>,
        stage: Stage,
        clock: VirtualClock,
    ) -> Self {
        Self {
            clock,
            stage,
            chance: Chance::new(seed, 1),
            conditions,
            orders,
            seen: RefCell::default(),
            is_calm: Cell::new(false),
            paces: RefCell::default(),
            tally: RefCell::default(),
            published: RefCell::default(),
            writer: Writer::default(),
        }
    }

    /// The same, writing down what happens.
    #[must_use]
    pub fn written_down(self) -> Self {
        Self { writer: Writer::with_a_page(), ..self }
    }

    /// Nothing goes wrong any more.
    pub fn calm_down(&self) {
        self.is_calm.set(true);
    }

    /// What it is like.
    pub const fn conditions(&self) -> &Conditions {
        &self.conditions
    }

    /// What was written down.
    pub const fn writer(&self) -> &Writer {
        &self.writer
    }

    /// What was counted.
    pub fn tally(&self) -> Tally {
        self.tally.borrow().clone()
    }

    /// Every effect that passed, by function and name, and how often.
    pub fn seen(&self) -> Seen {
        self.seen.borrow().clone()
    }

    /// The order events that were published.
    pub fn published(&self) -> BTreeSet<EventId> {
        self.published.borrow().clone()
    }

    /// Notes what somebody says or does who is no function.
    pub fn say(&self, order: Option<OrderId>, text: impl FnOnce() -> String) {
        self.writer.write(|| self.line(None, order, text()));
    }

    /// How much later a request to a provider arrives than its sender waits; none: in time.
    pub fn request_lost_on_the_way(&self) -> Option<Duration> {
        if self.is_calm.get() || self.chance.below(100_000) >= self.conditions.late_requests {
            return None;
        }
        self.count("request arrives late");
        Some(self.chance.between(Duration::from_secs(1), Duration::from_mins(3)))
    }

    /// Counts something that was made to go wrong.
    pub fn count(&self, kind: &'static str) {
        *self.tally.borrow_mut().faults.entry(kind).or_default() += 1;
    }

    fn line(&self, invocation: Option<&Invocation>, order: Option<OrderId>, text: String) -> Line {
        Line {
            at: self.clock.now(),
            actor: self.stage.name(self.stage.acting()),
            invocation: invocation.map(|invocation| (invocation.number, (*invocation.function).into())),
            order,
            text,
        }
    }

    fn fate(&self, kind: EffectKind) -> Fate {
        let mut roll = self.chance.below(100_000);
        for (fate, share) in &self.conditions.fates {
            if roll < *share {
                return conditions::fitting(*fate, kind);
            }
            roll -= share;
        }
        Fate::Succeeds
    }

    /// How much slower than others whoever acts now is. Somebody slow may become quick, and the other way round.
    fn pace(&self) -> u32 {
        let mut paces = self.paces.borrow_mut();
        let draw = || self.conditions.paces.get(self.chance.below(16) as usize).copied().unwrap_or(1);
        let pace = paces.entry(self.stage.acting()).or_insert_with(draw);
        if self.chance.permille(self.conditions.changes_of_pace) {
            *pace = draw();
        }
        *pace
    }

    fn way(&self, pace: u32, function: &str) -> Duration {
        let mut way = self.chance.between(Duration::ZERO, self.conditions.latency) * pace;
        let may_stall = self.conditions.stalls_in.is_none_or(|(slow, _)| slow == function);
        if may_stall && self.chance.below(100_000) < self.conditions.stalls {
            self.count("stalls");
            let length = self.conditions.stalls_in.map(|(_, length)| length);
            way += length.or_else(|| self.chance.pick(&conditions::STALLS).copied()).unwrap_or_default();
        }
        way
    }
}

impl Chaos for Weather {
    fn twist(&self, passing: &Passing<'_>) -> Twist {
        self.tally.borrow_mut().effects += 1;
        let function = passing.invocation.map_or("", |invocation| &invocation.function);
        if self.conditions.keeps_account {
            let nth = self.seen.borrow_mut().count(function, passing.effect.name);
            let ordered = self.orders.iter().find(|(point, _)| point.is(function, passing.effect.name, nth));
            if let Some((_, fate)) = ordered {
                self.count(conditions::name(*fate));
                return Twist { fate: *fate, ..conditions::FAIR };
            }
        }
        if self.is_calm.get() || self.conditions.is_fair() {
            return conditions::FAIR;
        }
        let fate = self.fate(passing.effect.kind);
        if fate != Fate::Succeeds {
            self.count(conditions::name(fate));
        }
        let pace = self.pace();
        Twist { before: self.way(pace, function), after: self.way(pace, function), fate }
    }

    fn pause(&self, length: Duration) -> Pause {
        let clock = self.clock.clone();
        Box::pin(async move { clock.sleep(length).await })
    }

    fn began(&self, _: &Invocation) {
        self.tally.borrow_mut().invocations += 1;
    }

    fn ended(&self, invocation: &Invocation, failure: Option<&dyn fmt::Display>) {
        if let Some(failure) = failure {
            self.writer.write(|| self.line(Some(invocation), None, format!("ends: {failure}")));
        }
    }

    fn passed(&self, passing: &Passing<'_>, twist: &Twist, told: &dyn Fn() -> String) {
        self.writer.write(|| {
            let what = if twist.fate == Fate::Succeeds { String::new() } else { format!(" {}", twist.fate) };
            let took = twist.before + twist.after;
            let took = if took.as_secs() > 5 { format!(" ({} s)", took.as_secs()) } else { String::new() };
            let text = format!("{}{what}{took}: {}", passing.effect.name, told());
            self.line(passing.invocation, passing.effect.order, text)
        });
    }
}

impl Post for Weather {
    fn arrivals(&self, _: &str, event: &Event) -> Vec<Duration> {
        if let Event::Order(event) = event {
            self.published.borrow_mut().insert(event.event_id);
        }
        if self.is_calm.get() {
            return vec![Duration::ZERO];
        }
        let mut arrivals = vec![Duration::ZERO];
        if self.chance.percent(self.conditions.copies) {
            self.count("message copied");
            // Half of the copies come while the first is being handled.
            let soon = self.conditions.latency * 4;
            let longest = if self.chance.percent(50) { soon } else { self.conditions.late_by };
            arrivals.push(self.chance.between(Duration::ZERO, longest));
        }
        for arrival in &mut arrivals {
            if self.chance.percent(self.conditions.late_messages) {
                self.count("message late");
                *arrival += self.chance.between(Duration::ZERO, self.conditions.late_by);
            }
        }
        arrivals
    }
}
