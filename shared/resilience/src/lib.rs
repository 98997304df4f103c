//! What stands between our code and an unreliable world: clock, ids, jitter, retries, deadlines and the HTTP seam.
//!
//! Everything that a simulation wants to control is a trait here, with its real side beside it. Must not know AWS.

mod clock;
mod http;
mod ids;
mod transport;

pub use clock::{Clock, SystemClock};
pub use http::{HttpClientError, HttpTransport};
pub use ids::{Ids, RandomIds};
pub use transport::{Transport, TransportError};
