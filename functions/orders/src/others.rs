//! A customer's other orders, and what they leave to be reserved.

use auth::{Caller, Who};
use domain::{CustomerId, Order, OrderId, OrderLine, ReservationLimits, ReservationRefused, Timestamp};
use store::{Orders, Page, StoreError};

/// A customer's other orders that may be unpaid.
pub(crate) struct Others(Option<(ReservationLimits, Page<Order>)>);

/// The limits of a caller's unpaid orders. A service orders for many customers, and an administrator gave it its key.
pub(crate) fn limits_of(caller: &Caller, limits: ReservationLimits) -> Option<ReservationLimits> {
    matches!(caller.who, Who::Customer(_)).then_some(limits)
}

impl Others {
    /// Reads them, unless there is no limit.
    pub(crate) async fn read(
        orders: &impl Orders,
        customer: CustomerId,
        but: OrderId,
        limits: Option<ReservationLimits>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let Some(limits) = limits else { return Ok(Self(None)) };
        let found = orders.others_placed_since(customer, but, limits.since(now)).await?;
        Ok(Self(Some((limits, found))))
    }

    /// Whether an order with these lines may be placed.
    pub(crate) fn check_new(&self, lines: &[OrderLine]) -> Result<(), ReservationRefused> {
        let Some((limits, found)) = &self.0 else { return Ok(()) };
        // Whoever placed more than a page of orders has time to wait until they are older.
        if found.next.is_some() {
            return Err(ReservationRefused::TooManyOrders(limits.orders));
        }
        limits.check_new(lines, &found.items)
    }

    /// Whether this order may be edited to these lines.
    pub(crate) fn check_edit(&self, order: &Order, lines: &[OrderLine]) -> Result<(), ReservationRefused> {
        self.0.as_ref().map_or(Ok(()), |(limits, found)| limits.check_edit(order, lines, &found.items))
    }
}
