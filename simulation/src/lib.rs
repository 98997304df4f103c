//! The whole suite on one thread, with customers, staff, banks and injected faults, from one seed.
//!
//! The real handlers run with memory repositories, the sandbox and a virtual clock. At every effect a
//! [`SeededInjector`] decides how long it takes and which fault it gets; tasks take turns by these latencies. When all
//! customers are done and the faults have stopped, a snapshot of all records is checked against the [`invariants`]. The
//! same seed gives the same run, to the last effect, so that a failing run can be shown as a [trace](Trace).
//!
//! A tool like `suite`; no function links it.

pub mod crash_points;
mod executor;
mod fixture;
mod injector;
pub mod invariants;
mod metrics;
mod network;
mod observed_store;
mod people;
mod pollers;
mod promises;
mod reports;
mod rng;
mod run;
pub mod seeded_bugs;
pub mod snapshot;
mod trace;
mod world;

pub use fixture::FixtureError;
pub use injector::{EffectLog, FaultProfile, Outage, Point, SeededInjector, Symptom};
pub use invariants::{Violation, check};
pub use metrics::Metrics;
pub use observed_store::INDEX_LAG;
pub use people::{BESIDE_POISON, HOARD, IN_AN_OUTAGE, OUTAGE_AFTER, SCENARIOS, Scenario};
pub use run::{Outcome, Plan, run, run_traced};
pub use snapshot::Snapshot;
pub use trace::Trace;
pub use world::{Build, SimulatedSuite};
