//! How an order is to be paid, and how long it may wait for that: agreed on when it is placed.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Timestamp;

/// How an order is to be paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PaymentMethod {
    /// Through a payment intent of Stripe's.
    Stripe,
    /// By bank transfer. The goods may be sent before.
    Invoice {
        /// By when.
        due_at: Timestamp,
        /// Since when it is late, once that was noted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        overdue_since: Option<Timestamp>,
    },
}

/// What a customer chooses between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentChoice {
    /// At once, through Stripe.
    #[default]
    Stripe,
    /// Later, by bank transfer.
    Invoice,
}

/// How long the shop waits for money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentTerms {
    /// So long goods are held for an order that is to be paid at once.
    pub reservation: Duration,
    /// So long after an order its invoice is due.
    pub invoice_due: Duration,
}

impl Default for PaymentTerms {
    fn default() -> Self {
        Self { reservation: Duration::from_hours(1), invoice_due: Duration::from_hours(30 * 24) }
    }
}

impl PaymentTerms {
    /// How an order that is placed now is to be paid, and until when its goods are held for that; none: until somebody
    /// decides.
    pub fn agreed(self, choice: PaymentChoice, now: Timestamp) -> (PaymentMethod, Option<Timestamp>) {
        match choice {
            PaymentChoice::Stripe => (PaymentMethod::Stripe, Some(now.plus(self.reservation))),
            PaymentChoice::Invoice => {
                (PaymentMethod::Invoice { due_at: now.plus(self.invoice_due), overdue_since: None }, None)
            }
        }
    }
}

impl PaymentMethod {
    /// Which of the choices it is.
    pub const fn choice(self) -> PaymentChoice {
        match self {
            Self::Stripe => PaymentChoice::Stripe,
            Self::Invoice { .. } => PaymentChoice::Invoice,
        }
    }
}
