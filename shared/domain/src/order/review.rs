//! What staff decide about an order whose money contradicts it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CancelReason, Cancellation, Change, Order};
use crate::{OrderStatus, Timestamp};

/// A decision about what was known when it was made. What comes to be known later needs another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// What.
    pub decision: ReviewDecision,
    /// When.
    pub at: Timestamp,
    /// `usr_…`
    pub by: String,
    /// What it is about: ids of intents that brought money, of refunds that came back, of actions that were refused.
    pub about: BTreeSet<String>,
}

/// What may be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewDecision {
    /// The money is taken as it is, and the order goes on; of a cancelled order: it was given back in some other way.
    Accept,
    /// What came above the total goes back, and the order goes on.
    RefundExcess,
    /// All of the money goes back, and the order is called off.
    RefundAll,
}

/// Why a review cannot be resolved so.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReviewRefused {
    /// Nothing about it needs a decision.
    #[error("an order in status {0} needs no review")]
    NothingToReview(OrderStatus),
    /// It was called off, or less than the total came, or money in another currency.
    #[error("there is no payment above the order's total")]
    NoExcess,
}

impl Order {
    /// Decides about an order that needs review. The same decision again, while nothing is in doubt, changes nothing.
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
                    let called_off = Cancellation { at: now, reason: CancelReason::Review };
                    order.cancellation.get_or_insert(called_off);
                }
            }
        }))
    }

    /// Whether the money of a cancelled order stays where it is, because staff say that it was given back otherwise.
    pub(super) fn keeps_money(&self) -> bool {
        let Some(review) = &self.review else { return false };
        let mut paid = self.payment.facts.succeeded();
        review.decision == ReviewDecision::Accept && paid.all(|intent| review.about.contains(intent.id.as_str()))
    }

    /// Whether a decision was made about this intent, refund or action.
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
