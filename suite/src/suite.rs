//! The suite itself: the handlers' dependencies, and what connects them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;

use domain::Timestamp;
use resilience::{Clock, Deadline, Ids, Transport};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::bus::Bus;
use crate::call_error::CallError;
use crate::concurrency::ConcurrencyLimits;
use crate::gate::Gate;
use crate::gateway::AuthorizerCache;
use crate::ports::{Ports, Settings, Stores};
use crate::stream::{Record, Shard};
use crate::template::{StreamMapping, Wiring};
use crate::warm::Warm;

/// A handler's work: a function's answer to an event.
pub type Work<'a> = Pin<Box<dyn Future<Output = Result<Value, CallError>> + 'a>>;

/// A handler that replaces a function's own. It reaches everything through the suite, behind the same gate.
pub type Handler<S, T, C, I> = Rc<dyn for<'a> Fn(&'a Suite<S, T, C, I>, Value, Deadline) -> Work<'a>>;

/// Handlers by the functions that they replace.
pub(crate) struct Replacements<S, T, C, I>(pub(crate) BTreeMap<String, Handler<S, T, C, I>>);

impl<S, T, C, I> Default for Replacements<S, T, C, I> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<S, T, C, I> fmt::Debug for Replacements<S, T, C, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Every function, wired in one process.
///
/// Nothing here waits for real time or makes up randomness: both come from the ports. Futures are not `Send`; they run
/// on one thread.
#[derive(Debug)]
pub struct Suite<S, T, C, I> {
    pub(crate) store: S,
    pub(crate) warm: Warm<T, C, I>,
    pub(crate) wiring: Rc<Wiring>,
    pub(crate) bus: Bus<C>,
    pub(crate) gate: Gate,
    pub(crate) authorizer_cache: AuthorizerCache,
    pub(crate) shards: BTreeMap<String, Mutex<Shard>>,
    pub(crate) deaths: RefCell<BTreeMap<String, Vec<u32>>>,
    pub(crate) schedules_ran_at: RefCell<BTreeMap<String, Timestamp>>,
    pub(crate) invocations: Cell<u64>,
    pub(crate) replaced: Replacements<S, T, C, I>,
    pub(crate) concurrency: ConcurrencyLimits,
}

impl<S: Stores, T: Transport, C: Clock + Clone, I: Ids> Suite<S, T, C, I> {
    /// Wired as the template says, from an empty bus and the beginning of the stream.
    pub fn new(ports: Ports<S, T, C, I>, settings: Settings, wiring: Wiring) -> Self {
        let (wiring, gate) = (Rc::new(wiring), Gate::default());
        let origins = wiring.cors.iter().flat_map(|cors| cors.origins.iter().cloned()).collect();
        let shards = wiring.stream_mappings.iter().map(|mapping| (mapping.function.clone(), Mutex::default()));
        Self {
            bus: Bus::new(Rc::clone(&wiring), ports.clock.clone()),
            shards: shards.collect(),
            warm: Warm::new(settings, origins, ports.transport, ports.clock, ports.ids, &gate),
            store: ports.store,
            wiring,
            gate,
            authorizer_cache: AuthorizerCache::default(),
            deaths: RefCell::default(),
            schedules_ran_at: RefCell::default(),
            invocations: Cell::new(0),
            replaced: Replacements::default(),
            concurrency: ConcurrencyLimits::default(),
        }
    }

    /// Limits how often a function runs at once, as reserved concurrency does. Further invocations wait before they
    /// begin.
    #[must_use]
    pub fn at_once(self, most: usize) -> Self {
        let concurrency = ConcurrencyLimits::new(self.wiring.functions.keys(), most);
        Self { concurrency, ..self }
    }

    /// The repositories, without passing the gate.
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// The time.
    pub const fn clock(&self) -> &C {
        &self.warm.clock
    }

    /// The functions' settings.
    pub const fn settings(&self) -> &Settings {
        &self.warm.settings
    }

    /// What the template says.
    pub fn wiring(&self) -> &Wiring {
        &self.wiring
    }

    /// Topic and queues.
    pub const fn bus(&self) -> &Bus<C> {
        &self.bus
    }

    /// The gate that every effect passes.
    pub const fn gate(&self) -> &Gate {
        &self.gate
    }

    /// How many invocations there were.
    pub const fn invocations(&self) -> u64 {
        self.invocations.get()
    }

    /// Lets the function's next invocation die when it passes the gate for the `n`-th time: before its first effect for
    /// 1, after it for 2, and so on. Several orders for one function are carried out one after the other.
    pub fn kill_next(&self, function: &str, n: u32) {
        self.deaths.borrow_mut().entry(function.to_owned()).or_default().push(n);
    }

    /// Goes on behind this position of each function's stream: what came up to there is done.
    pub async fn resume_streams(&self, positions: &BTreeMap<String, String>) {
        for (function, shard) in &self.shards {
            *shard.lock().await = Shard::after(positions.get(function).cloned());
        }
    }

    /// Up to which position of its stream each function is done.
    pub async fn stream_positions(&self) -> BTreeMap<String, String> {
        let mut positions = BTreeMap::new();
        for (function, shard) in &self.shards {
            if let Some(position) = shard.lock().await.position() {
                positions.insert(function.clone(), position.to_owned());
            }
        }
        positions
    }

    /// Puts a record into a function's stream as if it stood in the table: for poison.
    pub async fn inject(&self, function: &str, record: Record) {
        if let Some(shard) = self.shards.get(function) {
            shard.lock().await.inject(record);
        }
    }

    pub(crate) fn shard(&self, mapping: &StreamMapping) -> Option<&Mutex<Shard>> {
        self.shards.get(&mapping.function)
    }
}
