//! Decides about an order that may change concurrently, and reports whether its own decision took effect.

use std::cell::Cell;
use std::convert::Infallible;

use domain::{Change, Order};
use resilience::{Clock, Ids};
use store::{Orders, Receipt, StoreError, UpdateError, update};

/// Stores decisions.
#[derive(Clone, Copy)]
pub(crate) struct Decider<'a, O, K, R> {
    pub orders: &'a O,
    pub clock: &'a K,
    pub ids: &'a R,
}

/// An order after a decision about it.
pub(crate) struct DecisionOutcome {
    pub order: Order,
    /// Whether the decision changed it; if not, a concurrent change came first or there was nothing to do.
    pub is_change: bool,
}

impl<O: Orders, K: Clock, R: Ids> Decider<'_, O, K, R> {
    /// Decides about the order as it is in the table. `listed` may be outdated, and only shows whether a read is
    /// worthwhile.
    pub async fn decide(
        &self,
        listed: &Order,
        receipt: Option<&Receipt>,
        decide: impl Fn(&Order) -> Option<Change>,
    ) -> Result<DecisionOutcome, StoreError> {
        if decide(listed).is_none() {
            return Ok(DecisionOutcome { order: listed.clone(), is_change: false });
        }
        let is_change = Cell::new(false);
        let noted = |order: &Order| {
            let change = decide(order);
            is_change.set(change.is_some());
            Ok::<_, Infallible>(change)
        };
        match update(self.orders, self.clock, self.ids, listed.id, receipt, noted).await {
            Ok(order) => Ok(DecisionOutcome { order, is_change: is_change.get() }),
            // Orders are never deleted, so the list is wrong and there is nothing to do.
            Err(UpdateError::NotFound) => Ok(DecisionOutcome { order: listed.clone(), is_change: false }),
            Err(UpdateError::Store(error)) => Err(error),
            Err(UpdateError::Refused(never)) => match never {},
        }
    }
}
