//! Stale reads of orders.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use domain::{Change, Order, OrderId, Timestamp};
use resilience::Clock as _;
use store::{Orders as _, PlaceOutcome, Receipt, StoreError};

use super::{Answer, SeededBug, with};
use crate::observed_store::{BuggyStore, StoreContext};

/// All of them.
pub const BUGS: [SeededBug; 2] = [
    SeededBug::new("eventually consistent read", "an order is read from whatever replica is near", || {
        with(Replicas::default())
    }),
    SeededBug::new(
        "order kept in memory",
        "a process that has read an order does not read it again for half a minute",
        || with(StaleCache::default()),
    ),
];

/// How far the slow replica lags.
const LAG: Duration = Duration::from_secs(2);

/// A former version, and until when it was current.
type Former = (Timestamp, Option<Order>);

/// Former versions by the time at which they were overwritten. Every third read hits the slow replica.
#[derive(Default)]
struct Replicas {
    reads: Cell<u32>,
    former: RefCell<BTreeMap<OrderId, Vec<Former>>>,
}

impl Replicas {
    async fn remember(&self, context: &StoreContext, id: OrderId) -> Result<(), StoreError> {
        let before = context.memory.find(id).await?;
        self.former.borrow_mut().entry(id).or_default().push((context.clock.now(), before));
        Ok(())
    }
}

impl BuggyStore for Replicas {
    fn place<'a>(&'a self, context: &'a StoreContext, placement: &'a Change) -> Answer<'a, PlaceOutcome> {
        Box::pin(async move {
            self.remember(context, placement.order.id).await?;
            context.place(placement).await
        })
    }

    fn save<'a>(
        &'a self,
        context: &'a StoreContext,
        change: &'a Change,
        receipt: Option<&'a Receipt>,
    ) -> Answer<'a, ()> {
        Box::pin(async move {
            self.remember(context, change.order.id).await?;
            context.save(change, receipt).await
        })
    }

    fn find<'a>(&'a self, context: &'a StoreContext, id: OrderId) -> Answer<'a, Option<Order>> {
        Box::pin(async move {
            self.reads.set(self.reads.get() + 1);
            if self.reads.get().is_multiple_of(3) {
                let now = context.clock.now();
                let former = self.former.borrow();
                let former = former.get(&id).into_iter().flatten();
                if let Some((_, order)) = former.into_iter().find(|(until, _)| now.since(*until) < LAG) {
                    return Ok(order.clone());
                }
            }
            context.memory.find(id).await
        })
    }
}

/// How long a cached read is trusted.
const KEPT_FOR: Duration = Duration::from_secs(30);

#[derive(Default)]
struct StaleCache(RefCell<BTreeMap<OrderId, (Timestamp, Order)>>);

impl BuggyStore for StaleCache {
    fn find<'a>(&'a self, context: &'a StoreContext, id: OrderId) -> Answer<'a, Option<Order>> {
        Box::pin(async move {
            let now = context.clock.now();
            let kept = self.0.borrow().get(&id).filter(|(at, _)| now.since(*at) < KEPT_FOR).cloned();
            if let Some((_, order)) = kept {
                return Ok(Some(order));
            }
            let order = context.memory.find(id).await?;
            if let Some(order) = &order {
                self.0.borrow_mut().insert(id, (now, order.clone()));
            }
            Ok(order)
        })
    }

    fn save<'a>(
        &'a self,
        context: &'a StoreContext,
        change: &'a Change,
        receipt: Option<&'a Receipt>,
    ) -> Answer<'a, ()> {
        Box::pin(async move {
            let saved = context.save(change, receipt).await;
            if saved.is_err() {
                // A writer that meets a conflict reads again; other environments keep their cache.
                self.0.borrow_mut().remove(&change.order.id);
            }
            saved
        })
    }
}
