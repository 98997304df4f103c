//! Goes through all orders about which something is due, run by run.

use std::time::Duration;

use domain::{Due, Order, Timestamp};
use futures::future::join_all;
use resilience::{Clock, Deadline};
use store::{Cursor, JobCheckpoints, Orders, PageRequest, StoreError};

/// The orders on a page.
const PAGE: usize = 50;
/// The most orders that a run visits, of each kind.
const MOST: usize = 2000;
/// The orders that are processed at once. Stripe accepts 25 requests a second, from all functions together.
const AT_ONCE: usize = 4;
/// When an unused checkpoint expires, and the next run begins with the oldest order.
const CHECKPOINT_LIFETIME: Duration = Duration::from_hours(24);
/// The checkpoint of a complete scan.
const BEGINNING: &str = "";

/// A scan of the orders about which one thing is due.
pub(crate) struct DueScan<'a, O, G, K> {
    pub orders: &'a O,
    pub guards: &'a G,
    pub clock: &'a K,
    pub deadline: Deadline,
}

impl<O: Orders, G: JobCheckpoints, K: Clock> DueScan<'_, O, G, K> {
    /// Calls `visit` with the orders for which this is due, the longest due first, from where the last run of this
    /// `job` stopped, until there are no more, enough were visited, or time is up. So orders that stay in the list,
    /// because nothing can be done about them now, are visited once a round and do not hold up those behind them.
    pub async fn each(&self, job: &str, due: Due, visit: impl AsyncFn(&Order)) -> Result<(), StoreError> {
        let now = self.clock.now();
        let kept = self.guards.checkpoint(job, now).await?.unwrap_or_else(|| BEGINNING.to_owned());
        let cursor = self.scan(&kept, due, now, visit).await?;
        if cursor != kept {
            self.guards.save_checkpoint(job, &cursor, now.plus(CHECKPOINT_LIFETIME)).await?;
        }
        Ok(())
    }

    /// Scans from a cursor, and returns the next one.
    async fn scan(
        &self,
        from: &str,
        due: Due,
        now: Timestamp,
        visit: impl AsyncFn(&Order),
    ) -> Result<String, StoreError> {
        let mut cursor = from.to_owned();
        for _ in 0..MOST / PAGE {
            let after = Some(cursor.as_str()).filter(|cursor| *cursor != BEGINNING).map(Cursor::after);
            let request = PageRequest { limit: PAGE, after };
            let page = self.orders.due(due, now, &request).await?;
            for few in page.items.chunks(AT_ONCE) {
                if self.deadline.left(self.clock).is_zero() {
                    return Ok(cursor);
                }
                join_all(few.iter().map(|order| visit(order))).await;
            }
            let Some(next) = page.next else { return Ok(BEGINNING.to_owned()) };
            next.sort_key().clone_into(&mut cursor);
        }
        Ok(cursor)
    }
}
