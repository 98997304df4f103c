//! Payment by invoice: a bank transfer by a due date, recorded by staff.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, de::Error as _};
use utoipa::ToSchema;

use super::{Change, Order, PaymentMethod};
use crate::{Money, OrderStatus, PaymentFact, Timestamp, TransferDirection, TransferFact};

/// The longest reference in characters: that of a transfer's remittance information (ISO 20022, `Max140Text`).
const MAX_REFERENCE: usize = 140;

/// The reference of a bank transfer on the account's statement: 1 to 140 characters of printable ASCII, with spaces
/// only between others. One transfer may pay several orders, so a reference is not unique to an order.
#[derive(Clone, Debug, PartialEq, Eq, ToSchema)]
#[schema(
    value_type = String,
    pattern = r"^[!-~]([ -~]*[!-~])?$",
    min_length = 1,
    max_length = 140,
    example = "RE 2026-1142"
)]
pub struct TransferReference(String);

/// The text is not a valid reference.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a reference has 1 to 140 visible ASCII characters, with spaces between them")]
pub struct InvalidTransferReference;

impl TransferReference {
    /// The reference as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TransferReference {
    type Err = InvalidTransferReference;

    fn from_str(text: &str) -> Result<Self, InvalidTransferReference> {
        let is_legible = text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        let is_tight = !text.starts_with(' ') && !text.ends_with(' ');
        let fits = (1..=MAX_REFERENCE).contains(&text.len());
        if is_legible && is_tight && fits { Ok(Self(text.to_owned())) } else { Err(InvalidTransferReference) }
    }
}

impl<'de> Deserialize<'de> for TransferReference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// Why a transfer is not accepted as an order's payment.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransferRefused {
    /// The order is paid through Stripe.
    #[error("the order is not paid by invoice")]
    NotByInvoice,
    /// It is not awaiting a transfer: it is paid by another one, or cancelled.
    #[error("an order in status {0} is not awaiting a transfer")]
    NotAwaited(OrderStatus),
    /// The amount or currency is not that of the order's total.
    #[error("the order's total is {0}")]
    AmountMismatch(Money),
}

impl Order {
    /// Records that the whole total arrived by bank transfer, identified by its reference on the account's statement.
    /// If `amount` is given, it must be that total. Recording the same transfer again changes nothing.
    ///
    /// # Errors
    ///
    /// [`TransferRefused`].
    pub fn mark_paid(
        &self,
        reference: &str,
        amount: Option<Money>,
        correlation_id: &str,
        now: Timestamp,
    ) -> Result<Option<Change>, TransferRefused> {
        if self.payment.method == PaymentMethod::Stripe {
            return Err(TransferRefused::NotByInvoice);
        }
        let direction = TransferDirection::Received;
        let mut known = self.payment.facts.transfers();
        let is_known = known.any(|known| known.id == reference && known.direction == direction);
        if !is_known && !self.status.awaits_transfer() {
            return Err(TransferRefused::NotAwaited(self.status));
        }
        if amount.is_some_and(|amount| amount != self.total) {
            return Err(TransferRefused::AmountMismatch(self.total));
        }
        if is_known {
            return Ok(None);
        }
        let id = reference.to_owned();
        let (amount, action, reason, requested_at) = (self.total, None, None, None);
        let transfer = TransferFact { direction, amount, action, reason, requested_at, id };
        Ok(self.apply_facts(vec![PaymentFact::Transfer(transfer)], correlation_id, now))
    }

    /// Records that an invoice is late; `None` when it is not, or was recorded before.
    pub fn mark_overdue(&self, correlation_id: &str, now: Timestamp) -> Option<Change> {
        let PaymentMethod::Invoice { due_at, overdue_since: None } = self.payment.method else { return None };
        if !self.status.awaits_transfer() || due_at > now {
            return None;
        }
        self.change(correlation_id, now, |order| {
            order.payment.method = PaymentMethod::Invoice { due_at, overdue_since: Some(now) };
        })
    }
}
