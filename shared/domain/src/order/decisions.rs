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
    /// When somebody cancelled it although it had expired already: late money is not to buy the goods any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
}

impl Cancellation {
    /// A cancellation.
    pub const fn new(at: Timestamp, reason: CancelReason) -> Self {
        Self { at, reason, confirmed_at: None }
    }

    /// Why, as of now: what a person wanted comes before what the clock did.
    pub const fn current_reason(self) -> CancelReason {
        if self.confirmed_at.is_some() { CancelReason::Requested } else { self.reason }
    }
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
        /// Stripe refused for good to charge it.
        PaymentRefused = "payment_refused",
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
    /// Cancels the order. Cancelling it again changes nothing; of an order that expired, it says that late money is to go
    /// back and not to buy the goods after all.
    ///
    /// # Errors
    ///
    /// [`CannotBeCancelled`] once it was sent, and while or after its payment is disputed.
    pub fn cancel(&self, correlation_id: &str, now: Timestamp) -> Result<Option<Change>, CannotBeCancelled> {
        if let Some(cancellation) = self.cancellation {
            let confirmed = Cancellation { confirmed_at: Some(now), ..cancellation };
            let confirm = |order: &mut Self| order.cancellation = Some(confirmed);
            return Ok(if self.has_expired() { self.change(correlation_id, now, confirm) } else { None });
        }
        if self.fulfilled_at.is_some() || !self.status.can_be_cancelled() {
            return Err(CannotBeCancelled(self.status));
        }
        let requested = Cancellation::new(now, CancelReason::Requested);
        Ok(self.change(correlation_id, now, |order| order.cancellation = Some(requested)))
    }

    /// Whether it was cancelled because it was not paid in time, and for nothing else.
    fn has_expired(&self) -> bool {
        self.cancellation.is_some_and(|cancellation| cancellation.current_reason() == CancelReason::Expired)
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
        let expired = Cancellation::new(now, CancelReason::Expired);
        self.change(correlation_id, now, |order| order.cancellation = Some(expired))
    }

    /// Cancels an order that Stripe refuses for good to charge, and keeps Stripe's code for why. `attempt` is the one that
    /// was refused: `None` when it got an intent after all, or is over.
    pub fn refuse_payment(
        &self,
        attempt: u32,
        code: Option<&str>,
        correlation_id: &str,
        now: Timestamp,
    ) -> Option<Change> {
        let is_asked_for = self.payment.attempt == attempt && self.payment.intent.is_none();
        if !is_asked_for || !self.status.awaits_payment() || self.cancellation.is_some() {
            return None;
        }
        let refused = Cancellation::new(now, CancelReason::PaymentRefused);
        self.change(correlation_id, now, |order| {
            order.cancellation = Some(refused);
            order.payment.refusal = code.map(str::to_owned);
        })
    }

    /// Whether Stripe refused for good to charge it.
    pub fn is_payment_refused(&self) -> bool {
        self.cancellation.is_some_and(|cancellation| cancellation.reason == CancelReason::PaymentRefused)
    }

    /// Whether the whole payment of an expired order arrived late, so that it can continue if there is stock for it.
    pub fn can_be_reinstated(&self) -> bool {
        self.has_expired()
            && self.status == OrderStatus::Cancelled
            && self.payment.facts.captured() == self.total.amount
            && self.payment.facts.refunded() == 0
            && self.payment.facts.lost() == 0
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
