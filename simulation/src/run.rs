//! One run, from a seed to its outcome.

mod final_state;
mod rest;

use std::rc::Rc;
use std::time::Duration;

use resilience::Clock as _;
use suite::Fault;

use crate::fixture::{FixtureError, NEXT_SPREADSHEET};
use crate::injector::{EffectLog, FaultProfile, Point};
use crate::invariants::{self, Violation};
use crate::metrics::Metrics;
use crate::people::{self, Scenario};
use crate::pollers;
use crate::snapshot::Snapshot;
use crate::trace::Trace;
use crate::world::{self, Build, World};

/// What to run.
#[derive(Clone, Default)]
pub struct Plan {
    /// The seed.
    pub seed: u64,
    /// The number of customers.
    pub orders: u64,
    /// How the world is built.
    pub build: Build,
    /// The fault profile; `None` takes the seed's own.
    pub profile: Option<FaultProfile>,
    /// Faults planned for named effects.
    pub planned: Vec<(Point, Fault)>,
    /// A scenario to run in place of the drawn workload.
    pub scenario: Option<&'static Scenario>,
    /// Whether what heals is left out: see [`Plan::without_healers`].
    pub is_unhealed: bool,
}

impl Plan {
    /// That many customers in the world of a seed.
    pub fn of(seed: u64, orders: u64) -> Self {
        Self { seed, orders, ..Self::default() }
    }

    /// The same without what makes good the mistakes of others: no reconciliation with Stripe. Nothing is lost for
    /// good with its fault profile, so nothing may be missing in the end.
    #[must_use]
    pub fn without_healers(self) -> Self {
        Self { is_unhealed: true, ..self }
    }

    /// A scenario without faults, except for the planned ones.
    pub fn of_scenario(scenario: &'static Scenario, planned: Vec<(Point, Fault)>) -> Self {
        Self {
            seed: 1,
            orders: 1,
            profile: Some(FaultProfile::without_faults()),
            planned,
            scenario: Some(scenario),
            ..Self::default()
        }
    }
}

/// The outcome of a run.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// What was counted.
    pub metrics: Metrics,
    /// The broken invariants.
    pub violations: Vec<Violation>,
    /// The state at the end.
    pub snapshot: Snapshot,
    /// The effects that ran, if they were counted.
    pub seen: EffectLog,
    /// What happened, if the run was traced.
    pub trace: Trace,
}

/// Runs a plan.
///
/// # Errors
///
/// When no world can be built at all.
pub fn run(plan: &Plan) -> Result<Outcome, FixtureError> {
    execute(plan, false)
}

/// Runs a plan and records a trace. The run is the same, to the last effect.
///
/// # Errors
///
/// When no world can be built at all.
pub fn run_traced(plan: &Plan) -> Result<Outcome, FixtureError> {
    execute(plan, true)
}

fn execute(plan: &Plan, is_traced: bool) -> Result<Outcome, FixtureError> {
    let profile = plan.profile.clone().unwrap_or_else(|| FaultProfile::of(plan.seed));
    let (profile, build) = if plan.is_unhealed {
        (FaultProfile { webhooks_lost: 0, ..profile }, plan.build.clone().without("reconcile-payments"))
    } else {
        (profile, plan.build.clone())
    };
    // The scenarios' amounts are in euros.
    let currency = if plan.scenario.is_some() { "eur" } else { world::currency(plan.seed) };
    let world = World::new(plan.seed, profile, plan.planned.clone(), is_traced, (&build, currency))?;
    let waiting = rest::Quiescence::default();
    pollers::start(&world);
    if let Some(after) = world.injector.profile().new_spreadsheet {
        world.executor.spawn("a deployment", change_spreadsheet(Rc::clone(&world), after));
    }
    spawn_customers(plan, &world, &waiting);
    world.executor.spawn("supervisor", supervise(Rc::clone(&world), waiting.clone()));
    world.executor.run();
    Ok(evaluate(plan, &world, &waiting))
}

fn spawn_customers(plan: &Plan, world: &Rc<World>, waiting: &rest::Quiescence) {
    for n in 0..plan.orders {
        waiting.comes();
        let (person, waiting) = (Rc::clone(world), waiting.clone());
        let scenario = plan.scenario;
        world.executor.spawn(format!("customer {n}"), async move {
            match scenario {
                Some(scenario) => scenario.run(&person, n).await,
                None => people::shop(person, n).await,
            }
            waiting.goes();
        });
    }
}

/// The shop gets another spreadsheet, and the sheet's rows go there from then on.
async fn change_spreadsheet(world: Rc<World>, after: Duration) {
    world.clock.sleep(after).await;
    world.suite.change_spreadsheet(NEXT_SPREADSHEET);
}

async fn supervise(world: Rc<World>, waiting: rest::Quiescence) {
    waiting.all_gone().await;
    world.injector.stop();
    world.sandbox.lock().faults.clear();
    rest::come_to_rest(&world, &waiting).await;
    world.executor.end();
}

/// How often a message is received before it is given up.
const RECEIVES: u64 = 100;

fn evaluate(plan: &Plan, world: &World, waiting: &rest::Quiescence) -> Outcome {
    let mut snapshot = final_state::read(world, waiting);
    // What runs into its function's timeout hides no message: a queue bears that for a hundred receives, not for hours.
    let timeouts = world.injector.metrics().timeouts;
    let is_borne = |queue: &str| timeouts.get(queue.trim_end_matches("-dlq")).is_none_or(|count| *count < RECEIVES);
    snapshot.given_up.retain(|queue, _| is_borne(queue));
    let mut violations = world.store.steps().violations();
    violations.extend(invariants::check(&snapshot));
    let mut metrics = world.injector.metrics();
    metrics.orders = plan.orders;
    metrics.placed = snapshot.orders.len() as u64;
    metrics.doubtful_mails = snapshot.mails.iter().filter(|effect| effect.doubts > 0).count() as u64;
    for order in snapshot.orders.values() {
        *metrics.ends.entry(order.status.as_str()).or_default() += 1;
    }
    let (seen, trace) = (world.injector.seen(), world.injector.writer().trace());
    Outcome { seed: plan.seed, metrics, violations, snapshot, seen, trace }
}
