//! Stand-ins for the outside systems: Stripe, SendGrid with a mailbox, Google Sheets, an OpenID provider.
//!
//! Each provider is a state machine that takes an HTTP request and returns a response, with the time passed in, so that
//! tests, the suite and a simulation call it in process ([`SandboxTransport`]), and [`server::serve`] puts the same
//! machine on a socket. [`Fault`]s make it misbehave, from Rust or over `/_sandbox/faults`. Webhooks go into a queue
//! that the driver of the sandbox empties: [`Sandbox::due`], POST, [`Sandbox::delivered`].
//!
//! Written from the providers' documentation, and must not know the product: nothing of ours but clock, time and the
//! HTTP seam is used here, so that a misunderstanding on our side does not meet its twin.

#![recursion_limit = "256"]

mod answer;
mod call;
mod control;
mod deliveries;
mod draw;
mod faults;
pub mod journal;
pub mod oidc;
mod provider;
mod requests;
mod rsa_key;
mod sandbox;
pub mod sendgrid;
pub mod server;
mod settings;
mod shared;
pub mod sheets;
pub mod stripe;
mod transport;

pub use call::Outcome;
pub use deliveries::{Deliveries, Delivery, DeliveryCounts, DeliveryId, RetrySchedule};
pub use faults::{ActiveFault, CallResult, Fault, FaultKind, Faults, Loss, Plan, WebhookPlan, When};
pub use provider::{Provider, Refusal, StandIn, Webhook};
pub use requests::{Call, RequestLog, RouteCounts};
pub use sandbox::Sandbox;
pub use settings::Settings;
pub use shared::Shared;
pub use transport::SandboxTransport;

#[cfg(test)]
mod tests;
