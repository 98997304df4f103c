//! Every five minutes: cancels orders that were not paid while their goods were reserved, after Stripe has voided their
//! intents, and records overdue invoices as late.

mod decide;
mod expire;
mod scan;

use std::cell::Cell;
use std::time::Duration;

use domain::{Due, Order};
use resilience::{Clock, Deadline};
use serde::Serialize;
use store::StoreError;

use decide::Decider;
use expire::Expiry;
use scan::DueScan;

/// The time reserved at the end of an invocation: one answer of Stripe's and the writes after it.
pub const RESERVE: Duration = Duration::from_secs(15);
/// How long one answer of Stripe's may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The result of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Expiries {
    /// Cancelled orders; their goods are back in stock.
    pub expired: u32,
    /// Orders left for a later run, because Stripe or the table failed.
    pub deferred: u32,
    /// Invoices that were recorded as late.
    pub overdue_invoices: u32,
}

/// Processes invoices, and then unpaid orders, the oldest first, from where the last run ended. An order whose
/// reservation has expired is cancelled, and its goods return to stock in the same transaction. Before that, Stripe is
/// asked to cancel each intent that could still be paid; when it reports a payment, received or processing, the order
/// applies that and continues.
///
/// Without Stripe (`None`, or while it fails) orders with such intents wait, and the others are processed. A second
/// run, even a concurrent one, changes nothing more.
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
    let (scan, decider) = (DueScan { orders, guards, clock, deadline }, Decider { orders, clock, ids });
    scan.each("overdue-invoices", Due::Overdue, async |order| {
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
    scan.each("expired-orders", Due::Expiry, async |order| match expiry.expire(order).await {
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
