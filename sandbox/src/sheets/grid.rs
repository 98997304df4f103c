//! A tab: a grid of cells with an edge, its rows and columns.

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::ops::Range;

use super::cell::Cell;

/// One tab of a spreadsheet. A new one has 1000 rows and 26 columns, as Google's have.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tab {
    /// Google's `sheetId`.
    pub id: i64,
    /// The title, unique in the spreadsheet.
    pub title: String,
    /// The grid's edge.
    pub rows: usize,
    /// The grid's edge.
    pub columns: usize,
    /// Rows that stay in sight.
    pub frozen_rows: usize,
    /// Not shown among the tabs.
    pub hidden: bool,
    /// Only as many rows, and cells in a row, as were ever written.
    cells: Vec<Vec<Option<Cell>>>,
}

/// Rows or columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// Rows.
    Rows,
    /// Columns.
    Columns,
}

impl Tab {
    /// An empty tab.
    pub const fn new(id: i64, title: String) -> Self {
        Self { id, title, rows: 1000, columns: 26, frozen_rows: 0, hidden: false, cells: Vec::new() }
    }

    /// What a cell holds.
    pub fn cell(&self, row: usize, column: usize) -> Option<&Cell> {
        self.cells.get(row)?.get(column)?.as_ref()
    }

    /// Puts something into a cell, or empties it. The grid's edge is the caller's to respect.
    pub fn set(&mut self, row: usize, column: usize, cell: Option<Cell>) {
        if cell.is_none() && self.cell(row, column).is_none() {
            return;
        }
        if self.cells.len() <= row {
            self.cells.resize_with(row + 1, Vec::new);
        }
        if let Some(cells) = self.cells.get_mut(row) {
            if cells.len() <= column {
                cells.resize_with(column + 1, || None);
            }
            if let Some(place) = cells.get_mut(column) {
                *place = cell;
            }
        }
    }

    /// One past the last row that holds anything.
    pub fn used_rows(&self) -> usize {
        let used = self.cells.iter().rposition(|row| row.iter().any(Option::is_some));
        used.map_or(0, |last| last + 1)
    }

    /// One past the last column that holds anything.
    pub fn used_columns(&self) -> usize {
        self.used_columns_of(0..self.cells.len())
    }

    /// One past the last column that holds anything in those rows.
    pub fn used_columns_of(&self, rows: Range<usize>) -> usize {
        let rows = self.cells.iter().take(rows.end).skip(rows.start);
        rows.filter_map(|row| row.iter().rposition(Option::is_some)).max().map_or(0, |last| last + 1)
    }

    /// The places of all cells that hold something.
    pub fn occupied(&self) -> impl Iterator<Item = (usize, usize)> {
        self.cells.iter().enumerate().flat_map(|(row, cells)| {
            cells.iter().enumerate().filter(|(_, cell)| cell.is_some()).map(move |(column, _)| (row, column))
        })
    }

    /// Removes rows or columns; what follows moves up.
    pub fn delete(&mut self, dimension: Dimension, start: usize, end: usize) {
        match dimension {
            Dimension::Rows => {
                remove(&mut self.cells, start, end);
                self.rows -= end - start;
            }
            Dimension::Columns => {
                self.cells.iter_mut().for_each(|row| remove(row, start, end));
                self.columns -= end - start;
            }
        }
    }

    /// Inserts empty rows or columns; what was there moves down.
    pub fn insert(&mut self, dimension: Dimension, start: usize, count: usize) {
        match dimension {
            Dimension::Rows => {
                insert(&mut self.cells, start, count, Vec::new);
                self.rows += count;
            }
            Dimension::Columns => {
                self.cells.iter_mut().for_each(|row| insert(row, start, count, || None));
                self.columns += count;
            }
        }
    }

    /// Sets the grid's edge; what lies beyond is lost.
    pub fn resize(&mut self, rows: usize, columns: usize) {
        self.cells.truncate(rows);
        self.cells.iter_mut().for_each(|row| row.truncate(columns));
        (self.rows, self.columns) = (rows, columns);
    }

    /// Reorders the cells of a block of rows, columns outside of it stay. `order` compares two rows by number.
    pub fn sort(
        &mut self,
        rows: (usize, usize),
        columns: (usize, usize),
        order: impl Fn(&Self, usize, usize) -> Ordering,
    ) {
        let mut sorted: Vec<usize> = (rows.0..rows.1).collect();
        sorted.sort_by(|a, b| order(self, *a, *b));
        let before = self.clone();
        for (to, from) in (rows.0..rows.1).zip(sorted) {
            for column in columns.0..columns.1 {
                self.set(to, column, before.cell(from, column).cloned());
            }
        }
    }
}

fn remove<T>(items: &mut Vec<T>, start: usize, end: usize) {
    if start < items.len() {
        items.drain(start..end.min(items.len()));
    }
}

fn insert<T>(items: &mut Vec<T>, start: usize, count: usize, empty: impl Fn() -> T) {
    if start < items.len() {
        items.splice(start..start, (0..count).map(|_| empty()));
    }
}

#[cfg(test)]
mod tests {
    use super::super::enter::typed;
    use super::*;

    fn column_a(tab: &Tab) -> Vec<bool> {
        (0..5).map(|row| tab.cell(row, 0).is_some()).collect()
    }

    #[test]
    fn rows_move_when_others_go_or_come() {
        let mut tab = Tab::new(0, "T".into());
        for row in [0, 2] {
            tab.set(row, 0, typed("x"));
        }
        assert_eq!((tab.used_rows(), tab.used_columns()), (3, 1));
        tab.delete(Dimension::Rows, 1, 2);
        assert_eq!((column_a(&tab), tab.rows), (vec![true, true, false, false, false], 999));
        tab.insert(Dimension::Rows, 0, 3);
        assert_eq!((column_a(&tab), tab.rows), (vec![false, false, false, true, true], 1002));
        tab.insert(Dimension::Columns, 0, 1);
        assert_eq!((tab.cell(3, 0), tab.columns), (None, 27));
        tab.delete(Dimension::Columns, 0, 2);
        assert_eq!((tab.used_rows(), tab.columns), (0, 25));
    }

    #[test]
    fn emptying_an_empty_cell_costs_nothing() {
        let mut tab = Tab::new(0, "T".into());
        tab.set(999, 25, None);
        assert_eq!((tab.used_rows(), tab.cells.len()), (0, 0));
    }
}
