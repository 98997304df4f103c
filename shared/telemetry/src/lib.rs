//! What a function tells about itself: JSON logs, metrics, correlation ids.
//!
//! Must not know the domain, nor any provider. Nothing here may put a secret, a body, an address
//! or a token into a log.

mod chain;
mod correlation;
mod fields;
mod logs;
mod metrics;

pub use chain::{Chain, chain};
pub use correlation::{CORRELATION_HEADER, CorrelationId, InvalidCorrelationId};
pub use logs::{JsonLogs, init, invocation};
pub use metrics::{NAMESPACE, SERVICE, count, count_cached, time};
