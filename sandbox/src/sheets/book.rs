//! A spreadsheet: its tabs, how ranges resolve in it, and its limits.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::a1::{self, A1, MAX_COLUMNS};
use super::error::GoogleError;
use super::grid::Tab;

/// Google's limit of cells in a spreadsheet, empty ones included.
const MAX_CELLS: usize = 10_000_000;

/// One spreadsheet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Spreadsheet {
    /// The long id in its address.
    pub id: String,
    /// The title.
    pub title: String,
    /// The tabs in their order; never none.
    pub tabs: Vec<Tab>,
}

/// A block of cells of one tab, ends excluded. It may reach beyond the grid's edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Index of the tab.
    pub tab: usize,
    /// First row, and one past the last.
    pub rows: (usize, usize),
    /// First column, and one past the last.
    pub columns: (usize, usize),
}

impl Block {
    /// Whether two blocks of one tab share a cell.
    pub const fn meets(&self, other: &Self) -> bool {
        self.rows.0 < other.rows.1
            && other.rows.0 < self.rows.1
            && self.columns.0 < other.columns.1
            && other.columns.0 < self.columns.1
    }
}

impl Spreadsheet {
    /// A spreadsheet with tabs of these titles, one `Sheet1` when there are none. The first tab has id 0.
    pub fn new(id: &str, title: &str, tabs: &[String]) -> Self {
        let titles = if tabs.is_empty() { vec!["Sheet1".to_owned()] } else { tabs.to_vec() };
        let tabs = (0..).zip(titles).map(|(id, title)| Tab::new(id, title)).collect();
        Self { id: id.to_owned(), title: title.to_owned(), tabs }
    }

    /// The index of a tab by title.
    pub fn tab_named(&self, title: &str) -> Option<usize> {
        let exact = self.tabs.iter().position(|tab| tab.title == title);
        exact.or_else(|| self.tabs.iter().position(|tab| tab.title.to_lowercase() == title.to_lowercase()))
    }

    /// The index of a tab by Google's `sheetId`.
    pub fn tab_with_id(&self, id: i64) -> Result<usize, GoogleError> {
        let found = self.tabs.iter().position(|tab| tab.id == id);
        found.ok_or_else(|| GoogleError::invalid(format!("No grid with id: {id}")))
    }

    /// Resolves a range; open ends reach to the grid's edge, closed ones may reach beyond.
    pub fn resolve(&self, text: &str) -> Result<(A1, Block), GoogleError> {
        let unreadable = || GoogleError::invalid(format!("Unable to parse range: {text}"));
        let range = A1::parse(text).ok_or_else(unreadable)?;
        let tab = range.tab.as_ref().map_or(Some(0), |title| self.tab_named(title)).ok_or_else(unreadable)?;
        let grid = self.tab(tab)?;
        let end = |last: Option<usize>, edge: usize, first: usize| last.map_or(edge.max(first + 1), |last| last + 1);
        let rows = (range.rows.first, end(range.rows.last, grid.rows, range.rows.first));
        let columns = (range.columns.first, end(range.columns.last, grid.columns, range.columns.first));
        Ok((range, Block { tab, rows, columns }))
    }

    /// A tab by index.
    pub fn tab(&self, index: usize) -> Result<&Tab, GoogleError> {
        self.tabs.get(index).ok_or_else(GoogleError::not_found)
    }

    /// A tab by index, to change it.
    pub fn tab_mut(&mut self, index: usize) -> Result<&mut Tab, GoogleError> {
        self.tabs.get_mut(index).ok_or_else(GoogleError::not_found)
    }

    /// Refuses a block that starts (`whole` false) or ends (`whole` true) beyond the grid's edge.
    pub fn check_edge(&self, block: &Block, whole: bool) -> Result<(), GoogleError> {
        let grid = self.tab(block.tab)?;
        let (row, column) =
            if whole { (block.rows.1, block.columns.1) } else { (block.rows.0 + 1, block.columns.0 + 1) };
        if row <= grid.rows && column <= grid.columns {
            return Ok(());
        }
        Err(GoogleError::invalid(format!(
            "Range ({}) exceeds grid limits. Max rows: {}, max columns: {}",
            self.name(block),
            grid.rows,
            grid.columns
        )))
    }

    /// A block in A1 notation; one without cells is named by its first.
    pub fn name(&self, block: &Block) -> String {
        let title = self.tabs.get(block.tab).map(|tab| tab.title.as_str()).unwrap_or_default();
        let last = |(start, end): (usize, usize)| (start, end.max(start + 1) - 1);
        a1::format(title, last(block.rows), last(block.columns))
    }

    /// Refuses what Google's limits forbid.
    pub fn check_size(&self) -> Result<(), GoogleError> {
        check_limits(self.tabs.iter().map(|tab| (tab.rows, tab.columns)))
    }

    /// Refuses to grow a tab to this size when Google's limits forbid it.
    pub fn check_growth(&self, grown: usize, size: (usize, usize)) -> Result<(), GoogleError> {
        let size_of = |(index, tab): (usize, &Tab)| if index == grown { size } else { (tab.rows, tab.columns) };
        check_limits(self.tabs.iter().enumerate().map(size_of))
    }

    /// The spreadsheet's resource, without cell data.
    pub fn resource(&self) -> Json {
        let sheets: Vec<Json> =
            (0..self.tabs.len()).map(|index| json!({"properties": self.properties(index)})).collect();
        json!({
            "spreadsheetId": self.id,
            "properties": {
                "title": self.title, "locale": "en_US", "autoRecalc": "ON_CHANGE", "timeZone": "Etc/GMT",
            },
            "sheets": sheets,
            "spreadsheetUrl": format!("https://docs.google.com/spreadsheets/d/{}/edit", self.id),
        })
    }

    /// A tab's properties.
    pub fn properties(&self, index: usize) -> Json {
        let Some(tab) = self.tabs.get(index) else { return Json::Null };
        let mut grid = json!({"rowCount": tab.rows, "columnCount": tab.columns});
        if tab.frozen_rows > 0 {
            grid["frozenRowCount"] = json!(tab.frozen_rows);
        }
        let mut properties = json!({
            "sheetId": tab.id, "title": tab.title, "index": index, "sheetType": "GRID", "gridProperties": grid,
        });
        if tab.hidden {
            properties["hidden"] = json!(true);
        }
        properties
    }
}

fn check_limits(tabs: impl Iterator<Item = (usize, usize)>) -> Result<(), GoogleError> {
    let mut cells = 0_usize;
    for (rows, columns) in tabs {
        cells = cells.saturating_add(rows.saturating_mul(columns));
        if columns > MAX_COLUMNS {
            let message = "This action would increase the number of columns above the limit of 18278 columns.";
            return Err(GoogleError::invalid(message));
        }
    }
    if cells > MAX_CELLS {
        let message =
            "This action would increase the number of cells in the workbook above the limit of 10000000 cells.";
        return Err(GoogleError::invalid(message));
    }
    Ok(())
}
