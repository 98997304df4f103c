//! What an order costs, and its payment intent: the one that can be paid now, found, made or given up, and what is told
//! of it.
//!
//! There is one live intent per order: Stripe's idempotency key derives from order and attempt, and the order names the
//! intent before its client secret leaves the house. Must not know who asks, nor how they asked.

mod answer;
mod error;
mod open;
mod price;
mod void;

use std::time::Duration;

pub use answer::{PayableOrder, PaymentAnswer, PaymentStatus};
pub use error::CheckoutError;
pub use open::Checkout;
pub use price::{Quote, out_of_stock};

/// For one attempt while a customer waits; Stripe's slowest good answers take a second or two.
pub const TIMEOUT: Duration = Duration::from_secs(4);
