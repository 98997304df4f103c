//! Payment terms, agreed on when an order is placed: the method, and how long it may wait.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Timestamp;

/// The payment method of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PaymentMethod {
    /// Through a payment intent of Stripe's.
    Stripe,
    /// By bank transfer. The goods may be sent before.
    Invoice {
        /// The due date.
        due_at: Timestamp,
        /// When it was recorded as late.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        overdue_since: Option<Timestamp>,
    },
}

string_enum! {
    /// What a customer chooses between.
    #[derive(Default, ToSchema)]
    pub enum PaymentChoice {
        /// At once, through Stripe.
        #[default]
        Stripe = "stripe",
        /// Later, by bank transfer.
        Invoice = "invoice",
    }
}

/// How long the shop waits for payments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentTerms {
    /// How long goods are reserved for an order that is to be paid at once.
    pub reservation: Duration,
    /// How long after an order its invoice is due.
    pub invoice_due: Duration,
}

impl Default for PaymentTerms {
    fn default() -> Self {
        Self { reservation: Duration::from_hours(1), invoice_due: Duration::from_hours(30 * 24) }
    }
}

impl PaymentTerms {
    /// The payment method of an order that is placed now, and when its reservation ends; `None` when only a decision
    /// ends it.
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
    /// The customer's choice that it is.
    pub const fn choice(self) -> PaymentChoice {
        match self {
            Self::Stripe => PaymentChoice::Stripe,
            Self::Invoice { .. } => PaymentChoice::Invoice,
        }
    }
}
