//! Keeps the sheet up to date: each order's row shows the current order, in whatever order the events arrive.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use domain::{Order, OrderEvent, OrderId};
use events::{EventKind, Message, read};
use futures::future::try_join_all;
use google_sheets::{Row, Sheets, SheetsError};
use resilience::{Clock, Deadline, Ids, Transport};
use settings::SecretError;
use store::{Orders, RowClaim, SheetRows, StoreError};

/// The remaining time at which no other attempt is begun: one answer's time and the writes after it.
pub const RESERVE: Duration = Duration::from_secs(6);

/// How often rows are written again in one invocation because their orders changed meanwhile. Further changes are left
/// to their own messages, and to this message's return.
const ROUNDS: usize = 4;

/// Whether events of this kind are heard: all of orders, since each may show in the row.
pub const fn hears(kind: EventKind) -> bool {
    matches!(kind, EventKind::Order(_))
}

/// Why rows may be outdated. Their messages come again.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The event's order does not exist, or is not visible yet.
    #[error("no such order: {0}")]
    NoOrder(OrderId),
    /// The order kept changing while its row was written.
    #[error("the order moves faster than its row")]
    Moving,
    /// Orders or row numbers could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The sheet was not written, or the outcome is unknown.
    #[error(transparent)]
    Sheet(#[from] SheetsError),
}

/// Writes the rows of all orders of the batch, with one call.
///
/// A row is written by its number from the current order. Afterwards each order is read once more, and if it has
/// changed, its row is written again. So the last writer of a row has seen the order's last version, and no lock is
/// needed.
pub async fn handle(
    env: &(impl capabilities::Effects + capabilities::Orders + capabilities::Sheets),
    deadline: Deadline,
    event: SqsEvent,
) -> Result<SqsBatchResponse, SecretError> {
    let (orders, rows, clock) = (env.orders(), env.rows(), env.clock());
    let (sheets, spreadsheet_id) = (env.sheets().await?, env.spreadsheet_id());
    let (messages, mut response) = read::<OrderEvent>(event);
    let mut waiting: BTreeMap<OrderId, Vec<Message<_>>> = BTreeMap::new();
    for message in messages {
        waiting.entry(message.event.order_id).or_default().push(message);
    }
    let ids: Vec<OrderId> = waiting.keys().copied().collect();
    let sync = Sync { orders, rows, sheets, clock, deadline };
    let failed = match sync.bring_up_to_date(spreadsheet_id, &ids).await {
        Ok(failed) => failed,
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "rows not written");
            ids
        }
    };
    for (order_id, messages) in waiting {
        for Message { message_id, event } in messages {
            if failed.contains(&order_id) {
                response.add_failure(message_id);
            } else {
                tracing::info!(%order_id, event_type = %event.event_type, correlation_id = event.correlation_id, "row written");
            }
        }
    }
    Ok(response)
}

struct Sync<'a, O, R, T, C, I, K> {
    orders: &'a O,
    rows: &'a R,
    sheets: &'a Sheets<T, C, I>,
    clock: &'a K,
    deadline: Deadline,
}

impl<O: Orders, R: SheetRows, T: Transport, C: Clock, I: Ids, K: Clock> Sync<'_, O, R, T, C, I, K> {
    /// Brings the orders' rows up to date. Returns those of which that is not certain.
    async fn bring_up_to_date(&self, spreadsheet_id: &str, ids: &[OrderId]) -> Result<Vec<OrderId>, SyncError> {
        let (mut orders, failed) = self.read(ids).await?;
        let found: Vec<OrderId> = orders.iter().map(|order| order.id).collect();
        let claims: BTreeMap<OrderId, u32> = self
            .rows
            .rows(spreadsheet_id, &found)
            .await?
            .into_iter()
            .map(|RowClaim { order_id, row }| (order_id, row))
            .collect();
        for _ in 0..ROUNDS {
            if orders.is_empty() {
                return Ok(failed);
            }
            orders = self.write(&claims, orders).await?;
        }
        Err(SyncError::Moving)
    }

    /// Writes the rows. Returns the orders that have changed since they were read.
    async fn write(&self, claims: &BTreeMap<OrderId, u32>, orders: Vec<Order>) -> Result<Vec<Order>, SyncError> {
        let rows: Vec<(u32, Row)> =
            orders.iter().filter_map(|order| Some((*claims.get(&order.id)?, Row::of(order)))).collect();
        self.sheets.write_rows(&rows, self.deadline).await?;
        telemetry::count("RowsWritten", u32::try_from(rows.len()).unwrap_or(u32::MAX));
        let ids: Vec<OrderId> = orders.iter().map(|order| order.id).collect();
        let (now, gone) = self.read(&ids).await?;
        if let Some(id) = gone.first() {
            return Err(SyncError::NoOrder(*id));
        }
        let (still, moved): (Vec<_>, Vec<_>) =
            now.into_iter().zip(orders).partition(|(now, written)| now.version == written.version);
        let at = self.clock.now();
        try_join_all(still.iter().map(|(order, _)| self.rows.row_written(order.id, order.version, at))).await?;
        Ok(moved.into_iter().map(|(now, _)| now).collect())
    }

    /// The current orders, in the given order, and the ids of those that do not exist.
    async fn read(&self, ids: &[OrderId]) -> Result<(Vec<Order>, Vec<OrderId>), StoreError> {
        let found = try_join_all(ids.iter().map(|id| self.orders.find(*id))).await?;
        let missing: Vec<OrderId> =
            ids.iter().zip(&found).filter(|(_, order)| order.is_none()).map(|(id, _)| *id).collect();
        for id in &missing {
            tracing::warn!(order_id = %id, "event of an order that is not there");
        }
        Ok((found.into_iter().flatten().collect(), missing))
    }
}
