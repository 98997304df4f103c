//! Seeded bugs: plausible mistakes, each of which the simulation must catch. Otherwise it would prove nothing.
//!
//! They are repositories, transports and handlers that replace the product's, and live here only. To add one, add an
//! entry to its file's list, with what it replaces.

mod consumers;
mod edits;
mod expiry;
mod given_answers;
mod invoices;
mod mails;
mod orders;
mod payments;
mod profiles;
mod reads;
mod reconciliation;
mod refunds;
mod reports;
mod requests;
mod reservations;
mod settlement;
mod sheet;
mod stock;
mod webhooks;

use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;

use domain::{KnownFacts, Order, OrderId, Payment, PaymentFact};
use futures::future::LocalBoxFuture;
use serde_json::{Value, json};
use store::StoreError;

use crate::crash_points::first_broken;
use crate::fixture::FixtureError;
use crate::injector::FaultProfile;
use crate::observed_store::BuggyStore;
use crate::people::Scenario;
use crate::run::{Outcome, Plan, run};
use crate::world::{Build, Handler};

/// A seeded bug.
#[derive(Clone, Copy)]
pub struct SeededBug {
    /// Its name.
    pub name: &'static str,
    /// What is wrong, in a line.
    pub summary: &'static str,
    /// What it replaces.
    pub build: fn() -> Build,
    /// The fault profile that shows it, by seed: the seed's own, unless that shows it too rarely.
    pub profile: fn(u64) -> FaultProfile,
    /// The number of orders of a seed.
    pub orders: u64,
    /// What its customers do instead of a drawn workload, when that shows it too rarely.
    pub scenario: Option<&'static Scenario>,
    /// Whether it is looked for without what heals: [`Plan::without_healers`].
    pub is_unhealed: bool,
}

impl fmt::Debug for SeededBug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// All of them.
pub fn seeded_bugs() -> impl Iterator<Item = &'static SeededBug> {
    let of_kind: [&'static [SeededBug]; 18] = [
        &orders::BUGS,
        &reads::BUGS,
        &requests::BUGS,
        &payments::BUGS,
        &edits::BUGS,
        &refunds::BUGS,
        &settlement::BUGS,
        &given_answers::BUGS,
        &invoices::BUGS,
        &expiry::BUGS,
        &reconciliation::BUGS,
        &webhooks::BUGS,
        &stock::BUGS,
        &reservations::BUGS,
        &consumers::BUGS,
        &mails::BUGS,
        &reports::BUGS,
        &sheet::BUGS,
    ];
    of_kind.into_iter().flatten()
}

/// The environment variable that names a seeded bug for the scenarios of `tests`: they run the product with it. Nothing else
/// reads it.
pub const VARIABLE: &str = "CIS_SEEDED_BUG";

/// The bug of this name.
pub fn seeded_bug(name: &str) -> Option<&'static SeededBug> {
    seeded_bugs().find(|bug| bug.name == name)
}

type Answer<'a, T> = LocalBoxFuture<'a, Result<T, StoreError>>;

/// The product with this store.
fn with(store: impl BuggyStore + 'static) -> Build {
    Build { store: Some(Rc::new(store)), ..Build::default() }
}

/// The product with this handler in place of a function's own.
fn with_handler(function: &'static str, handler: Handler) -> Build {
    Build { handlers: vec![(function, handler)], ..Build::default() }
}

/// The order that a request is about, for a buggy handler of the API.
fn order_of(event: &Value) -> Option<OrderId> {
    event["pathParameters"]["order_id"].as_str()?.parse().ok()
}

/// The body of a request.
fn body_of(event: &Value) -> Option<Value> {
    serde_json::from_str(event["body"].as_str()?).ok()
}

/// The response of a buggy handler.
fn answer(status: u16, body: &Value) -> Value {
    let headers = json!({ "content-type": "application/json" });
    json!({ "statusCode": status, "headers": headers, "body": body.to_string(), "isBase64Encoded": false })
}

/// The order as if its live intents were voided.
fn as_if_voided(order: &Order) -> Order {
    let mut facts = KnownFacts::default();
    let is_live = |fact: &PaymentFact| matches!(fact, PaymentFact::PaymentIntent(fact) if !fact.status.is_final());
    facts.extend(order.payment.facts.clone().into_facts().filter(|fact| !is_live(fact)));
    Order { payment: Payment { facts, ..order.payment.clone() }, ..order.clone() }
}

/// The outcome of a search.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Caught in this run; the product passes the same seed.
    Caught(Box<Outcome>),
    /// Stopped by an assertion of the product's own, with this seed; the product passes the same seed.
    Stopped(u64),
    /// The product breaks an invariant in this run, which must be fixed first.
    Product(Box<Outcome>),
    /// Not caught in this many seeds.
    Survived(u64),
}

/// Who catches a bug.
#[derive(Clone, Copy, Debug)]
pub struct Catchers {
    /// The first seed whose drawn world breaks a promise.
    pub seed: Option<u64>,
    /// The first that does without healers.
    pub unhealed_seed: Option<u64>,
    /// Whether a scenario does, by itself or with one fault.
    pub crash_point: bool,
}

/// The orders of a drawn world.
const ORDERS: u64 = 20;

/// What work comes to; `None` if one of the product's assertions stops it, as a bug may.
fn survives<T>(work: impl FnOnce() -> T) -> Option<T> {
    panic::catch_unwind(AssertUnwindSafe(work)).ok()
}

impl SeededBug {
    /// A bug that any fault profile shows.
    const fn new(name: &'static str, summary: &'static str, build: fn() -> Build) -> Self {
        Self { name, summary, build, profile: FaultProfile::of, orders: ORDERS, scenario: None, is_unhealed: false }
    }

    /// The same, with this fault profile.
    const fn with_profile(self, profile: fn(u64) -> FaultProfile) -> Self {
        Self { profile, ..self }
    }

    /// The same, with this many customers who all run this scenario.
    const fn in_scenario(self, scenario: &'static Scenario, orders: u64) -> Self {
        Self { scenario: Some(scenario), orders, ..self }
    }

    /// The same, without what would heal it.
    const fn without_healers(self) -> Self {
        Self { is_unhealed: true, ..self }
    }

    /// The plan that shows it.
    pub fn plan(&self, seed: u64) -> Plan {
        let (profile, is_unhealed) = (Some((self.profile)(seed)), self.is_unhealed);
        Plan { build: (self.build)(), profile, scenario: self.scenario, is_unhealed, ..Plan::of(seed, self.orders) }
    }

    /// Who catches it when nothing was chosen for it: drawn worlds, the same without healers, and crash points.
    ///
    /// # Errors
    ///
    /// When no world can be built at all.
    pub fn caught_by(&self, seeds: u64) -> Result<Catchers, FixtureError> {
        let build = (self.build)();
        let seed = |is_unhealed| {
            let broken = |seed: &u64| {
                let plan = Plan { build: (self.build)(), is_unhealed, ..Plan::of(*seed, ORDERS) };
                survives(|| run(&plan)).is_none_or(|ended| ended.is_ok_and(|outcome| !outcome.violations.is_empty()))
            };
            (1..=seeds).find(broken)
        };
        let crash_point = match survives(|| first_broken(&build)) {
            Some(found) => found?.is_some(),
            None => true,
        };
        Ok(Catchers { seed: seed(false), unhealed_seed: seed(true), crash_point })
    }

    /// Searches this many seeds for the first that catches it.
    ///
    /// # Errors
    ///
    /// When no world can be built at all.
    pub fn hunt(&self, seeds: u64) -> Result<Verdict, FixtureError> {
        for seed in 1..=seeds {
            let plan = self.plan(seed);
            let outcome = survives(|| run(&plan)).transpose()?;
            if outcome.as_ref().is_some_and(|outcome| outcome.violations.is_empty()) {
                continue;
            }
            let product = run(&Plan { build: Build::default(), ..plan })?;
            return Ok(match outcome {
                _ if !product.violations.is_empty() => Verdict::Product(product.into()),
                Some(outcome) => Verdict::Caught(outcome.into()),
                None => Verdict::Stopped(seed),
            });
        }
        Ok(Verdict::Survived(seeds))
    }
}
