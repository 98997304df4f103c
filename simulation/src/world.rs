//! The world of one run: the suite, the sandbox and the fault injector, on one executor.

use std::rc::Rc;
use std::time::Duration;

use domain::{ApiKey, Sku, Timestamp};
use futures::future::LocalBoxFuture;
use resilience::{SeededIds, VirtualClock};
use sandbox::sheets::NewSpreadsheet;
use sandbox::stripe::{Endpoint, Settlement};
use sandbox::{Fault, FaultKind, Provider, RetrySchedule, Shared};
use serde_json::json;
use store::{ApiKeys as _, Catalogue as _, ProductEdit, StockEdit};
use suite::{Ports, QueueMapping, Settings, StreamMapping, Suite, Wiring};

use crate::executor::Executor;
use crate::fixture::{self, BEGIN, FixtureError, NEXT_SPREADSHEET, Token};
use crate::injector::{FaultProfile, Point, SeededInjector};
use crate::network::{Network, RequestMutator};
use crate::observed_store::{BuggyStore, ObservedStore};
use crate::promises::Promises;
use crate::rng::SimRng;

/// The suite as the simulation runs it.
pub type SimulatedSuite = Suite<ObservedStore, Network, VirtualClock, SeededIds>;
/// A handler that replaces a function's own.
pub type Handler = suite::Handler<ObservedStore, Network, VirtualClock, SeededIds>;

/// What a world is built with, besides its seed.
#[derive(Clone, Default)]
pub struct Build {
    /// Repositories with a seeded bug.
    pub store: Option<Rc<dyn BuggyStore>>,
    /// Changes requests to providers.
    pub mutator: Option<RequestMutator>,
    /// Handlers that replace functions' own.
    pub handlers: Vec<(&'static str, Handler)>,
    /// Pollers that replace AWS's.
    pub pollers: Pollers,
}

impl Build {
    /// The same with a function that does nothing and reports success.
    #[must_use]
    pub fn without(mut self, function: &'static str) -> Self {
        let idle: Handler = Rc::new(|_, _, _| Box::pin(async { Ok(json!({ "batchItemFailures": [] })) }));
        self.handlers.push((function, idle));
        self
    }

    /// The suite of this build with empty repositories, at providers that are reached at once and without faults. It has no
    /// pollers: its caller hands out the messages.
    pub fn suite(
        &self,
        sandbox: Shared,
        clock: VirtualClock,
        ids: SeededIds,
        settings: Settings,
        wiring: Wiring,
    ) -> SimulatedSuite {
        let (profile, executor) = (FaultProfile::without_faults(), Executor::new(clock.clone()));
        let injector = SeededInjector::new(0, profile, Vec::new(), executor, clock);
        self.wired(sandbox, &Rc::new(injector), ids, settings, wiring)
    }

    fn wired(
        &self,
        sandbox: Shared,
        injector: &Rc<SeededInjector>,
        ids: SeededIds,
        settings: Settings,
        wiring: Wiring,
    ) -> SimulatedSuite {
        let clock = injector.clock().clone();
        let store = ObservedStore::new(self.store.clone(), settings.reservation_limits, clock.clone());
        let transport = Network::new(sandbox, Rc::clone(injector), self.mutator.clone(), store.clone());
        let mut suite = Suite::new(Ports { store, transport, clock, ids }, settings, wiring);
        for (function, handler) in &self.handlers {
            suite.replace(function, Rc::clone(handler));
        }
        suite.store().connect(suite.bus().clone());
        suite
    }
}

/// A poller's work, as long as the run lasts.
pub type Polling<M> = fn(Rc<World>, M) -> LocalBoxFuture<'static, ()>;

/// The pollers that hand messages and records to functions.
#[derive(Clone, Debug)]
pub struct Pollers {
    /// Polls a queue.
    pub queue: Polling<QueueMapping>,
    /// Reads a stream.
    pub stream: Polling<StreamMapping>,
}

/// A product of the shop: sku, price in minor units, stock at the start.
pub type Product = (&'static str, i64, u32);
/// Where SendGrid sends its reports.
pub const SENDGRID: &str = "http://shop.test/v1/webhooks/sendgrid";
/// The products. The last one sells out.
pub const PRODUCTS: [Product; 3] = [("mug", 1450, 10_000), ("pot", 4990, 10_000), ("rare", 900, 7)];
/// How many products there are besides, for carts as large as they may be and for edits that change every line.
pub const OTHER_PRODUCTS: usize = 2 * domain::MAX_LINES;

/// All products.
pub fn products() -> impl Iterator<Item = (String, i64, u32)> {
    let named = PRODUCTS.iter().map(|(sku, price, stock)| ((*sku).to_owned(), *price, *stock));
    named.chain((0..OTHER_PRODUCTS).map(|n| (other_product(n), 1000, 10_000)))
}

/// The sku of one of the other products.
pub fn other_product(n: usize) -> String {
    format!("no-{n:03}")
}

/// The world of one run.
#[derive(Debug)]
pub struct World {
    pub seed: u64,
    pub executor: Executor,
    pub clock: VirtualClock,
    pub injector: Rc<SeededInjector>,
    pub sandbox: Shared,
    pub suite: SimulatedSuite,
    pub store: ObservedStore,
    pub promises: Promises,
    pub customers: Vec<Token>,
    pub staff: Token,
    pub service: Token,
    pub pollers: Pollers,
    /// The currency of all prices, in lower case.
    pub currency: &'static str,
}

impl World {
    /// The world of a seed.
    ///
    /// # Errors
    ///
    /// When it cannot be built at all, whatever the seed.
    pub fn new(
        seed: u64,
        profile: FaultProfile,
        planned: Vec<(Point, suite::Fault)>,
        is_traced: bool,
        (build, currency): (&Build, &'static str),
    ) -> Result<Rc<Self>, FixtureError> {
        let clock = VirtualClock::at(Timestamp::from_seconds(BEGIN));
        let executor = Executor::new(clock.clone());
        let providers = providers(seed, &profile);
        let sandbox = Shared::new(providers.clone());
        misbehave(&sandbox, &profile);
        let injector = SeededInjector::new(seed, profile, planned, executor.clone(), clock.clone());
        let injector = Rc::new(if is_traced { injector.traced() } else { injector });
        let key = sandbox.lock().sendgrid.public_key();
        let (suite, customers, staff, service, service_key) = fixture::with(|fixture| {
            let (settings, wiring) = (fixture.settings(&providers, &key)?, fixture.wiring.clone());
            let suite = build.wired(sandbox.clone(), &injector, SeededIds::new(seed), settings, wiring);
            let service = (fixture.service.clone(), fixture.service_key.clone());
            Ok((suite, fixture.customers.clone(), fixture.staff.clone(), service.0, service.1))
        })?;
        let store = suite.store().clone();
        suite.gate().set_injector(Rc::<SeededInjector>::clone(&injector));
        suite.bus().deliver_by(Rc::<SeededInjector>::clone(&injector));
        let promises = Promises::default();
        let pollers = build.pollers.clone();
        let world = Self {
            seed,
            executor,
            clock,
            injector,
            sandbox,
            suite,
            store,
            promises,
            customers,
            staff,
            service,
            pollers,
            currency,
        };
        world.clock.run(world.fill(&service_key));
        Ok(Rc::new(world))
    }

    /// A random number generator for one purpose of this run.
    pub fn rng(&self, purpose: u64) -> SimRng {
        SimRng::new(self.seed, purpose)
    }

    /// About this amount in minor units, as the currency's payments can have it. Stripe takes none of a currency with three
    /// decimals that is not a multiple of ten (<https://docs.stripe.com/currencies#three-decimal>).
    pub fn amount(&self, about: u32) -> u32 {
        if self.currency == "kwd" { about / 10 * 10 } else { about }
    }

    async fn fill(&self, service: &ApiKey) {
        // The memory store refuses none of this.
        let _ = self.store.memory().save_api_keys(std::slice::from_ref(service), &[]).await;
        for (sku, price, pieces) in products() {
            let (Ok(sku), Ok(currency)) = (sku.parse::<Sku>(), self.currency.parse()) else { continue };
            let name = sku.to_string();
            let at = Timestamp::from_seconds(BEGIN);
            let (prices, stock) = ([(currency, price)].into(), Some(StockEdit::to(pieces)));
            let edit = ProductEdit { sku, name, prices, stock, active: true, at, by: None };
            let _ = self.store.memory().put(&edit).await;
        }
    }
}

/// The currency of a seed: of two decimals, of none or of three.
pub fn currency(seed: u64) -> &'static str {
    SimRng::new(seed, 5).pick(&["eur", "eur", "jpy", "kwd"]).copied().unwrap_or("eur")
}

fn providers(seed: u64, profile: &FaultProfile) -> sandbox::Settings {
    let rng = SimRng::new(seed, 3);
    let hours = *rng.pick(&[1_u64, 1, 5, 60]).unwrap_or(&1);
    let mut settings = sandbox::Settings { seed, ..sandbox::Settings::default() };
    settings.retries = RetrySchedule { first_ms: 5_000, ceiling_ms: 3_600_000, give_up_after_ms: 3 * 24 * 3_600_000 };
    let next = NewSpreadsheet { id: NEXT_SPREADSHEET.to_owned(), title: "Orders".to_owned(), tabs: Vec::new() };
    settings.sheets.spreadsheets.push(next);
    settings.stripe.endpoints = vec![Endpoint::new("http://shop.test/v1/webhooks/stripe")];
    settings.stripe.settle_after_ms = Some(hours * 3_600_000);
    settings.stripe.settlement =
        rng.percent(30).then(|| Settlement { currency: "chf".into(), rate_millionths: 912_500 });
    settings.sendgrid.behaviour.webhook_url = Some(SENDGRID.to_owned());
    settings.sendgrid.behaviour.duplicate_percent = u8::try_from(profile.webhook_copies).unwrap_or(100).min(100);
    settings
}

/// The faults of the providers themselves.
fn misbehave(sandbox: &Shared, profile: &FaultProfile) {
    let mut sandbox = sandbox.lock();
    let part = f64::from(profile.provider_faults) / 1000.0;
    if part > 0.0 {
        for kind in [
            FaultKind::InternalError,
            FaultKind::ErrorAfterEffect,
            FaultKind::Unavailable,
            FaultKind::Conflict,
            FaultKind::TooManyRequests { retry_after: None },
        ] {
            for provider in [Provider::Stripe, Provider::Sendgrid, Provider::Sheets] {
                sandbox.faults.add(Fault::new(kind.clone()).at(provider).probability(part));
            }
        }
    }
    if profile.webhooks_lost > 0 {
        let fault = Fault::new(FaultKind::WebhookDrop { acknowledged: true }).at(Provider::Stripe);
        sandbox.faults.add(fault.probability(f64::from(profile.webhooks_lost) / 100.0));
    }
    if profile.webhook_copies > 0 {
        let fault = Fault::new(FaultKind::WebhookDuplicate { copies: 1 });
        sandbox.faults.add(fault.probability(f64::from(profile.webhook_copies) / 100.0));
    }
    let (part, within) = profile.webhook_reorder;
    if part > 0 {
        let within_millis = u64::try_from(within.as_millis()).unwrap_or(u64::MAX);
        let fault = Fault::new(FaultKind::WebhookReorder { within_millis });
        sandbox.faults.add(fault.probability(f64::from(part) / 100.0));
    }
}

/// The longest time until everything is final, once all customers are done.
pub const BOUND: Duration = Duration::from_hours(24 * 8);
