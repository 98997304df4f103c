//! Paying by invoice: a bank transfer by a due date, noted by staff.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Change, Order};
use crate::{OrderStatus, PaymentFact, Timestamp, TransferDirection, TransferFact};

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

/// Why a transfer is not taken as an order's payment.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransferRefused {
    /// The order is paid through Stripe.
    #[error("the order is not paid by invoice")]
    NotByInvoice,
    /// It waits for no transfer: paid by another one, or called off.
    #[error("an order that is {0} waits for no transfer")]
    NotAwaited(OrderStatus),
}

impl Order {
    /// Notes that the whole total came by bank transfer, known by its reference on the account's statement. The same
    /// transfer again changes nothing.
    ///
    /// # Errors
    ///
    /// [`TransferRefused`].
    pub fn mark_paid(
        &self,
        reference: &str,
        correlation_id: &str,
        now: Timestamp,
    ) -> Result<Option<Change>, TransferRefused> {
        if self.payment.method == PaymentMethod::Stripe {
            return Err(TransferRefused::NotByInvoice);
        }
        let direction = TransferDirection::Received;
        if self.payment.facts.transfers().any(|known| known.id == reference && known.direction == direction) {
            return Ok(None);
        }
        if self.status != OrderStatus::Invoiced {
            return Err(TransferRefused::NotAwaited(self.status));
        }
        let transfer = TransferFact { id: reference.to_owned(), direction, amount: self.total, action: None };
        Ok(self.learn(vec![PaymentFact::Transfer(transfer)], correlation_id, now))
    }

    /// Notes that an invoice is late. None when it is not, or was noted before.
    pub fn mark_overdue(&self, correlation_id: &str, now: Timestamp) -> Option<Change> {
        let PaymentMethod::Invoice { due_at, overdue_since: None } = self.payment.method else { return None };
        if self.status != OrderStatus::Invoiced || due_at > now {
            return None;
        }
        self.change(correlation_id, now, |order| {
            order.payment.method = PaymentMethod::Invoice { due_at, overdue_since: Some(now) };
        })
    }
}
