//! Duplicate rows, rows of another order, and outdated rows.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use domain::{Order, OrderEvent, OrderId, Timestamp};
use google_sheets::Row;
use resilience::{Clock as _, Deadline};
use store::{Orders as _, RowClaim, SheetRow, SheetRows as _};

use super::consumers::{Trouble, consumer};
use super::profiles::{moved, slow_rows};
use super::{Answer, SeededBug, with};
use crate::fixture::{NEXT_SPREADSHEET, SPREADSHEET};
use crate::observed_store::{BuggyStore, StoreContext};
use crate::people::PLACE_AND_PAY;
use crate::world::SimulatedSuite;

/// All of them.
pub const BUGS: [SeededBug; 7] = [
    SeededBug::new("appended row", "each event's row goes below the last one", || with(Append::default())),
    SeededBug::new(
        "row number read, then written",
        "the next free row is read and written back a moment later",
        || with(ReadThenWritten::default()),
    ),
    SeededBug::new(
        "row looked for, then allotted",
        "an order without a row gets one, even if another consumer looks at the same time",
        || with(LookedFor::default()),
    ),
    SeededBug::new("row not looked at again", "a row is written from an order that may have changed meanwhile", || {
        consumer("sync-sheet", |suite, event, deadline| Box::pin(write_once(suite, event, deadline)))
    })
    .with_profile(slow_rows)
    .in_scenario(&PLACE_AND_PAY, 3),
    SeededBug::new("row as the event says", "a row is written from the event that comes last", || {
        consumer("sync-sheet", |suite, event, deadline| Box::pin(write_event(suite, event, deadline)))
    }),
    SeededBug::new(
        "row marked before it is written",
        "a version that is marked as written is not written again",
        || consumer("sync-sheet", |suite, event, deadline| Box::pin(mark_first(suite, event, deadline))),
    ),
    SeededBug::new(
        "row of any spreadsheet",
        "an order keeps its row's number when the shop gets another spreadsheet, which counts from the start",
        || with(OfAnySpreadsheet::default()),
    )
    .with_profile(moved),
];

/// The row numbers that a buggy store has assigned.
#[derive(Default)]
struct Rows {
    last: Cell<u32>,
    given: RefCell<BTreeMap<OrderId, u32>>,
}

impl Rows {
    fn of(&self, order: OrderId) -> Option<u32> {
        self.given.borrow().get(&order).copied()
    }

    /// The last assigned row number; the header's when there is none.
    fn last(&self) -> u32 {
        self.last.get().max(1)
    }

    fn give(&self, order: OrderId, row: u32) -> RowClaim {
        self.last.set(self.last().max(row));
        self.given.borrow_mut().insert(order, row);
        RowClaim { order_id: order, row }
    }

    fn rows_of(&self, order: OrderId) -> Vec<SheetRow> {
        let (spreadsheet_id, written_at) = (SPREADSHEET.to_owned(), Timestamp::default());
        let known = |row| SheetRow { spreadsheet_id, row, written_version: 0, written_at };
        self.of(order).map(known).into_iter().collect()
    }
}

#[derive(Default)]
struct Append(Rows);

impl BuggyStore for Append {
    fn rows<'a>(&'a self, _: &'a StoreContext, _: &'a str, orders: &'a [OrderId]) -> Answer<'a, Vec<RowClaim>> {
        Box::pin(async move { Ok(orders.iter().map(|order| self.0.give(*order, self.0.last() + 1)).collect()) })
    }

    fn rows_of<'a>(&'a self, _: &'a StoreContext, order: OrderId) -> Answer<'a, Vec<SheetRow>> {
        Box::pin(async move { Ok(self.0.rows_of(order)) })
    }
}

#[derive(Default)]
struct ReadThenWritten(Rows);

impl BuggyStore for ReadThenWritten {
    fn rows<'a>(&'a self, context: &'a StoreContext, _: &'a str, orders: &'a [OrderId]) -> Answer<'a, Vec<RowClaim>> {
        Box::pin(async move {
            let mut next = self.0.last() + 1;
            context.meanwhile().await;
            let mut claim = |order: &OrderId| {
                if let Some(row) = self.0.of(*order) {
                    return RowClaim { order_id: *order, row };
                }
                next += 1;
                self.0.give(*order, next - 1)
            };
            Ok(orders.iter().map(&mut claim).collect())
        })
    }

    fn rows_of<'a>(&'a self, _: &'a StoreContext, order: OrderId) -> Answer<'a, Vec<SheetRow>> {
        Box::pin(async move { Ok(self.0.rows_of(order)) })
    }
}

#[derive(Default)]
struct LookedFor(Rows);

impl BuggyStore for LookedFor {
    fn rows<'a>(&'a self, context: &'a StoreContext, _: &'a str, orders: &'a [OrderId]) -> Answer<'a, Vec<RowClaim>> {
        Box::pin(async move {
            let found: Vec<_> = orders.iter().map(|order| (*order, self.0.of(*order))).collect();
            context.meanwhile().await;
            let claim = |(order_id, row): (OrderId, Option<u32>)| match row {
                Some(row) => RowClaim { order_id, row },
                None => self.0.give(order_id, self.0.last() + 1),
            };
            Ok(found.into_iter().map(claim).collect())
        })
    }

    fn rows_of<'a>(&'a self, _: &'a StoreContext, order: OrderId) -> Answer<'a, Vec<SheetRow>> {
        Box::pin(async move { Ok(self.0.rows_of(order)) })
    }
}

/// Numbers by order, counted in each spreadsheet.
#[derive(Default)]
struct OfAnySpreadsheet {
    given: RefCell<BTreeMap<OrderId, u32>>,
    last: RefCell<BTreeMap<String, u32>>,
}

impl BuggyStore for OfAnySpreadsheet {
    fn rows<'a>(
        &'a self,
        _: &'a StoreContext,
        spreadsheet: &'a str,
        orders: &'a [OrderId],
    ) -> Answer<'a, Vec<RowClaim>> {
        Box::pin(async move {
            let (mut given, mut last) = (self.given.borrow_mut(), self.last.borrow_mut());
            let last = last.entry(spreadsheet.to_owned()).or_insert(1);
            let mut claim = |order_id: &OrderId| {
                let row = *given.entry(*order_id).or_insert_with(|| {
                    *last += 1;
                    *last
                });
                RowClaim { order_id: *order_id, row }
            };
            Ok(orders.iter().map(&mut claim).collect())
        })
    }

    fn rows_of<'a>(&'a self, _: &'a StoreContext, order: OrderId) -> Answer<'a, Vec<SheetRow>> {
        Box::pin(async move {
            let given = self.given.borrow().get(&order).copied();
            let known = |row| {
                [SPREADSHEET, NEXT_SPREADSHEET].map(|id| SheetRow {
                    spreadsheet_id: id.to_owned(),
                    row,
                    written_version: 0,
                    written_at: Timestamp::default(),
                })
            };
            Ok(given.into_iter().flat_map(known).collect())
        })
    }
}

async fn write_once(suite: &SimulatedSuite, event: OrderEvent, deadline: Deadline) -> Result<(), Trouble> {
    let order = suite.gated_store().find(event.order_id).await?.ok_or(Trouble::NoOrder)?;
    write(suite, &order, deadline).await
}

async fn write_event(suite: &SimulatedSuite, event: OrderEvent, deadline: Deadline) -> Result<(), Trouble> {
    let order = suite.gated_store().find(event.order_id).await?.ok_or(Trouble::NoOrder)?;
    let (status, version, updated_at) = (event.status, event.order_version, event.at);
    write(suite, &Order { status, version, updated_at, ..order }, deadline).await
}

async fn mark_first(suite: &SimulatedSuite, event: OrderEvent, deadline: Deadline) -> Result<(), Trouble> {
    let store = suite.gated_store();
    let order = store.find(event.order_id).await?.ok_or(Trouble::NoOrder)?;
    let spreadsheet = suite.spreadsheet_id();
    store.rows(spreadsheet, &[order.id]).await?;
    if store.rows_of(order.id).await?.iter().any(|row| row.written_version >= order.version) {
        return Ok(());
    }
    store.row_written(spreadsheet, order.id, order.version, suite.clock().now()).await?;
    write(suite, &order, deadline).await
}

async fn write(suite: &SimulatedSuite, order: &Order, deadline: Deadline) -> Result<(), Trouble> {
    let store = suite.gated_store();
    let spreadsheet = suite.spreadsheet_id();
    let claims = store.rows(spreadsheet, &[order.id]).await?;
    let rows: Vec<_> = claims.into_iter().map(|claim| (claim.row, Row::of(order))).collect();
    suite.sheets().write_rows(&rows, deadline).await?;
    Ok(store.row_written(spreadsheet, order.id, order.version, suite.clock().now()).await?)
}
