//! An order's money at Stripe: what the order costs, the one payment intent that can pay it now, and the refunds and
//! voids that take a payment back.
//!
//! There is one live intent per order: Stripe's idempotency key derives from order and attempt, and the order names the
//! intent before its client secret is returned. Must not know who asks, nor how.

mod answer;
mod error;
mod open;
mod price;
mod reversals;
mod void;

use std::time::Duration;

pub use answer::{PayableOrder, PaymentAnswer, PaymentStatus};
pub use error::{CheckoutError, QuoteError};
pub use open::Checkout;
pub use price::{Quote, out_of_stock};
pub use reversals::{ReversalError, Reversals};

/// The time for one attempt while a customer waits; Stripe's slowest successful answers take a second or two.
pub const TIMEOUT: Duration = Duration::from_secs(4);
