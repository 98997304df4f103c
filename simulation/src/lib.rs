//! The whole suite in one thread, with customers, staff, banks and everything that can go wrong, from one seed.
//!
//! The real handlers run with memory repositories, the sandbox and a virtual clock. At every effect a seeded [`Weather`]
//! decides how long it takes and what befalls it; actors take turns by these latencies. When all have had their will and
//! the faults are over, the books of everybody are laid side by side ([`invariants`]). The same seed is the same run, to
//! the last effect, so that a failing one can be told as a [story](Story).
//!
//! A tool like `suite`; no function links it.

mod chance;
pub mod crash_points;
mod fixture;
pub mod invariants;
mod machinery;
mod network;
mod people;
mod promises;
mod run;
mod shelf;
pub mod snapshot;
mod stage;
mod story;
mod tally;
pub mod variants;
mod weather;
mod world;

pub use fixture::FixtureError;
pub use invariants::{Violation, check};
pub use people::{SCRIPTS, Script};
pub use run::{Outcome, Plan, run, tell};
pub use snapshot::Snapshot;
pub use story::Story;
pub use tally::Tally;
pub use weather::{Conditions, Point, Seen, Weather};
pub use world::Build;
