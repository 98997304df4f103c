//! The whole suite in one thread, with customers, staff, banks and everything that can go wrong, from one seed.
//!
//! The real handlers run with memory repositories, the sandbox and a virtual clock. At every effect a seeded [`SeededInjector`]
//! decides how long it takes and what befalls it; actors take turns by these latencies. When all have had their will and
//! the faults are over, the books of everybody are laid side by side ([`invariants`]). The same seed is the same run, to
//! the last effect, so that a failing one can be told as a [story](Trace).
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
mod rng;
mod run;
pub mod seeded_bugs;
pub mod snapshot;
mod trace;
mod world;

pub use fixture::FixtureError;
pub use injector::{EffectLog, FaultProfile, Point, SeededInjector};
pub use invariants::{Violation, check};
pub use metrics::Metrics;
pub use people::{SCENARIOS, Scenario};
pub use run::{Outcome, Plan, run, run_traced};
pub use snapshot::Snapshot;
pub use trace::Trace;
pub use world::Build;
