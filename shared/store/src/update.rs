//! Reads, decides and writes, and starts again when a concurrent write came in between.

use std::time::Duration;

use domain::{Change, Order, OrderId};
use resilience::{Clock, Ids};

use crate::{Orders, Receipt, ReceiptSource, StoreError};

/// How often a decision is made again before the caller is told to retry later.
const ATTEMPTS: u32 = 8;
/// The first pause after a conflict; it doubles each time, with full jitter.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// Why an order was not updated.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError<E> {
    /// There is no such order.
    #[error("no such order")]
    NotFound,
    /// The decision was a refusal.
    #[error(transparent)]
    Refused(E),
    /// It could not be read or written. A conflict here means that concurrent writes kept coming first.
    #[error(transparent)]
    Store(StoreError),
}

/// Updates an order with `decide`, which is called again with the new state after each conflict. It returns the change
/// to make, `None` when there is nothing to do, or a refusal. Returns the order as it is afterwards.
///
/// `receipt` is what the change follows from. A webhook's receipt is stored even when it says nothing new.
///
/// # Errors
///
/// [`UpdateError`]; nothing was written then, unless the table's answer was lost, in which case repeating is safe.
pub async fn update<E>(
    orders: &impl Orders,
    clock: &impl Clock,
    ids: &impl Ids,
    id: OrderId,
    receipt: Option<&Receipt>,
    decide: impl Fn(&Order) -> Result<Option<Change>, E>,
) -> Result<Order, UpdateError<E>> {
    let order = find(orders, id).await?;
    update_from(orders, clock, ids, order, receipt, decide).await
}

/// The same for an order that was just read or written: it decides on the given order first, and reads only if that was
/// outdated. What `decide` finds done already must not be undone by concurrent writes.
///
/// # Errors
///
/// As [`update`].
pub async fn update_from<E>(
    orders: &impl Orders,
    clock: &impl Clock,
    ids: &impl Ids,
    order: Order,
    receipt: Option<&Receipt>,
    decide: impl Fn(&Order) -> Result<Option<Change>, E>,
) -> Result<Order, UpdateError<E>> {
    let decide = |order: &Order| Ok(decide(order)?.map(|change| (change, receipt.cloned())));
    match rewrite(orders, clock, ids, order, decide).await? {
        WriteOutcome::Changed(order) => Ok(order),
        WriteOutcome::AsItWas(order) => {
            if let Some(receipt) = receipt.filter(|receipt| receipt.source == ReceiptSource::Webhook) {
                orders.record(&receipt.of_version(order.version)).await.map_err(UpdateError::Store)?;
            }
            Ok(order)
        }
    }
}

/// Like [`update_from`], for facts that follow from the order itself: the decision returns their receipt as well.
///
/// # Errors
///
/// As [`update`].
pub async fn update_with_receipt<E>(
    orders: &impl Orders,
    clock: &impl Clock,
    ids: &impl Ids,
    order: Order,
    decide: impl Fn(&Order) -> Result<Option<(Change, Receipt)>, E>,
) -> Result<Order, UpdateError<E>> {
    let decide = |order: &Order| Ok(decide(order)?.map(|(change, receipt)| (change, Some(receipt))));
    match rewrite(orders, clock, ids, order, decide).await? {
        WriteOutcome::Changed(order) | WriteOutcome::AsItWas(order) => Ok(order),
    }
}

/// The order after a decision.
enum WriteOutcome {
    Changed(Order),
    AsItWas(Order),
}

async fn find<E>(orders: &impl Orders, id: OrderId) -> Result<Order, UpdateError<E>> {
    orders.find(id).await.map_err(UpdateError::Store)?.ok_or(UpdateError::NotFound)
}

async fn rewrite<E>(
    orders: &impl Orders,
    clock: &impl Clock,
    ids: &impl Ids,
    mut order: Order,
    decide: impl Fn(&Order) -> Result<Option<(Change, Option<Receipt>)>, E>,
) -> Result<WriteOutcome, UpdateError<E>> {
    let mut pause = FIRST_PAUSE;
    for _ in 0..ATTEMPTS {
        let Some((change, receipt)) = decide(&order).map_err(UpdateError::Refused)? else {
            return Ok(WriteOutcome::AsItWas(order));
        };
        let receipt = receipt.map(|receipt| receipt.of_version(change.order.version));
        match orders.save(&change, receipt.as_ref()).await {
            Ok(()) => return Ok(WriteOutcome::Changed(change.order)),
            Err(StoreError::Conflict) => clock.sleep(ids.jitter(pause)).await,
            Err(error) => return Err(UpdateError::Store(error)),
        }
        pause *= 2;
        order = find(orders, order.id).await?;
    }
    Err(UpdateError::Store(StoreError::Conflict))
}
