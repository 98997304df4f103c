//! Every five minutes: orders that were not paid while their goods were held are called off, after Stripe has voided what
//! could still pay them; invoices that are past due are noted as late.

mod decide;
mod expire;
mod scan;

use std::cell::Cell;
use std::time::Duration;

use domain::{Order, OrderStatus};
use resilience::{Clock, Deadline};
use serde::Serialize;
use store::StoreError;

use decide::Decider;
use expire::Expiry;
use scan::StatusScan;

/// Kept of the invocation's time: one answer of Stripe's and the writes after it.
pub const RESERVE: Duration = Duration::from_secs(15);
/// One answer of Stripe's may take so long.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Expiries {
    /// Orders that were called off; their goods are back in stock.
    pub expired: u32,
    /// Orders that wait for a later run, because Stripe or the table did not do their part.
    pub deferred: u32,
    /// Invoices that were noted as late.
    pub overdue_invoices: u32,
}

/// Goes through invoices, and then through orders that wait for money, the oldest first and on from where the last run
/// ended. An order that is overdue is called off, and its goods go back in the same transaction. Before that Stripe is
/// asked to cancel each intent that could still be paid; where it says that money came, or is on its way, the order
/// takes that in and lives.
///
/// Without Stripe (`None`, or while it fails) orders with such intents wait, and the others go on. A second run, at the
/// same time even, changes nothing more.
///
/// # Errors
///
/// When orders cannot be listed. What was done stays done.
pub async fn handle(
    env: &(impl capabilities::Guards + capabilities::Orders + capabilities::Stripe),
    deadline: Deadline,
) -> Result<Expiries, StoreError> {
    let (orders, guards, clock, ids) = (env.orders(), env.guards(), env.clock(), env.ids());
    let stripe = &env.stripe_unless_down(TIMEOUT).await;
    let stripe = stripe.as_ref();
    let [expired, deferred, overdue] = [const { Cell::new(0) }; 3];
    let (scan, decider) = (StatusScan { orders, guards, clock, deadline }, Decider { orders, clock, ids });
    scan.each("overdue-invoices", OrderStatus::Invoiced, async |order| {
        let mark = |order: &Order| order.mark_overdue(&order.correlation_id, clock.now());
        match decider.decide(order, None, mark).await {
            Ok(outcome) => count(&overdue, outcome.is_change),
            Err(error) => {
                tracing::warn!(order_id = %order.id, error = %telemetry::chain(&error), "late invoice not noted");
            }
        }
    })
    .await?;
    let expiry = Expiry::new(decider, stripe, deadline);
    scan.each("expired-orders", OrderStatus::PendingPayment, async |order| match expiry.expire(order).await {
        Ok(is_expired) => count(&expired, is_expired),
        Err(error) => {
            count(&deferred, true);
            tracing::warn!(order_id = %order.id, error = %telemetry::chain(&error), "expiry put off");
        }
    })
    .await?;
    let done = Expiries { expired: expired.get(), deferred: deferred.get(), overdue_invoices: overdue.get() };
    telemetry::count("OrdersExpired", done.expired);
    telemetry::count("ExpiriesDeferred", done.deferred);
    telemetry::count("InvoicesOverdue", done.overdue_invoices);
    Ok(done)
}

fn count(counter: &Cell<u32>, is_one_more: bool) {
    counter.set(counter.get() + u32::from(is_one_more));
}
