//! One observation of one Stripe object. Facts of the same object have a total order, and the greater one is the
//! truer one; so that merging is taking the greater.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Money, OrderId, RefundReason, Timestamp};

macro_rules! stripe_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The id as Stripe wrote it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.to_owned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

stripe_id!(
    /// `pi_…`
    IntentId
);
stripe_id!(
    /// `ch_…` or `py_…`
    ChargeId
);
stripe_id!(
    /// `re_…` or `pyr_…`
    RefundId
);
stripe_id!(
    /// `du_…` or `dp_…`
    DisputeId
);

/// A fact about one of the four kinds of Stripe object that move an order's money, or about a bank transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "object", rename_all = "snake_case")]
pub enum PaymentFact {
    /// A `payment_intent`.
    PaymentIntent(IntentFact),
    /// A `charge`.
    Charge(ChargeFact),
    /// A `refund`.
    Refund(RefundFact),
    /// A `dispute`.
    Dispute(DisputeFact),
    /// A transfer to or from our own bank account.
    Transfer(TransferFact),
}

/// How far a payment intent is, in the order in which Stripe usually gets there.
///
/// Source: docs.stripe.com/payments/paymentintents/lifecycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IntentStatus {
    /// Waits for a payment method.
    RequiresPaymentMethod,
    /// Waits to be confirmed.
    RequiresConfirmation,
    /// The customer must act, as in 3-D Secure.
    RequiresAction,
    /// The bank is at work, for days perhaps.
    Processing,
    /// A try failed; Stripe then says `requires_payment_method` and carries a `last_payment_error`.
    PaymentFailed,
    /// Authorised, not captured.
    RequiresCapture,
    /// Given up, for good.
    Canceled,
    /// The money is ours, for good.
    Succeeded,
}

impl IntentStatus {
    /// Whether Stripe will never leave this status again.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Canceled | Self::Succeeded)
    }

    /// 0 for what may change, above that what is final.
    fn finality(self) -> u8 {
        match self {
            Self::Succeeded => 2,
            Self::Canceled => 1,
            _ => 0,
        }
    }
}

/// A payment intent as it was seen once.
///
/// Facts about one intent have a total order: what is final beats what is not, money received beats all; while nothing
/// is final, the later second wins, then the status that is further on, then the rest. So any two facts are
/// comparable, ties in Stripe's one-second `created` included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntentFact {
    /// Which intent.
    pub id: IntentId,
    /// How far it is.
    pub status: IntentStatus,
    /// When Stripe said so: the event's `created`, or the answer's `Date`, in seconds since the epoch. 0 once it is known
    /// of an intent that it is final: to hear that again is no news.
    pub seen_at: i64,
    /// What was asked for.
    pub amount: Money,
    /// What was received.
    pub received: Money,
    /// The order that the intent's metadata names.
    pub order_id: Option<OrderId>,
}

impl IntentFact {
    /// The fact as it is known: what is final needs no clock.
    pub(super) fn timeless(self) -> Self {
        if self.status.is_final() { Self { seen_at: 0, ..self } } else { self }
    }
}

impl Ord for IntentFact {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |fact: &Self| {
            let finality = fact.status.finality();
            let moment = if finality == 0 { fact.seen_at } else { 0 };
            (finality, moment, fact.status, fact.received, fact.amount, fact.order_id, fact.seen_at)
        };
        key(self).cmp(&key(other)).then_with(|| self.id.cmp(&other.id))
    }
}

impl PartialOrd for IntentFact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A charge as it was seen once; the later second wins, then the greater amount.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ChargeFact {
    /// When Stripe said so, in seconds since the epoch.
    pub seen_at: i64,
    /// How much of it was given back, all refunds together.
    pub refunded: Money,
    /// The intent that it paid.
    pub intent: Option<IntentId>,
    /// Which charge.
    pub id: ChargeId,
}

/// How far a refund is; the greater one is the later one: a succeeded refund can still fail, never the reverse.
///
/// Source: docs.stripe.com/refunds#failed-refunds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// On its way.
    Pending,
    /// The customer must act.
    RequiresAction,
    /// The money went back.
    Succeeded,
    /// Called back.
    Canceled,
    /// The money came back to us.
    Failed,
}

impl RefundStatus {
    /// Whether the refund takes money out: it did, or it will.
    pub fn counts(self) -> bool {
        matches!(self, Self::Pending | Self::RequiresAction | Self::Succeeded)
    }
}

/// A refund as it was seen once; the greater status wins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RefundFact {
    /// How far it is.
    pub status: RefundStatus,
    /// What goes back.
    pub amount: Money,
    /// The intent whose money it is.
    pub intent: Option<IntentId>,
    /// Our own refund action, from the refund's metadata; none for a refund made in Stripe's dashboard.
    pub action: Option<String>,
    /// Which refund.
    pub id: RefundId,
}

/// How far a dispute is; the greater one is the later one.
///
/// Source: docs.stripe.com/api/disputes/object#dispute_object-status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeStatus {
    /// An inquiry that no money moved for.
    WarningNeedsResponse,
    /// The inquiry is looked at.
    WarningUnderReview,
    /// The inquiry came to nothing.
    WarningClosed,
    /// The bank took the money and waits for our evidence.
    NeedsResponse,
    /// The bank reads our evidence.
    UnderReview,
    /// The money stays ours.
    Won,
    /// The money is gone.
    Lost,
}

impl DisputeStatus {
    /// Whether the money is held by the bank for now.
    pub fn is_open(self) -> bool {
        matches!(self, Self::NeedsResponse | Self::UnderReview)
    }
}

/// A dispute as it was seen once; the greater status wins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DisputeFact {
    /// How far it is.
    pub status: DisputeStatus,
    /// What is disputed.
    pub amount: Money,
    /// The intent whose money it is.
    pub intent: Option<IntentId>,
    /// Which dispute.
    pub id: DisputeId,
}

/// Which way a bank transfer went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferDirection {
    /// The customer paid.
    Received,
    /// We gave money back.
    Returned,
}

/// A bank transfer that staff found on the account's statement; the greater amount wins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TransferFact {
    /// Which way it went.
    pub direction: TransferDirection,
    /// How much.
    pub amount: Money,
    /// The refund that it carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Why that was wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<RefundReason>,
    /// When that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_at: Option<Timestamp>,
    /// The statement's reference, which staff wrote down.
    pub id: String,
}
