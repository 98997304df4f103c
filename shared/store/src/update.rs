//! Read, decide, write; and again from the start when somebody else wrote in between.

use std::time::Duration;

use domain::{Change, Order, OrderId};
use resilience::{Clock, Ids};

use crate::{Orders, Receipt, ReceiptSource, StoreError};

/// How often a decision is made anew before the caller is told to come back later.
const ATTEMPTS: u32 = 8;
/// The first pause after a conflict; it doubles each time, with full jitter.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// Why an order was not updated.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError<E> {
    /// There is no such order.
    #[error("no such order")]
    NotFound,
    /// The decision was no.
    #[error(transparent)]
    Refused(E),
    /// It could not be read or written; a conflict here means that others kept being faster.
    #[error(transparent)]
    Store(StoreError),
}

/// Updates an order by `decide`, which is asked again with the new state after each conflict. It answers with the
/// change to make, none when there is nothing to do, or a refusal. Returns the order as it is afterwards.
///
/// The receipt is what the change follows from. That of a webhook is kept even if it says nothing new.
///
/// # Errors
///
/// [`UpdateError`]; nothing was written then, unless the table's answer was lost, in which case a repetition is safe.
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

/// The same for an order that was just read, or written: decided first from what is known of it, and read only when that
/// was overtaken. What `decide` finds done already must not come undone by what others do meanwhile.
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

/// Like [`update_from`], for facts that follow from the order as it is: the decision brings their receipt along.
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
