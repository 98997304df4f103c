//! Erases a deleted account's person from the orders.

use std::convert::Infallible;
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use domain::{AccountEvent, AccountEventType, AccountId, CustomerId, Order, Timestamp};
use events::{EventKind, Failure};
use resilience::{Clock, Deadline, Ids};
use settings::SecretError;
use store::{MAX_PAGE, Orders, PageRequest, StoreError, UpdateError, update};

/// The remaining time at which no other order is begun: a read and a write with their retries.
pub const RESERVE: Duration = Duration::from_secs(8);

/// A deleted account's access token is valid for 15 minutes, and for one more in the authorizer's cache; the index of
/// its orders follows the table after a moment. From then on no order can be missed.
const LAST_ORDER: Duration = Duration::from_mins(20);

/// Whether events of this kind are heard.
pub const fn hears(kind: EventKind) -> bool {
    matches!(kind, EventKind::Account(AccountEventType::Erased))
}

/// Why a person's orders must be processed again. The message comes again.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// All existing orders are erased, but another one may still be placed until then.
    #[error("orders may be placed until {0}")]
    MayOrderUntil(Timestamp),
    /// There are more orders than one invocation can process.
    #[error("not all orders in time")]
    OutOfTime,
    /// An order could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl EraseError {
    /// What it says about the message. Orders that cannot be read or written are left to people soon.
    const fn failure(&self) -> Failure {
        match self {
            Self::MayOrderUntil(moment) => Failure::NotBefore(*moment),
            Self::Store(error) if error.is_about_one() => Failure::Poison,
            Self::OutOfTime | Self::Store(_) => Failure::Outage,
        }
    }
}

/// Processes all orders of each deleted account, account by account, and again once no order can be placed for it any
/// more. Repeating it is safe: orders that are erased, or about to be, are skipped.
pub async fn handle(
    env: &(impl capabilities::Orders + capabilities::Queue),
    deadline: Deadline,
    event: SqsEvent,
) -> Result<SqsBatchResponse, SecretError> {
    let (orders, clock, ids) = (env.orders(), env.clock(), env.ids());
    let erase = async |event: AccountEvent| match (event.event_type, event.account_id) {
        (AccountEventType::Erased, AccountId::Customer(customer)) => {
            let erasure = Erasure { orders, clock, ids, deadline, correlation_id: &event.correlation_id };
            // Boxed: the future is nested too deeply for the compiler.
            Box::pin(erasure.all_of(customer)).await?;
            let until = event.at.plus(LAST_ORDER);
            if clock.now() < until { Err(EraseError::MayOrderUntil(until)) } else { Ok(()) }
        }
        // Staff place no orders.
        _ => Ok(()),
    };
    Ok(env.consumer().each(deadline, event, erase, EraseError::failure).await)
}

/// The erasure of one person's orders.
struct Erasure<'a, O, K, R> {
    orders: &'a O,
    clock: &'a K,
    ids: &'a R,
    deadline: Deadline,
    correlation_id: &'a str,
}

impl<O: Orders, K: Clock, R: Ids> Erasure<'_, O, K, R> {
    async fn all_of(&self, customer: CustomerId) -> Result<(), EraseError> {
        let mut page = PageRequest { limit: MAX_PAGE, after: None };
        let mut all = Ok(());
        loop {
            let found = self.orders.of_customer(customer, None, &page).await?;
            for order in &found.items {
                match self.one(order).await {
                    Ok(()) => {}
                    Err(EraseError::OutOfTime) => return Err(EraseError::OutOfTime),
                    // The others need not wait for this one.
                    Err(error) => all = Err(error),
                }
            }
            page.after = found.next;
            if page.after.is_none() {
                return all;
            }
        }
    }

    /// The list may be slightly behind, but what it shows as done is done.
    async fn one(&self, listed: &Order) -> Result<(), EraseError> {
        if self.erased(listed).is_none() {
            return Ok(());
        }
        if !self.deadline.allows(self.clock, Duration::ZERO) {
            return Err(EraseError::OutOfTime);
        }
        let decide = |order: &Order| Ok::<_, Infallible>(self.erased(order));
        match update(self.orders, self.clock, self.ids, listed.id, None, decide).await {
            Ok(order) => {
                let forgotten = order.person.contact().is_none();
                tracing::info!(order_id = %order.id, status = %order.status, forgotten, "order erased");
                telemetry::count("OrdersErased", 1);
                Ok(())
            }
            // The index has an item that the table no longer has.
            Err(UpdateError::NotFound) => Ok(()),
            Err(UpdateError::Store(error)) => Err(error.into()),
            Err(UpdateError::Refused(never)) => match never {},
        }
    }

    fn erased(&self, order: &Order) -> Option<domain::Change> {
        order.erase_person(self.correlation_id, self.clock.now())
    }
}
