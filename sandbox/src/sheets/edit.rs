//! What a person does to the sheet by hand, for tests: types, sorts, deletes and inserts rows.

use domain::Timestamp;
use serde::Deserialize;

use super::a1;
use super::batch;
use super::book::Spreadsheet;
use super::enter;
use super::error::GoogleError;
use super::grid::Dimension;

/// Edits of one tab, done in order.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edits {
    /// The tab's title; the first tab when absent.
    tab: Option<String>,
    edits: Vec<Edit>,
}

/// One edit. Rows count from 1, as the sheet shows them.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Edit {
    /// Types into a cell.
    Set { cell: String, value: String },
    /// Sorts all rows below the header by a column.
    Sort {
        column: String,
        #[serde(default)]
        descending: bool,
        #[serde(default = "one")]
        header_rows: usize,
    },
    /// Deletes rows; those below move up.
    DeleteRows {
        from: usize,
        #[serde(default = "one")]
        count: usize,
    },
    /// Inserts empty rows.
    InsertRows {
        before: usize,
        #[serde(default = "one")]
        count: usize,
    },
}

const fn one() -> usize {
    1
}

impl Edits {
    /// Does the edits. The caller works on a copy.
    pub fn apply(&self, book: &mut Spreadsheet, now: Timestamp) -> Result<(), GoogleError> {
        let tab = self.tab.as_ref().map_or(Some(0), |title| book.tab_named(title));
        let tab = tab.ok_or_else(|| GoogleError::invalid("there is no such tab"))?;
        self.edits.iter().try_for_each(|edit| edit.apply(book, tab, now))
    }
}

impl Edit {
    fn apply(&self, book: &mut Spreadsheet, tab: usize, now: Timestamp) -> Result<(), GoogleError> {
        match self {
            Self::Set { cell, value } => {
                let place = a1::A1::parse(cell).filter(a1::A1::is_cell);
                let place = place.ok_or_else(|| GoogleError::invalid(format!("{cell} is no cell")))?;
                let entered = if value.is_empty() { None } else { enter::typed(value) };
                let grid = book.tab_mut(tab)?;
                if place.rows.first >= grid.rows || place.columns.first >= grid.columns {
                    return Err(GoogleError::invalid(format!("{cell} lies beyond the grid")));
                }
                grid.set(place.rows.first, place.columns.first, entered);
            }
            Self::Sort { column, descending, header_rows } => {
                let key = a1::column(column).ok_or_else(|| GoogleError::invalid(format!("{column} is no column")))?;
                let grid = book.tab(tab)?;
                let area = ((*header_rows, grid.used_rows().max(*header_rows)), (0, grid.used_columns()));
                batch::sort(book, tab, area, &[(key, *descending)], now)?;
            }
            Self::DeleteRows { from, count } => {
                let (start, end) = rows(*from, *count)?;
                let grid = book.tab_mut(tab)?;
                if end > grid.rows || end - start == grid.rows {
                    return Err(GoogleError::invalid("these rows cannot be deleted"));
                }
                grid.delete(Dimension::Rows, start, end);
            }
            Self::InsertRows { before, count } => {
                let (start, end) = rows(*before, *count)?;
                book.tab_mut(tab)?.insert(Dimension::Rows, start, end - start);
                book.check_size()?;
            }
        }
        Ok(())
    }
}

fn rows(first: usize, count: usize) -> Result<(usize, usize), GoogleError> {
    let start = first.checked_sub(1).ok_or_else(|| GoogleError::invalid("rows count from 1"))?;
    Ok((start, start + count.min(1_000_000)))
}
