//! One observation of one Stripe object. Facts of the same object have a total order in which the greater fact is the
//! better one, so that merging is taking the greater.

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

impl PaymentFact {
    /// Whether Stripe used a word in it that this version does not know.
    pub fn is_unknown(&self) -> bool {
        match self {
            Self::PaymentIntent(fact) => fact.status == IntentStatus::Unknown,
            Self::Refund(fact) => fact.status == RefundStatus::Unknown,
            Self::Dispute(fact) => fact.status == DisputeStatus::Unknown,
            Self::Charge(_) | Self::Transfer(_) => false,
        }
    }
}

string_enum! {
    /// How far a payment intent is, in the order in which Stripe usually gets there.
    ///
    /// Source: docs.stripe.com/payments/paymentintents/lifecycle.
    #[derive(ToSchema)]
    pub enum IntentStatus {
        /// A word that the version of Stripe's API that we speak does not have: it may still bring money.
        Unknown = "unknown",
        /// Waits for a payment method.
        RequiresPaymentMethod = "requires_payment_method",
        /// Waits to be confirmed.
        RequiresConfirmation = "requires_confirmation",
        /// The customer must act, as in 3-D Secure.
        RequiresAction = "requires_action",
        /// The bank is at work, for days perhaps.
        Processing = "processing",
        /// A try failed; Stripe then says `requires_payment_method` and carries a `last_payment_error`.
        PaymentFailed = "payment_failed",
        /// Authorised, not captured.
        RequiresCapture = "requires_capture",
        /// Given up, for good.
        Canceled = "canceled",
        /// The money is ours, for good.
        Succeeded = "succeeded",
    }
}

impl IntentStatus {
    /// Whether Stripe never leaves this status.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Canceled | Self::Succeeded)
    }

    /// 0 for statuses that may change, greater for final ones.
    fn finality(self) -> u8 {
        match self {
            Self::Succeeded => 2,
            Self::Canceled => 1,
            _ => 0,
        }
    }
}

/// An observation of a payment intent.
///
/// Facts about one intent have a total order: final beats not final, and received money beats all; among statuses that
/// are not final, the later second wins, then the later status, then the rest. So any two facts are comparable, ties in
/// Stripe's one-second `created` included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntentFact {
    /// The intent.
    pub id: IntentId,
    /// The status.
    pub status: IntentStatus,
    /// When Stripe said so: the event's `created`, or the answer's `Date`, in seconds since the epoch. 0 for a final
    /// status, so that a repetition is no news.
    pub seen_at: i64,
    /// When the intent was made, in seconds since the epoch.
    pub created: i64,
    /// The requested amount.
    pub amount: Money,
    /// The received amount.
    pub received: Money,
    /// The order that the intent's metadata names.
    pub order_id: Option<OrderId>,
}

impl IntentFact {
    /// What an order keeps of it: a final status needs no time, and of an intent that was cancelled and brought nothing
    /// only that matters.
    #[must_use]
    pub fn as_known(self) -> Self {
        match self {
            fact if fact.came_to_nothing() => Self::canceled(fact.id, fact.received.currency),
            fact if fact.status.is_final() => Self { seen_at: 0, ..fact },
            fact => fact,
        }
    }
}

impl Ord for IntentFact {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |fact: &Self| {
            let finality = fact.status.finality();
            let moment = if finality == 0 { fact.seen_at } else { 0 };
            (finality, moment, fact.status, fact.received, fact.amount, fact.order_id, fact.created, fact.seen_at)
        };
        key(self).cmp(&key(other)).then_with(|| self.id.cmp(&other.id))
    }
}

impl PartialOrd for IntentFact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// An observation of a charge; the later second wins, then the greater amount.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ChargeFact {
    /// When Stripe said so, in seconds since the epoch.
    pub seen_at: i64,
    /// How much of it was refunded, all refunds together.
    pub refunded: Money,
    /// The intent that it paid.
    pub intent: Option<IntentId>,
    /// The charge.
    pub id: ChargeId,
}

string_enum! {
    /// How far a refund is; the greater one is the later one: a succeeded refund can still fail, never the reverse.
    ///
    /// Source: docs.stripe.com/refunds#failed-refunds.
    pub enum RefundStatus {
        /// None, or a word that the version of Stripe's API that we speak does not have: the money may be on its way.
        Unknown = "unknown",
        /// On its way.
        Pending = "pending",
        /// The customer must act.
        RequiresAction = "requires_action",
        /// The money went back.
        Succeeded = "succeeded",
        /// Called back.
        Canceled = "canceled",
        /// The money came back to us.
        Failed = "failed",
    }
}

impl RefundStatus {
    /// Whether the refund takes money out, now or soon.
    pub fn counts(self) -> bool {
        matches!(self, Self::Unknown | Self::Pending | Self::RequiresAction | Self::Succeeded)
    }
}

/// An observation of a refund; the greater status wins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RefundFact {
    /// The status.
    pub status: RefundStatus,
    /// The amount.
    pub amount: Money,
    /// The refunded intent.
    pub intent: Option<IntentId>,
    /// Our refund action, from the refund's metadata; `None` for a refund made in Stripe's dashboard.
    pub action: Option<String>,
    /// The refund.
    pub id: RefundId,
}

string_enum! {
    /// How a dispute stands, in the order in which one usually gets there. It may also go back: a dispute that was lost
    /// can be appealed and then won.
    ///
    /// Source: docs.stripe.com/api/disputes/object#dispute_object-status.
    pub enum DisputeStatus {
        /// A word that the version of Stripe's API that we speak does not have: open, and people have to look.
        Unknown = "unknown",
        /// An inquiry that no money moved for.
        WarningNeedsResponse = "warning_needs_response",
        /// The inquiry is looked at.
        WarningUnderReview = "warning_under_review",
        /// The inquiry came to nothing.
        WarningClosed = "warning_closed",
        /// The bank took the money and waits for our evidence.
        NeedsResponse = "needs_response",
        /// The bank reads our evidence.
        UnderReview = "under_review",
        /// The money is gone.
        Lost = "lost",
        /// It was lost, and can be appealed.
        AppealNeedsResponse = "appeal_needs_response",
        /// It was lost, and the bank reads our appeal.
        AppealUnderReview = "appeal_under_review",
        /// The money stays ours.
        Won = "won",
        /// It was settled or blocked before it became a chargeback.
        Prevented = "prevented",
    }
}

impl DisputeStatus {
    /// Whether the money is held by the bank for now.
    pub fn is_open(self) -> bool {
        matches!(self, Self::NeedsResponse | Self::UnderReview | Self::Unknown)
    }

    /// Whether it was lost, and not won since.
    pub fn is_lost(self) -> bool {
        matches!(self, Self::Lost) || self.is_appealed()
    }

    /// Whether a loss may still be turned.
    pub fn is_appealed(self) -> bool {
        matches!(self, Self::AppealNeedsResponse | Self::AppealUnderReview)
    }

    /// What people hear of it.
    pub fn stage(self) -> DisputeStage {
        match self {
            Self::Unknown => DisputeStage::Unknown,
            Self::WarningNeedsResponse | Self::WarningUnderReview => DisputeStage::Inquiry,
            Self::NeedsResponse | Self::UnderReview => DisputeStage::Chargeback,
            Self::Lost => DisputeStage::Lost,
            Self::AppealNeedsResponse | Self::AppealUnderReview => DisputeStage::Appeal,
            Self::Won => DisputeStage::Won,
            Self::WarningClosed | Self::Prevented => DisputeStage::Closed,
        }
    }
}

string_enum! {
    /// A stage of a dispute, each of which people are told of once.
    #[derive(ToSchema)]
    pub enum DisputeStage {
        /// Stripe says something that we do not know.
        Unknown = "unknown",
        /// The bank asks, by a deadline; no money moved.
        Inquiry = "inquiry",
        /// The bank took the money, and waits for evidence by a deadline.
        Chargeback = "chargeback",
        /// The money is gone.
        Lost = "lost",
        /// The loss is appealed, or can be.
        Appeal = "appeal",
        /// The money stays ours.
        Won = "won",
        /// It ended without a decision.
        Closed = "closed",
    }
}

/// An observation of a dispute.
///
/// The later second wins, since a dispute may go back to where it was; in one second the later status, then the rest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DisputeFact {
    /// When Stripe said so: the event's `created`, or the answer's `Date`, in seconds since the epoch.
    pub seen_at: i64,
    /// The status.
    pub status: DisputeStatus,
    /// What the bank has taken, by the dispute's balance transactions, in the currency that the account is settled in;
    /// zero once it came back, `None` if Stripe lists none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Money>,
    /// The disputed amount.
    pub amount: Money,
    /// By when an answer is due, in seconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_by: Option<i64>,
    /// The disputed intent.
    pub intent: Option<IntentId>,
    /// The dispute.
    pub id: DisputeId,
}

impl DisputeFact {
    /// Whether it says something else than the known fact, and later. When it was seen is no difference.
    pub fn is_news_to(&self, known: &Self) -> bool {
        let said = |fact: &Self| (fact.status, fact.withdrawn, fact.amount, fact.due_by);
        said(self) != said(known) && self > known
    }

    /// Whether the shop has lost money by it. The balance says so; where Stripe lists no movement, the status decides.
    pub fn has_cost_money(&self) -> bool {
        self.status.is_lost() && self.withdrawn.is_none_or(|withdrawn| withdrawn.amount != 0)
    }

    /// What it has cost of a payment of which this is left, and never more: the disputed amount, or what was taken if
    /// that is less. In another currency, which Stripe converts at a rate of its own, all that is left.
    pub(super) fn cost(&self, left: Money) -> Money {
        let in_its_currency = |amount: &Money| amount.currency == left.currency;
        let disputed = Some(self.amount).filter(in_its_currency).map_or(left.amount, |amount| amount.amount);
        let taken = self.withdrawn.filter(in_its_currency).map_or(left.amount, |taken| taken.amount);
        let cost = if self.has_cost_money() { disputed.min(taken).clamp(0, left.amount.max(0)) } else { 0 };
        Money::new(cost, left.currency)
    }
}

string_enum! {
    /// Which way a bank transfer went.
    pub enum TransferDirection {
        /// The customer paid.
        Received = "received",
        /// We gave money back.
        Returned = "returned",
    }
}

/// A bank transfer that staff found on the account's statement; the greater amount wins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TransferFact {
    /// The direction.
    pub direction: TransferDirection,
    /// The amount.
    pub amount: Money,
    /// The refund that it carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The reason for that refund.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<RefundReason>,
    /// When that refund was requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_at: Option<Timestamp>,
    /// The reference on the statement, as staff entered it.
    pub id: String,
}
