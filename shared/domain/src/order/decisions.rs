//! What people and the clock decide about a whole order: to call it off, to let it expire, to send it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Change, Order};
use crate::{OrderStatus, Timestamp};

/// That an order was called off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancellation {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: CancelReason,
}

/// Why an order was called off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// The customer, or staff, wanted it.
    Requested,
    /// It was not paid while its goods were held.
    Expired,
    /// Its money contradicted it, and staff decided to give that back.
    Review,
}

/// The order is past the point where it can be called off.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("an order in status {0} cannot be cancelled")]
pub struct CannotBeCancelled(pub OrderStatus);

/// The order is not, or not any more, one to be sent.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("an order in status {0} cannot be fulfilled")]
pub struct CannotBeFulfilled(pub OrderStatus);

impl Order {
    /// Calls the order off. A second call changes nothing.
    ///
    /// # Errors
    ///
    /// [`CannotBeCancelled`] once it was sent, and while or after its money is contested.
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

    /// Whether its goods are held for longer than they should be, and nobody is at paying.
    pub fn is_overdue_for_expiry(&self, now: Timestamp) -> bool {
        let is_over = self.reservation.held_until().is_some_and(|until| until <= now);
        is_over && self.status == OrderStatus::PendingPayment && self.cancellation.is_none()
    }

    /// Calls off an order that was not paid in time. Ask Stripe to cancel its intent before: what is known of that must
    /// be final. None when it is not overdue, or when an intent could still be paid.
    pub fn expire(&self, correlation_id: &str, now: Timestamp) -> Option<Change> {
        let is_payable = self.payment.facts.live().next().is_some();
        if is_payable || !self.is_overdue_for_expiry(now) {
            return None;
        }
        let reason = CancelReason::Expired;
        self.change(correlation_id, now, |order| order.cancellation = Some(Cancellation { at: now, reason }))
    }

    /// Whether all of the money of an expired order came late, so that it can go on if there are goods for it.
    pub fn can_be_reinstated(&self) -> bool {
        self.cancellation.is_some_and(|cancellation| cancellation.reason == CancelReason::Expired)
            && self.status == OrderStatus::Cancelled
            && self.payment.facts.captured() == self.total.amount
            && self.payment.facts.refunded() == 0
            && self.open_refund_actions().next().is_none()
            && self.person.contact().is_some()
    }

    /// Takes an expired order up again whose money came late, with goods from stock. None when it cannot be.
    pub fn reinstate(&self, correlation_id: &str, now: Timestamp) -> Option<Change> {
        if !self.can_be_reinstated() {
            return None;
        }
        self.change(correlation_id, now, |order| order.cancellation = None)
    }

    /// Notes that the goods were sent. A second call changes nothing.
    ///
    /// # Errors
    ///
    /// [`CannotBeFulfilled`] unless it is paid, or is to be paid by invoice, and none of that is contested, in doubt or
    /// on its way back as a whole.
    pub fn fulfil(&self, correlation_id: &str, now: Timestamp) -> Result<Option<Change>, CannotBeFulfilled> {
        if self.fulfilled_at.is_some() {
            return Ok(None);
        }
        let keeps_money = self.status == OrderStatus::Invoiced || self.payment.kept() > 0;
        if !self.status.can_be_fulfilled() || !keeps_money {
            return Err(CannotBeFulfilled(self.status));
        }
        Ok(self.change(correlation_id, now, |order| order.fulfilled_at = Some(now)))
    }
}
