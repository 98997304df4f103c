//! The staff's decision about an order whose payments contradict it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CancelReason, Cancellation, Change, Order};
use crate::{OrderStatus, Timestamp};

/// A decision about what was known when it was made. What becomes known later needs another decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// The decision.
    pub decision: ReviewDecision,
    /// When.
    pub at: Timestamp,
    /// `usr_…`
    pub by: String,
    /// What it covers: ids of paid intents, of returned refunds and of refused actions.
    pub about: BTreeSet<String>,
}

string_enum! {
    /// What may be decided.
    #[derive(ToSchema)]
    pub enum ReviewDecision {
        /// The money is taken as it is, and the order goes on; of a cancelled order: it was given back in some other way.
        Accept = "accept",
        /// What came above the total goes back, and the order goes on.
        RefundExcess = "refund_excess",
        /// All of the money goes back, and the order is called off.
        RefundAll = "refund_all",
    }
}

/// Why a review cannot be resolved this way.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReviewRefused {
    /// The order does not need a review.
    #[error("an order in status {0} needs no review")]
    NothingToReview(OrderStatus),
    /// There is no excess: the order was cancelled, less than the total was paid, or in another currency.
    #[error("there is no payment above the order's total")]
    NoExcess,
}

impl Order {
    /// Resolves the review of an order. Repeating the same decision, while nothing is under review, changes nothing.
    ///
    /// # Errors
    ///
    /// [`ReviewRefused`].
    pub fn resolve_review(
        &self,
        decision: ReviewDecision,
        by: &str,
        correlation_id: &str,
        now: Timestamp,
    ) -> Result<Option<Change>, ReviewRefused> {
        if self.status != OrderStatus::NeedsReview {
            let is_known = self.review.as_ref().is_some_and(|review| review.decision == decision);
            return if is_known { Ok(None) } else { Err(ReviewRefused::NothingToReview(self.status)) };
        }
        if decision == ReviewDecision::RefundExcess && !self.has_excess() {
            return Err(ReviewRefused::NoExcess);
        }
        Ok(self.change(correlation_id, now, |order| {
            order.review = Some(Review { decision, at: now, by: by.to_owned(), about: self.open_questions() });
            match decision {
                ReviewDecision::Accept => {}
                ReviewDecision::RefundExcess => order.reserve_excess(by, now),
                ReviewDecision::RefundAll => {
                    let called_off = Cancellation::new(now, CancelReason::Review);
                    order.cancellation.get_or_insert(called_off);
                }
            }
        }))
    }

    /// Whether the payment of a cancelled order is kept, because staff say that it was refunded in another way.
    pub(super) fn keeps_money(&self) -> bool {
        let Some(review) = &self.review else { return false };
        let mut paid = self.payment.facts.succeeded();
        review.decision == ReviewDecision::Accept && paid.all(|intent| review.about.contains(intent.id.as_str()))
    }

    /// Whether a decision covers this intent, refund or action.
    pub(super) fn is_reviewed(&self, id: &str) -> bool {
        self.review.as_ref().is_some_and(|review| review.about.contains(id))
    }

    fn open_questions(&self) -> BTreeSet<String> {
        let paid = self.payment.facts.succeeded().map(|intent| intent.id.as_str());
        paid.chain(self.payment.refunds_that_came_to_nothing()).map(str::to_owned).collect()
    }

    fn has_excess(&self) -> bool {
        let mut paid = self.payment.facts.succeeded();
        self.cancellation.is_none()
            && paid.all(|intent| intent.received.currency == self.total.currency)
            && self.payment.kept() > self.total.amount
    }
}
