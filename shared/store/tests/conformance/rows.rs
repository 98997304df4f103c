//! Rows of the sheet: one for each order and spreadsheet, without repeats and gaps.

use std::collections::BTreeMap;

use domain::{OrderId, Timestamp};
use futures::future::join_all;
use store::{SheetRow, SheetRows};

use crate::fixtures::{at, order_id};
use crate::promises;
use crate::sides::Stores;

const SHEET: &str = "1BxiMVs0XRA5";

async fn rows<O, C>(stores: &Stores<O, C, impl SheetRows>, numbers: &[u8]) -> Vec<(OrderId, u32)> {
    rows_in(SHEET, stores, numbers).await
}

async fn rows_in<O, C>(sheet: &str, stores: &Stores<O, C, impl SheetRows>, numbers: &[u8]) -> Vec<(OrderId, u32)> {
    let orders: Vec<_> = numbers.iter().map(|n| order_id(*n)).collect();
    let claims = stores.effects.rows(sheet, &orders).await.unwrap();
    claims.into_iter().map(|claim| (claim.order_id, claim.row)).collect()
}

fn seen(sheet: &str, row: u32, written_version: u64, written_at: Timestamp) -> SheetRow {
    SheetRow { spreadsheet_id: sheet.to_owned(), row, written_version, written_at }
}

async fn rows_are_given_away_in_the_order_asked_for_and_for_ever<O, C>(stores: &Stores<O, C, impl SheetRows>) {
    assert_eq!(stores.effects.rows_of(order_id(5)).await.unwrap(), []);
    assert_eq!(rows(stores, &[5, 3]).await, [(order_id(5), 2), (order_id(3), 3)]);
    assert_eq!(
        rows(stores, &[9, 3, 5, 1]).await,
        [(order_id(9), 4), (order_id(3), 3), (order_id(5), 2), (order_id(1), 5)]
    );
    assert_eq!(rows(stores, &[5]).await, [(order_id(5), 2)]);
    let row = seen(SHEET, 2, 0, Timestamp::default());
    assert_eq!(stores.effects.rows_of(order_id(5)).await.unwrap(), [row]);
}

async fn each_spreadsheet_has_rows_of_its_own<O, C>(stores: &Stores<O, C, impl SheetRows>) {
    assert_eq!(rows(stores, &[1, 2]).await, [(order_id(1), 2), (order_id(2), 3)]);
    let another = "0AnotherSpreadsheet";
    assert_eq!(rows_in(another, stores, &[3, 2]).await, [(order_id(3), 2), (order_id(2), 3)]);
    assert_eq!(rows_in(another, stores, &[1]).await, [(order_id(1), 4)]);
    assert_eq!(rows(stores, &[3, 2]).await, [(order_id(3), 4), (order_id(2), 3)]);

    stores.effects.row_written(another, order_id(2), 7, at(1)).await.unwrap();
    let both = [seen(another, 3, 7, at(1)), seen(SHEET, 3, 0, Timestamp::default())];
    assert_eq!(stores.effects.rows_of(order_id(2)).await.unwrap(), both);
}

async fn rows_given_away_at_once_are_unique_and_leave_no_gap<O, C>(stores: &Stores<O, C, impl SheetRows>) {
    // Batches overlap, as redelivered messages do.
    let batches: Vec<Vec<u8>> = (0..6).map(|n| (n * 5..n * 5 + 10).collect()).collect();
    let given = join_all(batches.iter().map(|batch| rows(stores, batch))).await;
    let mut by_order = BTreeMap::new();
    for (order, row) in given.into_iter().flatten() {
        assert_eq!(*by_order.entry(order).or_insert(row), row, "two rows for one order");
    }
    let mut taken: Vec<_> = by_order.into_values().collect();
    taken.sort_unstable();
    assert_eq!(taken, (2..2 + 35).collect::<Vec<_>>());
}

async fn forty_orders_get_their_rows_at_once<O, C>(stores: &Stores<O, C, impl SheetRows>) {
    let numbers: Vec<u8> = (0..40).collect();
    let given = rows(stores, &numbers).await;
    assert_eq!(given.iter().map(|(_, row)| *row).collect::<Vec<_>>(), (2..42).collect::<Vec<_>>());
}

async fn a_row_only_ever_gets_newer<O, C>(stores: &Stores<O, C, impl SheetRows>) {
    rows(stores, &[1]).await;
    for (version, moment, known, since) in [(3, 1, 3, 1), (2, 2, 3, 1), (3, 3, 3, 1), (4, 4, 4, 4)] {
        stores.effects.row_written(SHEET, order_id(1), version, at(moment)).await.unwrap();
        assert_eq!(stores.effects.rows_of(order_id(1)).await.unwrap(), [seen(SHEET, 2, known, at(since))]);
    }
}

async fn an_order_without_a_row_gets_none_by_being_written<O, C>(stores: &Stores<O, C, impl SheetRows>) {
    stores.effects.row_written(SHEET, order_id(1), 1, at(0)).await.unwrap();
    assert_eq!(stores.effects.rows_of(order_id(1)).await.unwrap(), []);
}

promises! {
    rows_are_given_away_in_the_order_asked_for_and_for_ever,
    rows_given_away_at_once_are_unique_and_leave_no_gap,
    each_spreadsheet_has_rows_of_its_own,
    forty_orders_get_their_rows_at_once,
    a_row_only_ever_gets_newer,
    an_order_without_a_row_gets_none_by_being_written,
}
