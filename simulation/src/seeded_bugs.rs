//! Naive ways to do what the product does, each of which the simulation must catch: else it proves nothing.
//!
//! They live here and not in the product: repositories, transports and handlers put in place of the real ones. A new one is
//! an entry in its file's list, with what is built otherwise.

mod consumers;
mod edits;
mod expiry;
mod invoices;
mod mails;
mod orders;
mod payments;
mod profiles;
mod reads;
mod reconciliation;
mod refunds;
mod requests;
mod sheet;
mod stock;
mod webhooks;

use std::fmt;
use std::rc::Rc;

use domain::{KnownFacts, Order, OrderId, Payment, PaymentFact};
use futures::future::LocalBoxFuture;
use serde_json::{Value, json};
use store::StoreError;

use crate::fixture::FixtureError;
use crate::injector::FaultProfile;
use crate::observed_store::BuggyStore;
use crate::people::Scenario;
use crate::run::{Outcome, Plan, run};
use crate::world::{Build, Handler};

/// A naive way.
#[derive(Clone, Copy)]
pub struct SeededBug {
    /// What it is called.
    pub name: &'static str,
    /// What is naive about it, in a line.
    pub summary: &'static str,
    /// What is built otherwise.
    pub build: fn() -> Build,
    /// The weather that shows it, by seed; the seed's own unless uniform chance finds it too seldom.
    pub profile: fn(u64) -> FaultProfile,
    /// How many orders a seed has.
    pub orders: u64,
    /// What its customers do instead of what they want, where that shows it too seldom.
    pub scenario: Option<&'static Scenario>,
}

impl fmt::Debug for SeededBug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// All of them.
pub fn seeded_bugs() -> impl Iterator<Item = &'static SeededBug> {
    let of_kind: [&'static [SeededBug]; 14] = [
        &orders::BUGS,
        &reads::BUGS,
        &requests::BUGS,
        &payments::BUGS,
        &edits::BUGS,
        &refunds::BUGS,
        &invoices::BUGS,
        &expiry::BUGS,
        &reconciliation::BUGS,
        &webhooks::BUGS,
        &stock::BUGS,
        &consumers::BUGS,
        &mails::BUGS,
        &sheet::BUGS,
    ];
    of_kind.into_iter().flatten()
}

type Answer<'a, T> = LocalBoxFuture<'a, Result<T, StoreError>>;

/// A function that does nothing and says that all is well.
fn idle() -> Handler {
    Rc::new(|_, _, _| Box::pin(async { Ok(serde_json::json!({ "batchItemFailures": [] })) }))
}

/// Without the hourly look at Stripe's lists, which mends what webhooks lose.
fn unreconciled(build: Build) -> Build {
    let handlers = build.handlers.into_iter().chain([("reconcile-payments", idle())]).collect();
    Build { handlers, ..build }
}

/// The product on top of such a store.
fn with(store: impl BuggyStore + 'static) -> Build {
    Build { store: Some(Rc::new(store)), ..Build::default() }
}

/// What a naive handler of the API works on: the order that a request is about.
fn order_of(event: &Value) -> Option<OrderId> {
    event["pathParameters"]["order_id"].as_str()?.parse().ok()
}

/// The body of a request.
fn body_of(event: &Value) -> Option<Value> {
    serde_json::from_str(event["body"].as_str()?).ok()
}

/// What a naive handler answers.
fn answer(status: u16, body: &Value) -> Value {
    let headers = json!({ "content-type": "application/json" });
    json!({ "statusCode": status, "headers": headers, "body": body.to_string(), "isBase64Encoded": false })
}

/// The order as if nobody could pay its intents any more.
fn as_if_voided(order: &Order) -> Order {
    let mut facts = KnownFacts::default();
    let is_live = |fact: &PaymentFact| matches!(fact, PaymentFact::PaymentIntent(fact) if !fact.status.is_final());
    facts.extend(order.payment.facts.clone().into_facts().filter(|fact| !is_live(fact)));
    Order { payment: Payment { facts, ..order.payment.clone() }, ..order.clone() }
}

/// What came of a search.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Caught in this run; the product itself passes the same seed.
    Caught(Box<Outcome>),
    /// The product itself breaks a promise in this run: that is to be mended first.
    Product(Box<Outcome>),
    /// Not in so many seeds.
    Survived(u64),
}

impl SeededBug {
    /// A variant that any weather shows.
    const fn new(name: &'static str, summary: &'static str, build: fn() -> Build) -> Self {
        Self { name, summary, build, profile: FaultProfile::of, orders: 20, scenario: None }
    }

    /// A variant that this weather shows.
    const fn with_profile(self, profile: fn(u64) -> FaultProfile) -> Self {
        Self { profile, ..self }
    }

    /// A variant that so many customers show who all do the same.
    const fn in_scenario(self, scenario: &'static Scenario, orders: u64) -> Self {
        Self { scenario: Some(scenario), orders, ..self }
    }

    /// What is run to see it.
    pub fn plan(&self, seed: u64) -> Plan {
        let profile = Some((self.profile)(seed));
        Plan { build: (self.build)(), profile, scenario: self.scenario, ..Plan::of(seed, self.orders) }
    }

    /// Looks for the first of so many seeds that catches it.
    ///
    /// # Errors
    ///
    /// When no world can be built at all.
    pub fn hunt(&self, seeds: u64) -> Result<Verdict, FixtureError> {
        for seed in 1..=seeds {
            let plan = self.plan(seed);
            let outcome = run(&plan)?;
            if outcome.violations.is_empty() {
                continue;
            }
            let product = run(&Plan { build: Build::default(), ..plan })?;
            let is_well = product.violations.is_empty();
            return Ok(if is_well { Verdict::Caught(outcome.into()) } else { Verdict::Product(product.into()) });
        }
        Ok(Verdict::Survived(seeds))
    }
}
