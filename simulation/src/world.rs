//! One run's world: the suite, the sandbox and the weather, on one stage.

use std::rc::Rc;
use std::time::Duration;

use domain::{ApiKey, Sku, Timestamp};
use resilience::{SeededIds, VirtualClock};
use sandbox::stripe::Endpoint;
use sandbox::{Fault, FaultKind, Provider, RetrySchedule, Shared};
use store::{ApiKeys as _, Catalogue as _, ProductEdit, StockEdit};
use suite::{Fate, Ports, Suite};

use crate::chance::Chance;
use crate::fixture::{self, BEGIN, FixtureError, Token};
use crate::machinery::Pollers;
use crate::network::{Meddler, Network};
use crate::promises::Promises;
use crate::shelf::{NaiveStore, Shelf};
use crate::stage::Stage;
use crate::weather::{Conditions, Point, Weather};

/// The suite as the simulation runs it.
pub type SimulatedSuite = Suite<Shelf, Network, VirtualClock, SeededIds>;
/// A handler in place of a function's own.
pub type Handler = suite::Handler<Shelf, Network, VirtualClock, SeededIds>;

/// What a world is built with besides its seed.
#[derive(Clone, Default)]
pub struct Build {
    /// Repositories that do something naively.
    pub store: Option<Rc<dyn NaiveStore>>,
    /// What is done to requests to providers.
    pub meddler: Option<Meddler>,
    /// Handlers in place of functions' own.
    pub handlers: Vec<(&'static str, Handler)>,
    /// Pollers in place of AWS's.
    pub pollers: Pollers,
}

/// A product of the shop: name, price in minor units, pieces at the start.
pub type Ware = (&'static str, i64, u32);
/// What there is to buy. The last one runs out.
pub const WARES: [Ware; 3] = [("mug", 1450, 10_000), ("pot", 4999, 10_000), ("rare", 900, 7)];

/// One run's world.
#[derive(Debug)]
pub struct World {
    pub seed: u64,
    pub stage: Stage,
    pub clock: VirtualClock,
    pub weather: Rc<Weather>,
    pub sandbox: Shared,
    pub suite: SimulatedSuite,
    pub shelf: Shelf,
    pub promises: Promises,
    pub customers: Vec<Token>,
    pub staff: Token,
    pub service: Token,
    pub pollers: Pollers,
}

impl World {
    /// The world of a seed.
    ///
    /// # Errors
    ///
    /// When it cannot be built at all, whatever the seed.
    pub fn new(
        seed: u64,
        conditions: Conditions,
        orders: Vec<(Point, Fate)>,
        is_written_down: bool,
        build: &Build,
    ) -> Result<Rc<Self>, FixtureError> {
        let clock = VirtualClock::at(Timestamp::from_seconds(BEGIN));
        let stage = Stage::new(clock.clone());
        let providers = providers(seed, &conditions);
        let sandbox = Shared::new(providers.clone());
        misbehave(&sandbox, &conditions);
        let weather = Weather::new(seed, conditions, orders, stage.clone(), clock.clone());
        let weather = Rc::new(if is_written_down { weather.written_down() } else { weather });
        let shelf = Shelf::new(build.store.clone(), clock.clone());
        let transport =
            Network::new(sandbox.clone(), Rc::clone(&weather), stage.clone(), clock.clone(), build.meddler.clone());
        let ports = Ports { store: shelf.clone(), transport, clock: clock.clone(), ids: SeededIds::new(seed) };
        let key = sandbox.lock().sendgrid.public_key();
        let (mut suite, customers, staff, service, service_key) = fixture::with(|fixture| {
            let suite = Suite::new(ports, fixture.settings(&providers, &key)?, fixture.wiring.clone());
            let service = (fixture.service.clone(), fixture.service_key.clone());
            Ok((suite, fixture.customers.clone(), fixture.staff.clone(), service.0, service.1))
        })?;
        for (function, handler) in &build.handlers {
            suite.replace(function, Rc::clone(handler));
        }
        shelf.connect(suite.bus().clone());
        suite.gate().let_in(Rc::<Weather>::clone(&weather));
        suite.bus().carried_by(Rc::<Weather>::clone(&weather));
        let promises = Promises::default();
        let pollers = build.pollers.clone();
        let world =
            Self { seed, stage, clock, weather, sandbox, suite, shelf, promises, customers, staff, service, pollers };
        world.clock.run(world.fill(&service_key));
        Ok(Rc::new(world))
    }

    /// Draws for one purpose of this run.
    pub fn chance(&self, purpose: u64) -> Chance {
        Chance::new(self.seed, purpose)
    }

    async fn fill(&self, service: &ApiKey) {
        // The memory store refuses nothing of this.
        let _ = self.shelf.memory().save_api_keys(std::slice::from_ref(service), &[]).await;
        for (sku, price, pieces) in WARES {
            let (Ok(sku), Ok(currency)) = (sku.parse::<Sku>(), "eur".parse()) else { continue };
            let name = sku.to_string();
            let at = Timestamp::from_seconds(BEGIN);
            let (prices, stock) = ([(currency, price)].into(), Some(StockEdit::to(pieces)));
            let edit = ProductEdit { sku, name, prices, stock, active: true, at };
            let _ = self.shelf.memory().put(&edit).await;
        }
    }
}

fn providers(seed: u64, conditions: &Conditions) -> sandbox::Settings {
    let chance = Chance::new(seed, 3);
    let hours = *chance.pick(&[1_u64, 1, 5, 60]).unwrap_or(&1);
    let mut settings = sandbox::Settings { seed, ..sandbox::Settings::default() };
    settings.retries = RetrySchedule { first_ms: 5_000, ceiling_ms: 3_600_000, give_up_after_ms: 3 * 24 * 3_600_000 };
    settings.stripe.endpoints = vec![Endpoint::new("http://shop.test/v1/webhooks/stripe")];
    settings.stripe.settle_after_ms = Some(hours * 3_600_000);
    settings.sendgrid.behaviour.webhook_url = Some("http://shop.test/v1/webhooks/sendgrid".to_owned());
    settings.sendgrid.behaviour.duplicate_percent = u8::try_from(conditions.webhook_copies).unwrap_or(100).min(100);
    settings
}

/// What the providers themselves do wrong.
fn misbehave(sandbox: &Shared, conditions: &Conditions) {
    let mut sandbox = sandbox.lock();
    let part = f64::from(conditions.provider_faults) / 1000.0;
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
    if conditions.webhooks_lost > 0 {
        let fault = Fault::new(FaultKind::WebhookDrop { acknowledged: true }).at(Provider::Stripe);
        sandbox.faults.add(fault.probability(f64::from(conditions.webhooks_lost) / 100.0));
    }
    if conditions.webhook_copies > 0 {
        let fault = Fault::new(FaultKind::WebhookDuplicate { copies: 1 });
        sandbox.faults.add(fault.probability(f64::from(conditions.webhook_copies) / 100.0));
    }
    let (part, within) = conditions.webhook_reorder;
    if part > 0 {
        let within_millis = u64::try_from(within.as_millis()).unwrap_or(u64::MAX);
        let fault = Fault::new(FaultKind::WebhookReorder { within_millis });
        sandbox.faults.add(fault.probability(f64::from(part) / 100.0));
    }
}

/// The longest that anything may take once everybody has had their will: until then everything must be final.
pub const BOUND: Duration = Duration::from_hours(24 * 8);
