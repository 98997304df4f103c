//! Making room: a tab that is missing, rows beyond the last.

use resilience::{Clock, Deadline, Ids, Transport};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{COLUMNS, Sheets, SheetsError};

/// How many rows the grid grows by, so that it rarely has to.
const SPARE_ROWS: u32 = 1000;

#[derive(Deserialize)]
struct Spreadsheet {
    #[serde(default)]
    sheets: Vec<Sheet>,
}

#[derive(Deserialize)]
struct Sheet {
    properties: Properties,
}

#[derive(Deserialize)]
struct Properties {
    #[serde(default, rename = "sheetId")]
    id: i64,
    title: String,
    #[serde(default, rename = "gridProperties")]
    grid: Grid,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Grid {
    #[serde(rename = "rowCount")]
    rows: u32,
    #[serde(rename = "columnCount")]
    columns: u32,
}

impl<T: Transport, C: Clock, I: Ids> Sheets<T, C, I> {
    /// Sees to it that the tab exists and reaches down to row `last`.
    pub(crate) async fn make_room(&self, last: u32, deadline: Deadline) -> Result<(), SheetsError> {
        let spreadsheet: Spreadsheet = self.get("?fields=sheets.properties", deadline).await?;
        let tab = spreadsheet.sheets.into_iter().map(|sheet| sheet.properties).find(|tab| tab.title == self.tab());
        let requests = match &tab {
            None => vec![add_tab(self.tab(), last)],
            Some(tab) => missing_dimensions(tab, last),
        };
        if requests.is_empty() {
            return Ok(());
        }
        match self.post(":batchUpdate", &json!({ "requests": requests }), deadline).await {
            // A concurrent writer was faster, or our own first attempt was: the write that follows will show it.
            Err(SheetsError::Invalid { .. }) if tab.is_none() => Ok(()),
            made => made,
        }
    }
}

/// A new tab has the columns that are used and no others: a spreadsheet is full at ten million cells, empty ones
/// included. With the 26 that Google gives one by itself it would be full after 384,615 rows, so it is after 833,333.
fn add_tab(title: &str, last: u32) -> Value {
    let grid = json!({
        "rowCount": last.saturating_add(SPARE_ROWS),
        "columnCount": COLUMNS,
        "frozenRowCount": 1,
    });
    json!({"addSheet": {"properties": {"title": title, "gridProperties": grid}}})
}

/// Appends what is missing. Setting the counts would be repeatable, but of two that do so at once the later could set the
/// smaller count, and cut off rows that were just written; an append that happens twice leaves empty rows.
fn missing_dimensions(tab: &Properties, last: u32) -> Vec<Value> {
    let append = |dimension: &str, length: u32| json!({"appendDimension": {"sheetId": tab.id, "dimension": dimension, "length": length}});
    let mut requests = vec![];
    if let Some(rows) = last.checked_sub(tab.grid.rows).filter(|rows| *rows > 0) {
        requests.push(append("ROWS", rows.saturating_add(SPARE_ROWS)));
    }
    let columns = u32::try_from(COLUMNS).unwrap_or(u32::MAX);
    if let Some(columns) = columns.checked_sub(tab.grid.columns).filter(|columns| *columns > 0) {
        requests.push(append("COLUMNS", columns));
    }
    requests
}
