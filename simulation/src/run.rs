//! One run, from a seed to its verdict.

mod books;
mod rest;

use std::rc::Rc;

use suite::Fate;

use crate::fixture::FixtureError;
use crate::invariants::{self, Violation};
use crate::machinery;
use crate::people::{self, Script};
use crate::snapshot::Snapshot;
use crate::story::Story;
use crate::tally::Tally;
use crate::weather::{Conditions, Point, Seen};
use crate::world::{Build, World};

/// What is run.
#[derive(Clone, Default)]
pub struct Plan {
    /// From which seed.
    pub seed: u64,
    /// How many customers come.
    pub orders: u64,
    /// What the world is built with.
    pub build: Build,
    /// Its weather; none: the seed's own.
    pub conditions: Option<Conditions>,
    /// What befalls named effects.
    pub ordered: Vec<(Point, Fate)>,
    /// A script that is played instead of what customers want.
    pub script: Option<&'static Script>,
}

impl Plan {
    /// So many customers in the world of a seed.
    pub fn of(seed: u64, orders: u64) -> Self {
        Self { seed, orders, ..Self::default() }
    }

    /// A script in fair weather, but for what befalls these effects.
    pub fn scripted(script: &'static Script, ordered: Vec<(Point, Fate)>) -> Self {
        Self {
            seed: 1,
            orders: 1,
            conditions: Some(Conditions::fair()),
            ordered,
            script: Some(script),
            ..Self::default()
        }
    }
}

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// From which seed.
    pub seed: u64,
    /// What was counted.
    pub tally: Tally,
    /// What must not be.
    pub violations: Vec<Violation>,
    /// Everybody's books at the end.
    pub books: Snapshot,
    /// The effects that passed, where they were counted.
    pub seen: Seen,
    /// What happened, where it was written down.
    pub story: Story,
}

/// Runs a plan.
///
/// # Errors
///
/// When no world can be built at all.
pub fn run(plan: &Plan) -> Result<Outcome, FixtureError> {
    act(plan, false)
}

/// Runs a plan and writes down what happens: the same, to the last effect.
///
/// # Errors
///
/// When no world can be built at all.
pub fn tell(plan: &Plan) -> Result<Outcome, FixtureError> {
    act(plan, true)
}

fn act(plan: &Plan, is_written_down: bool) -> Result<Outcome, FixtureError> {
    let conditions = plan.conditions.clone().unwrap_or_else(|| Conditions::of(plan.seed));
    let world = World::new(plan.seed, conditions, plan.ordered.clone(), is_written_down, &plan.build)?;
    let waiting = rest::Waiting::default();
    machinery::start(&world);
    people_come(plan, &world, &waiting);
    world.stage.enter("the director", direct(Rc::clone(&world), waiting.clone()));
    world.stage.play();
    Ok(judge(plan, &world, waiting.restless()))
}

fn people_come(plan: &Plan, world: &Rc<World>, waiting: &rest::Waiting) {
    for n in 0..plan.orders {
        waiting.comes();
        let (person, waiting) = (Rc::clone(world), waiting.clone());
        let script = plan.script;
        world.stage.enter(format!("customer {n}"), async move {
            match script {
                Some(script) => script.play(&person, n).await,
                None => people::shop(person, n).await,
            }
            waiting.goes();
        });
    }
}

async fn direct(world: Rc<World>, waiting: rest::Waiting) {
    waiting.all_gone().await;
    world.weather.calm_down();
    world.sandbox.lock().faults.clear();
    rest::come_to_rest(&world, &waiting).await;
    world.stage.end();
}

fn judge(plan: &Plan, world: &World, restless: Option<String>) -> Outcome {
    let snapshot = books::read(world, restless);
    let mut violations = world.shelf.steps().violations();
    violations.extend(invariants::check(&snapshot));
    let mut tally = world.weather.tally();
    tally.orders = plan.orders;
    tally.placed = snapshot.orders.len() as u64;
    tally.doubtful_mails = snapshot.mails.iter().filter(|effect| effect.doubts > 0).count() as u64;
    for order in snapshot.orders.values() {
        *tally.ends.entry(order.status.as_str()).or_default() += 1;
    }
    let (seen, story) = (world.weather.seen(), world.weather.writer().story());
    Outcome { seed: plan.seed, tally, violations, books: snapshot, seen, story }
}
