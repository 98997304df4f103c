//! The status machine: the statuses, and which may follow which.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The status of an order. It follows from its payment facts and our own decisions, and is never set directly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Placed, not paid.
    PendingPayment,
    /// The bank is processing the payment.
    PaymentProcessing,
    /// To be paid by bank transfer; the goods may be sent before.
    Invoiced,
    /// The whole amount was received.
    Paid,
    /// Paid and sent.
    Fulfilled,
    /// Part of the payment was refunded.
    PartiallyRefunded,
    /// All of the payment was refunded.
    Refunded,
    /// A bank holds the money until the dispute is decided.
    Disputed,
    /// A dispute was lost.
    ChargedBack,
    /// Cancelled; payments that arrived or still arrive are refunded.
    Cancelled,
    /// Amount, currency or order id contradict the order: staff must decide.
    NeedsReview,
}

use OrderStatus::{
    Cancelled, ChargedBack, Disputed, Fulfilled, Invoiced, NeedsReview, Paid, PartiallyRefunded, PaymentProcessing,
    PendingPayment, Refunded,
};

/// The machine as a table: for each status, those that may follow it.
///
/// Facts arrive in any order, so a step may skip statuses: a refund's webhook can arrive before its payment's. An
/// expired order whose payment arrived late goes from `Cancelled` to `Paid`; a decision of staff leaves `NeedsReview`.
const NEXT: [(OrderStatus, &[OrderStatus]); 11] = [
    (
        PendingPayment,
        &[PaymentProcessing, Paid, PartiallyRefunded, Refunded, Disputed, ChargedBack, Cancelled, NeedsReview],
    ),
    (
        PaymentProcessing,
        &[PendingPayment, Paid, PartiallyRefunded, Refunded, Disputed, ChargedBack, Cancelled, NeedsReview],
    ),
    (Invoiced, &[Paid, Fulfilled, PartiallyRefunded, Refunded, Disputed, ChargedBack, Cancelled, NeedsReview]),
    (Paid, &[Fulfilled, PartiallyRefunded, Refunded, Disputed, ChargedBack, Cancelled, NeedsReview]),
    (Fulfilled, &[PartiallyRefunded, Refunded, Disputed, ChargedBack, NeedsReview]),
    (PartiallyRefunded, &[Paid, Fulfilled, Refunded, Disputed, ChargedBack, Cancelled, NeedsReview]),
    (Refunded, &[Paid, Fulfilled, PartiallyRefunded, Disputed, ChargedBack, Cancelled, NeedsReview]),
    (Disputed, &[Paid, Fulfilled, PartiallyRefunded, Refunded, ChargedBack, Cancelled, NeedsReview]),
    (ChargedBack, &[NeedsReview]),
    (Cancelled, &[Paid, Refunded, Disputed, ChargedBack, NeedsReview]),
    (NeedsReview, &[Paid, Fulfilled, PartiallyRefunded, Refunded, Disputed, ChargedBack, Cancelled]),
];

impl OrderStatus {
    /// Every status.
    pub fn all() -> impl Iterator<Item = Self> {
        NEXT.iter().map(|(status, _)| *status)
    }

    /// Whether the machine allows `next` after this status.
    pub fn may_become(self, next: Self) -> bool {
        NEXT.iter().any(|(from, to)| *from == self && to.contains(&next))
    }

    /// Whether an order that was not sent may be cancelled: not when its payment is disputed or lost.
    pub fn can_be_cancelled(self) -> bool {
        matches!(self, PendingPayment | PaymentProcessing | Invoiced | Paid | PartiallyRefunded | Refunded)
    }

    /// Whether the goods may be sent: the order is paid or on invoice, and its payment is neither disputed nor under
    /// review.
    pub fn can_be_fulfilled(self) -> bool {
        matches!(self, Invoiced | Paid | PartiallyRefunded)
    }

    /// Whether staff may refund: there is a payment, and nothing else is being done about it.
    pub fn can_be_refunded(self) -> bool {
        matches!(self, Paid | Fulfilled | PartiallyRefunded | Refunded)
    }

    /// Whether the customer may be asked to pay through Stripe.
    pub fn awaits_payment(self) -> bool {
        matches!(self, PendingPayment | PaymentProcessing)
    }

    /// The word in API and tables: `pending_payment`.
    pub fn as_str(self) -> &'static str {
        match self {
            PendingPayment => "pending_payment",
            PaymentProcessing => "payment_processing",
            Invoiced => "invoiced",
            Paid => "paid",
            Fulfilled => "fulfilled",
            PartiallyRefunded => "partially_refunded",
            Refunded => "refunded",
            Disputed => "disputed",
            ChargedBack => "charged_back",
            Cancelled => "cancelled",
            NeedsReview => "needs_review",
        }
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not a status.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such order status")]
pub struct UnknownStatus;

impl FromStr for OrderStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        Self::all().find(|status| status.as_str() == text).ok_or(UnknownStatus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_one_word_everywhere() {
        assert_eq!(OrderStatus::all().count(), 11);
        for status in OrderStatus::all() {
            let stored = serde_json::to_value(status).unwrap();
            assert_eq!((stored.as_str(), status.to_string().as_str()), (Some(status.as_str()), status.as_str()));
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        assert_eq!("lost".parse::<OrderStatus>(), Err(UnknownStatus));
    }

    #[test]
    fn what_may_be_done_follows_from_the_status() {
        let those = |may: fn(OrderStatus) -> bool| OrderStatus::all().filter(|status| may(*status)).collect::<Vec<_>>();
        assert_eq!(
            those(OrderStatus::can_be_cancelled),
            [PendingPayment, PaymentProcessing, Invoiced, Paid, PartiallyRefunded, Refunded]
        );
        assert_eq!(those(OrderStatus::can_be_fulfilled), [Invoiced, Paid, PartiallyRefunded]);
        assert_eq!(those(OrderStatus::can_be_refunded), [Paid, Fulfilled, PartiallyRefunded, Refunded]);
        assert_eq!(those(OrderStatus::awaits_payment), [PendingPayment, PaymentProcessing]);
    }
}
