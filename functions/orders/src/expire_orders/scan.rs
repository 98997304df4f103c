//! Going through all orders of a status, run by run.

use std::time::Duration;

use domain::{Order, OrderStatus, Timestamp};
use futures::future::join_all;
use resilience::{Clock, Deadline};
use store::{Cursor, JobCheckpoints, Orders, PageRequest, StoreError};

/// Younger orders are at their beginning, whatever they are held for.
const YOUNGEST: Duration = Duration::from_mins(1);
/// Orders on a page.
const PAGE: usize = 50;
/// Most orders that a run looks at, of each status.
const MOST: usize = 2000;
/// Orders that are worked on at once. Stripe takes 25 requests a second, of all functions together.
const AT_ONCE: usize = 4;
/// A place that nobody came back to for so long is forgotten, and the next run begins with the oldest order.
const CHECKPOINT_LIFETIME: Duration = Duration::from_hours(24);
/// The place of a walk that came to its end.
const BEGINNING: &str = "";

/// What a walk needs.
pub(crate) struct StatusScan<'a, O, G, K> {
    pub orders: &'a O,
    pub guards: &'a G,
    pub clock: &'a K,
    pub deadline: Deadline,
}

impl<O: Orders, G: JobCheckpoints, K: Clock> StatusScan<'_, O, G, K> {
    /// Hands orders of a status to `visit`, the oldest first, from where the last run of this `job` stopped, until there
    /// are no more, enough were seen, or time is up. So those that stay in the list, because nothing can be done about
    /// them now, are passed over in one round and keep nobody waiting behind them.
    pub async fn each(&self, job: &str, status: OrderStatus, visit: impl AsyncFn(&Order)) -> Result<(), StoreError> {
        let now = self.clock.now();
        let kept = self.guards.checkpoint(job, now).await?.unwrap_or_else(|| BEGINNING.to_owned());
        let cursor = self.scan(&kept, status, now, visit).await?;
        if cursor != kept {
            self.guards.save_checkpoint(job, &cursor, now.plus(CHECKPOINT_LIFETIME)).await?;
        }
        Ok(())
    }

    /// Walks from a place, and answers where it came to.
    async fn scan(
        &self,
        from: &str,
        status: OrderStatus,
        now: Timestamp,
        visit: impl AsyncFn(&Order),
    ) -> Result<String, StoreError> {
        let placed_before = now.minus(YOUNGEST);
        let mut cursor = from.to_owned();
        for _ in 0..MOST / PAGE {
            let after = Some(cursor.as_str()).filter(|cursor| *cursor != BEGINNING).map(Cursor::after);
            let request = PageRequest { limit: PAGE, after };
            let page = self.orders.oldest_with_status(status, placed_before, &request).await?;
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
