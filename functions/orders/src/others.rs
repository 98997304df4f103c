//! A customer's other orders, and what they leave to be reserved.

use std::time::Duration;

use auth::{Caller, Who};
use domain::{
    CustomerId, Order, OrderLine, ReservationAttempt, ReservationLimits, ReservationRefused, Timestamp, UnpaidOrders,
};
use futures::future::join;
use store::{Announcement, Orders, Page, ReservationAttempts, StoreError};
use telemetry::chain;

/// How long an attempt counts without its order. An attempt is stored within the function's timeout (15 seconds) or not at
/// all, and the index shows what is stored usually within a second: after this time the index tells.
const WINDOW: Duration = Duration::from_mins(2);

/// A customer's other orders that may be unpaid, as an attempt saw them.
pub(crate) struct Others {
    limits: ReservationLimits,
    customer: CustomerId,
    stored: Page<Order>,
    announcement: Announcement,
}

/// The limits of a caller's unpaid orders. A service orders for many customers, and an administrator gave it its key.
pub(crate) fn limits_of(caller: &Caller, limits: ReservationLimits) -> Option<ReservationLimits> {
    matches!(caller.who, Who::Customer(_)).then_some(limits)
}

impl Others {
    /// Announces an attempt and reads the others, unless there is no limit. Of two attempts at once, the index shows
    /// neither, but the later one sees the announcement of the earlier one.
    pub(crate) async fn see(
        orders: &impl Orders,
        attempts: &impl ReservationAttempts,
        customer: CustomerId,
        attempt: &ReservationAttempt,
        limits: Option<ReservationLimits>,
        now: Timestamp,
    ) -> Result<Option<Self>, StoreError> {
        let Some(limits) = limits else { return Ok(None) };
        let stored = orders.others_placed_since(customer, attempt.order, limits.since(now));
        let (stored, announcement) = join(stored, attempts.announce(customer, attempt, WINDOW, now)).await;
        Ok(Some(Self { limits, customer, stored: stored?, announcement: announcement? }))
    }

    /// Whether an order with these lines may be placed.
    pub(crate) fn check_new(&self, lines: &[OrderLine]) -> Result<(), ReservationRefused> {
        self.limits.check_new(lines, &self.unpaid()?)
    }

    /// Whether this order may be edited to these lines.
    pub(crate) fn check_edit(&self, order: &Order, lines: &[OrderLine]) -> Result<(), ReservationRefused> {
        self.limits.check_edit(order, lines, &self.unpaid()?)
    }

    /// Whoever placed more than a page of orders, or tried to, has time to wait until that is longer ago.
    fn unpaid(&self) -> Result<UnpaidOrders, ReservationRefused> {
        match &self.announcement {
            Announcement::Made { others, .. } if self.stored.next.is_none() => {
                Ok(UnpaidOrders::of(&self.stored.items, others))
            }
            _ => Err(ReservationRefused::TooManyOrders(self.limits.orders)),
        }
    }

    /// Makes room for the customer's next attempt, when this one was refused. When that fails, or the function dies before
    /// it, the attempt counts until its time is over.
    pub(crate) async fn withdraw(&self, attempts: &impl ReservationAttempts) {
        let Announcement::Made { id, .. } = self.announcement else { return };
        if let Err(error) = attempts.withdraw(self.customer, id).await {
            tracing::warn!(error = %chain(&error), "a refused attempt counts until its time is over");
        }
    }
}
