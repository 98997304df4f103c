//! Orders that expire although they are paid, and late money that is kept although the goods are gone.

use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

use domain::{Change, Order, OrderStatus, Timestamp};
use resilience::Clock as _;
use serde_json::json;
use store::{MAX_PAGE, Orders as _, PageRequest, Receipt, StoreError, UpdateError, update};
use suite::CallError;

use super::stock::without_goods;
use super::{Answer, SeededBug, as_if_voided, with};
use crate::observed_store::{BuggyStore, StoreContext};
use crate::people::{LAST_MOMENT, LATE_AND_GONE};
use crate::world::{Build, Handler, SimulatedSuite};

/// All of them.
pub const BUGS: [SeededBug; 2] = [
    SeededBug::new(
        "expired without asking Stripe",
        "orders without a known payment are cancelled, without asking Stripe",
        || {
            let handler: Handler = Rc::new(|suite, _, _| {
                Box::pin(async move {
                    expire(suite).await.map_err(|error| CallError::Start(error.into()))?;
                    Ok(json!({}))
                })
            });
            Build { handlers: vec![("expire-orders", handler)], ..Build::default() }
        },
    )
    .in_scenario(&LAST_MOMENT, 8),
    SeededBug::new(
        "late money kept without goods",
        "an expired order goes on when its money comes, goods or not",
        || with(KeptWithoutGoods),
    )
    .in_scenario(&LATE_AND_GONE, 8),
];

async fn expire(suite: &SimulatedSuite) -> Result<(), StoreError> {
    let (store, now) = (suite.gated_store(), suite.clock().now());
    let first = PageRequest { limit: MAX_PAGE, after: None };
    let before = now.minus(Duration::from_mins(1));
    for order in store.oldest_with_status(OrderStatus::PendingPayment, before, &first).await?.items {
        let expire = |order: &Order| Ok::<_, Infallible>(called_off(order, now));
        match update(&store, suite.clock(), suite.ids(), order.id, None, expire).await {
            Err(UpdateError::Store(error)) => return Err(error),
            Err(UpdateError::Refused(never)) => match never {},
            Ok(_) | Err(UpdateError::NotFound) => {}
        }
    }
    Ok(())
}

fn called_off(order: &Order, now: Timestamp) -> Option<Change> {
    let change = as_if_voided(order).expire(&order.correlation_id, now)?;
    Some(Change { order: Order { payment: order.payment.clone(), ..change.order }, ..change })
}

struct KeptWithoutGoods;

impl BuggyStore for KeptWithoutGoods {
    fn save<'a>(
        &'a self,
        context: &'a StoreContext,
        change: &'a Change,
        receipt: Option<&'a Receipt>,
    ) -> Answer<'a, ()> {
        Box::pin(async move {
            let stored = context.memory.find(change.order.id).await?;
            let was_called_off = stored.is_some_and(|order| order.cancellation.is_some());
            match context.save(change, receipt).await {
                Err(StoreError::OutOfStock(_)) if was_called_off => context.save(&without_goods(change), receipt).await,
                saved => saved,
            }
        })
    }
}
