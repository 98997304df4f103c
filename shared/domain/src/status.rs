//! The status machine: the statuses, and which may follow which.

use std::str::FromStr;

use utoipa::ToSchema;

string_enum! {
    /// Where an order stands. Follows from its payment facts and our own decisions; nobody sets it.
    #[derive(ToSchema)]
    pub enum OrderStatus {
        /// Placed; no money yet.
        PendingPayment = "pending_payment",
        /// The bank is at work.
        PaymentProcessing = "payment_processing",
        /// To be paid by bank transfer; the goods may be on their way.
        Invoiced = "invoiced",
        /// The whole amount was received.
        Paid = "paid",
        /// Paid and sent.
        Fulfilled = "fulfilled",
        /// Part of the money went back.
        PartiallyRefunded = "partially_refunded",
        /// All of the money went back.
        Refunded = "refunded",
        /// A bank holds the money until the dispute is decided.
        Disputed = "disputed",
        /// A dispute was lost, and nothing of the money is left.
        ChargedBack = "charged_back",
        /// Called off; money that came or still comes goes back.
        Cancelled = "cancelled",
        /// Amount, currency or order id contradict the order: people must look.
        NeedsReview = "needs_review",
    }
}

use OrderStatus::{
    Cancelled, ChargedBack, Disputed, Fulfilled, Invoiced, NeedsReview, Paid, PartiallyRefunded, PaymentProcessing,
    PendingPayment, Refunded,
};

impl OrderStatus {
    /// The machine as a table: those that may follow each status.
    ///
    /// Facts arrive in any order, so a step may skip what lies between: a refund's webhook can come before its payment's.
    /// `Cancelled` can be left for `Paid` by an expired order whose money came late, `NeedsReview` by a decision of staff,
    /// `ChargedBack` by an appeal that is won.
    const fn next(self) -> &'static [Self] {
        match self {
            PendingPayment => {
                &[PaymentProcessing, Paid, PartiallyRefunded, Refunded, Disputed, ChargedBack, Cancelled, NeedsReview]
            }
            PaymentProcessing => {
                &[PendingPayment, Paid, PartiallyRefunded, Refunded, Disputed, ChargedBack, Cancelled, NeedsReview]
            }
            Invoiced => &[Paid, Fulfilled, PartiallyRefunded, Refunded, Disputed, ChargedBack, Cancelled, NeedsReview],
            Paid => &[Fulfilled, PartiallyRefunded, Refunded, Disputed, ChargedBack, Cancelled, NeedsReview],
            Fulfilled => &[PartiallyRefunded, Refunded, Disputed, ChargedBack, NeedsReview],
            PartiallyRefunded => &[Paid, Fulfilled, Refunded, Disputed, ChargedBack, Cancelled, NeedsReview],
            Refunded => &[Paid, Fulfilled, PartiallyRefunded, Disputed, ChargedBack, Cancelled, NeedsReview],
            Disputed => &[Paid, Fulfilled, PartiallyRefunded, Refunded, ChargedBack, Cancelled, NeedsReview],
            ChargedBack => &[Paid, Fulfilled, PartiallyRefunded, Refunded, Disputed, Cancelled, NeedsReview],
            Cancelled => &[Paid, Refunded, Disputed, ChargedBack, NeedsReview],
            NeedsReview => &[Paid, Fulfilled, PartiallyRefunded, Refunded, Disputed, ChargedBack, Cancelled],
        }
    }

    /// Whether the machine allows `next` after this status.
    pub fn may_become(self, next: Self) -> bool {
        self.next().contains(&next)
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

    /// Whether the order is to be paid by bank transfer.
    pub fn awaits_transfer(self) -> bool {
        self == Invoiced
    }

    /// Whether an order that was not sent may be edited: no money has moved, and none is moving.
    pub fn can_be_edited(self) -> bool {
        matches!(self, PendingPayment | Invoiced)
    }
}

/// The text is not a status.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such order status")]
pub struct UnknownStatus;

impl FromStr for OrderStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        Self::from_word(text).ok_or(UnknownStatus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_one_word_everywhere() {
        for status in OrderStatus::ALL {
            let stored = serde_json::to_value(status).unwrap();
            assert_eq!((stored.as_str(), status.to_string().as_str()), (Some(status.as_str()), status.as_str()));
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        assert_eq!("lost".parse::<OrderStatus>(), Err(UnknownStatus));
    }

    #[test]
    fn what_may_be_done_follows_from_the_status() {
        let those = |may: fn(OrderStatus) -> bool| {
            OrderStatus::ALL.into_iter().filter(|status| may(*status)).collect::<Vec<_>>()
        };
        assert_eq!(
            those(OrderStatus::can_be_cancelled),
            [PendingPayment, PaymentProcessing, Invoiced, Paid, PartiallyRefunded, Refunded]
        );
        assert_eq!(those(OrderStatus::can_be_fulfilled), [Invoiced, Paid, PartiallyRefunded]);
        assert_eq!(those(OrderStatus::can_be_refunded), [Paid, Fulfilled, PartiallyRefunded, Refunded]);
        assert_eq!(those(OrderStatus::awaits_payment), [PendingPayment, PaymentProcessing]);
        assert_eq!(those(OrderStatus::awaits_transfer), [Invoiced]);
        assert_eq!(those(OrderStatus::can_be_edited), [PendingPayment, Invoiced]);
    }
}
