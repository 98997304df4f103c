//! Keeps the sheet up to date: each order's row shows the current order, in whatever order the events arrive.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use domain::{Order, OrderEvent, OrderId};
use events::{EventKind, Failure, Message, Returned, read};
use futures::future::join_all;
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

/// Why a row may be outdated. Its messages come again.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The event's order does not exist, or is not visible yet.
    #[error("no such order")]
    NoOrder,
    /// The order kept changing while its row was written.
    #[error("the order moves faster than its row")]
    Moving,
    /// There was no time left to begin.
    #[error("not begun in time")]
    NotBegun,
    /// Orders or row numbers could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The sheet was not written, or the outcome is unknown.
    #[error(transparent)]
    Sheet(#[from] SheetsError),
}

impl SyncError {
    /// What it says about the messages.
    const fn failure(&self) -> Failure {
        match self {
            Self::Store(error) if error.is_about_one() => Failure::Poison,
            Self::NoOrder | Self::Sheet(SheetsError::Invalid { .. }) => Failure::Poison,
            Self::Moving | Self::NotBegun | Self::Store(_) | Self::Sheet(_) => Failure::Outage,
        }
    }

    /// Whether it may be about some rows of several, while the others can be written.
    const fn is_about_some(&self) -> bool {
        match self {
            Self::Store(error) => error.is_about_one(),
            Self::Sheet(error) => matches!(error, SheetsError::Invalid { .. } | SheetsError::Full),
            Self::NoOrder | Self::Moving | Self::NotBegun => false,
        }
    }
}

/// Writes the rows of all orders of the batch, with one call. Where Google refuses some of them, the others are written
/// without them.
///
/// A row is written by its number from the current order. Afterwards each order is read once more, and if it has
/// changed, its row is written again. So the last writer of a row has seen the order's last version, and no lock is
/// needed.
pub async fn handle(
    env: &(impl capabilities::Effects + capabilities::Orders + capabilities::Queue + capabilities::Sheets),
    deadline: Deadline,
    event: SqsEvent,
) -> Result<SqsBatchResponse, SecretError> {
    let (orders, rows, clock, consumer) = (env.orders(), env.rows(), env.clock(), env.consumer());
    let (sheets, spreadsheet_id) = (consumer.needs(&event, env.sheets().await).await?, env.spreadsheet_id());
    let (messages, mut returned) = read::<OrderEvent>(event);
    let mut waiting: BTreeMap<OrderId, Vec<Message<_>>> = BTreeMap::new();
    for message in messages {
        waiting.entry(message.event.order_id).or_default().push(message);
    }
    let ids: Vec<OrderId> = waiting.keys().copied().collect();
    let sync = Sync { orders, rows, sheets, spreadsheet_id, clock, deadline };
    let failed = sync.bring_up_to_date(&ids).await;
    for (order_id, messages) in waiting {
        for Message { delivery, event } in messages {
            if let Some(failure) = failed.0.get(&order_id) {
                returned.push(Returned { delivery, failure: *failure });
            } else {
                tracing::info!(%order_id, event_type = %event.event_type, correlation_id = event.correlation_id, "row written");
            }
        }
    }
    Ok(consumer.send_back(returned).await)
}

/// The orders whose rows may be outdated, and what that says about their messages.
#[derive(Default)]
struct Failed(BTreeMap<OrderId, Failure>);

impl Failed {
    fn add(&mut self, ids: impl IntoIterator<Item = OrderId>, error: &SyncError) {
        for order_id in ids {
            tracing::warn!(%order_id, error = error as &dyn std::error::Error, "row not written");
            self.0.insert(order_id, error.failure());
        }
    }
}

struct Sync<'a, O, R, T, C, I, K> {
    orders: &'a O,
    rows: &'a R,
    sheets: &'a Sheets<T, C, I>,
    spreadsheet_id: &'a str,
    clock: &'a K,
    deadline: Deadline,
}

impl<O: Orders, R: SheetRows, T: Transport, C: Clock, I: Ids, K: Clock> Sync<'_, O, R, T, C, I, K> {
    /// Brings the orders' rows up to date. Returns those of which that is not certain.
    async fn bring_up_to_date(&self, ids: &[OrderId]) -> Failed {
        let mut failed = Failed::default();
        let mut orders = self.read(ids, &mut failed).await;
        let claims = self.claims(&orders, &mut failed).await;
        orders.retain(|order| claims.contains_key(&order.id));
        for _ in 0..ROUNDS {
            if orders.is_empty() {
                return failed;
            }
            orders = self.write(&claims, orders, &mut failed).await;
        }
        failed.add(orders.iter().map(|order| order.id), &SyncError::Moving);
        failed
    }

    /// The orders' row numbers.
    async fn claims(&self, orders: &[Order], failed: &mut Failed) -> BTreeMap<OrderId, u32> {
        let ids: Vec<OrderId> = orders.iter().map(|order| order.id).collect();
        let claim = async |ids: &[OrderId]| Ok(self.rows.rows(self.spreadsheet_id, ids).await?);
        let claims = self.in_parts(&ids, |id| *id, claim, failed).await;
        claims.into_iter().flatten().map(|RowClaim { order_id, row }| (order_id, row)).collect()
    }

    /// Writes the rows. Returns the orders that have changed since they were read.
    async fn write(&self, claims: &BTreeMap<OrderId, u32>, mut orders: Vec<Order>, failed: &mut Failed) -> Vec<Order> {
        let rows: Vec<(OrderId, (u32, Row))> =
            orders.iter().filter_map(|order| Some((order.id, (*claims.get(&order.id)?, Row::of(order))))).collect();
        let write = async |rows: &[(OrderId, (u32, Row))]| {
            let rows: Vec<_> = rows.iter().map(|(_, row)| row.clone()).collect();
            self.sheets.write_rows(&rows, self.deadline).await?;
            telemetry::count("RowsWritten", u32::try_from(rows.len()).unwrap_or(u32::MAX));
            Ok(())
        };
        self.in_parts(&rows, |(id, _)| *id, write, failed).await;
        orders.retain(|order| !failed.0.contains_key(&order.id));
        self.look_again(orders, failed).await
    }

    /// Notes which version each row shows, and returns the orders that have changed since they were read.
    async fn look_again(&self, written: Vec<Order>, failed: &mut Failed) -> Vec<Order> {
        let ids: Vec<OrderId> = written.iter().map(|order| order.id).collect();
        let now = self.read(&ids, failed).await;
        let version: BTreeMap<OrderId, u64> = written.iter().map(|order| (order.id, order.version)).collect();
        let (still, moved): (Vec<_>, Vec<_>) =
            now.into_iter().partition(|order| version.get(&order.id) == Some(&order.version));
        let at = self.clock.now();
        let note = |order: &Order| self.rows.row_written(self.spreadsheet_id, order.id, order.version, at);
        for (order, noted) in still.iter().zip(join_all(still.iter().map(note)).await) {
            if let Err(error) = noted {
                failed.add([order.id], &error.into());
            }
        }
        moved
    }

    /// Does something with all items at once. Where it is refused for some of them, halves find out for which; after an
    /// outage, or without time, no other part is begun. What is not done has failed.
    async fn in_parts<N, A>(
        &self,
        items: &[N],
        order: impl Fn(&N) -> OrderId,
        work: impl AsyncFn(&[N]) -> Result<A, SyncError>,
        failed: &mut Failed,
    ) -> Vec<A> {
        let (mut parts, mut done) = (vec![items], Vec::new());
        while let Some(part) = parts.pop().filter(|part| !part.is_empty()) {
            match work(part).await {
                Ok(answer) => done.push(answer),
                Err(error) if error.is_about_some() && part.len() > 1 => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
                Err(error) => {
                    failed.add(part.iter().map(&order), &error);
                    if !error.is_about_some() {
                        failed.add(parts.drain(..).flatten().map(&order), &error);
                    }
                }
            }
            if !self.deadline.allows(self.clock, Duration::ZERO) {
                failed.add(parts.drain(..).flatten().map(&order), &SyncError::NotBegun);
            }
        }
        done
    }

    /// The current orders, in the given order.
    async fn read(&self, ids: &[OrderId], failed: &mut Failed) -> Vec<Order> {
        let found = join_all(ids.iter().map(|id| self.orders.find(*id))).await;
        let mut orders = Vec::with_capacity(ids.len());
        for (id, found) in ids.iter().zip(found) {
            match found {
                Ok(Some(order)) => orders.push(order),
                Ok(None) => failed.add([*id], &SyncError::NoOrder),
                Err(error) => failed.add([*id], &error.into()),
            }
        }
        orders
    }
}
