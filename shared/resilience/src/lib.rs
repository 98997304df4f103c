//! What our code uses to deal with an unreliable world: clock, ids, jitter, retries, deadlines, caches, limits and the
//! HTTP seam.
//!
//! Everything that a simulation wants to control is a trait here, with its real side beside it. Must not know AWS.

mod cache;
mod clock;
mod deadline;
mod http;
mod ids;
mod limit;
mod retry;
mod retry_after;
mod transport;
mod virtual_clock;

pub use cache::{Cache, CacheOutcome, CachePolicy, Lookup};
pub use clock::{Clock, SystemClock};
pub use deadline::Deadline;
pub use http::{HttpClientError, HttpTransport};
pub use ids::{Ids, RandomIds, SeededIds};
pub use limit::{Decision, Limit};
pub use retry::{Policy, Verdict, retry};
pub use retry_after::retry_after;
pub use transport::{Transport, TransportError};
pub use virtual_clock::VirtualClock;
