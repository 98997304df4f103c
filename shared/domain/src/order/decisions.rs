//! Decisions of people and of the clock about a whole order: cancel, expire, fulfil.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Change, Order};
use crate::{OrderStatus, Timestamp};

/// The cancellation of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancellation {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: CancelReason,
}

string_enum! {
    /// Why an order was called off.
    #[derive(ToSchema)]
    pub enum CancelReason {
        /// The customer, or staff, wanted it.
        Requested = "requested",
        /// It was not paid while its goods were held.
        Expired = "expired",
        /// Its money contradicted it, and staff decided to give that back.
        Review = "review",
    }
}

/// The order can no longer be cancelled.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("an order in status {0} cannot be cancelled")]
pub struct CannotBeCancelled(pub OrderStatus);

/// The order cannot be fulfilled, or not any more.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("an order in status {0} cannot be fulfilled")]
pub struct CannotBeFulfilled(pub OrderStatus);

impl Order {
    /// Cancels the order. Cancelling it again changes nothing.
    ///
    /// # Errors
    ///
    /// [`CannotBeCancelled`] once it was sent, and while or after its payment is disputed.
    pub fn cancel(&self, correlation_id: &str, now: Timestamp) -> Result<Option<Change>, CannotBeCancelled> {
        if self.cancellation.is_some() {
            return Ok(None);
        }
        if self.fulfilled_at.is_some() || !self.status.can_be_cancelled() {
            return Err(CannotBeCancelled(self.status));
        }
        let reason = CancelReason::Requested;
        Ok(self.change(correlation_id, now, |order| order.cancellation = Some(Cancellation { at: now, reason })))
    }

    /// Whether its reservation has expired, and no payment is in progress.
    pub fn is_overdue_for_expiry(&self, now: Timestamp) -> bool {
        let is_over = self.reservation.held_until().is_some_and(|until| until <= now);
        is_over && self.status == OrderStatus::PendingPayment && self.cancellation.is_none()
    }

    /// Cancels an order that was not paid in time. Its intents must be final first, so have Stripe cancel them before.
    /// `None` when it is not overdue, or when an intent could still be paid.
    pub fn expire(&self, correlation_id: &str, now: Timestamp) -> Option<Change> {
        let is_payable = self.payment.facts.live().next().is_some();
        if is_payable || !self.is_overdue_for_expiry(now) {
            return None;
        }
        let reason = CancelReason::Expired;
        self.change(correlation_id, now, |order| order.cancellation = Some(Cancellation { at: now, reason }))
    }

    /// Whether the whole payment of an expired order arrived late, so that it can continue if there is stock for it.
    pub fn can_be_reinstated(&self) -> bool {
        self.cancellation.is_some_and(|cancellation| cancellation.reason == CancelReason::Expired)
            && self.status == OrderStatus::Cancelled
            && self.payment.facts.captured() == self.total.amount
            && self.payment.facts.refunded() == 0
            && self.open_refund_actions().next().is_none()
            && self.person.contact().is_some()
    }

    /// Reinstates an expired order whose payment arrived late, with goods from stock. `None` when it cannot be
    /// reinstated.
    pub fn reinstate(&self, correlation_id: &str, now: Timestamp) -> Option<Change> {
        if !self.can_be_reinstated() {
            return None;
        }
        self.change(correlation_id, now, |order| order.cancellation = None)
    }

    /// Marks the order as fulfilled. Doing it again changes nothing.
    ///
    /// # Errors
    ///
    /// [`CannotBeFulfilled`] unless it is paid, or is on invoice, and its payment is neither disputed, nor under
    /// review, nor refunded in full.
    pub fn fulfil(&self, correlation_id: &str, now: Timestamp) -> Result<Option<Change>, CannotBeFulfilled> {
        if self.fulfilled_at.is_some() {
            return Ok(None);
        }
        let keeps_money = self.status.awaits_transfer() || self.payment.kept() > 0;
        if !self.status.can_be_fulfilled() || !keeps_money {
            return Err(CannotBeFulfilled(self.status));
        }
        Ok(self.change(correlation_id, now, |order| order.fulfilled_at = Some(now)))
    }
}
