//! How values are read: `valueRenderOption`, `dateTimeRenderOption`, `majorDimension`.

use domain::Timestamp;
use serde_json::{Value as Json, json};

use super::book::{Block, Spreadsheet};
use super::cell::{Cell, CellInput, Value};
use super::error::GoogleError;
use super::evaluate::Evaluator;
use super::format::Format;
use super::grid::Dimension;

/// `valueRenderOption`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RenderOption {
    /// As the sheet shows it.
    #[default]
    Formatted,
    /// Worked out, without format.
    Unformatted,
    /// What was entered.
    Formula,
}

/// How an answer shows values.
#[derive(Clone, Copy, Debug)]
pub struct Rendering {
    /// What is shown of a cell.
    pub option: RenderOption,
    /// Dates as the sheet shows them, where numbers are unformatted.
    pub dates_as_text: bool,
    /// What the inner arrays are.
    pub major: Dimension,
}

impl Default for Rendering {
    fn default() -> Self {
        Self { option: RenderOption::Formatted, dates_as_text: false, major: Dimension::Rows }
    }
}

impl Rendering {
    /// Reads the three options; an unknown one is refused.
    pub fn read(option: Option<&str>, dates: Option<&str>, major: Option<&str>) -> Result<Self, GoogleError> {
        Ok(Self {
            option: match option {
                None | Some("FORMATTED_VALUE") => RenderOption::Formatted,
                Some("UNFORMATTED_VALUE") => RenderOption::Unformatted,
                Some("FORMULA") => RenderOption::Formula,
                Some(other) => return Err(unknown("value_render_option", "ValueRenderOption", other)),
            },
            dates_as_text: match dates {
                None | Some("SERIAL_NUMBER") => false,
                Some("FORMATTED_STRING") => true,
                Some(other) => return Err(unknown("date_time_render_option", "DateTimeRenderOption", other)),
            },
            major: dimension(major)?,
        })
    }

    fn show(self, cell: Option<&Cell>, value: &Value) -> Json {
        let format = cell.map_or(Format::Automatic, |cell| cell.format);
        match (self.option, cell.map(|cell| &cell.entered)) {
            (RenderOption::Formatted, _) => json!(format.show(value)),
            (RenderOption::Formula, Some(CellInput::Formula(text))) => json!(text),
            _ if self.dates_as_text && format.is_date() => json!(format.show(value)),
            _ => unformatted(value),
        }
    }
}

/// `majorDimension`; rows when absent.
pub fn dimension(name: Option<&str>) -> Result<Dimension, GoogleError> {
    match name {
        None | Some("ROWS" | "DIMENSION_UNSPECIFIED") => Ok(Dimension::Rows),
        Some("COLUMNS") => Ok(Dimension::Columns),
        Some(other) => Err(unknown("major_dimension", "Dimension", other)),
    }
}

/// The refusal of an enum value that Google does not know.
pub fn unknown(field: &str, kind: &str, given: &str) -> GoogleError {
    GoogleError::invalid(format!(
        "Invalid value at '{field}' (type.googleapis.com/google.apps.sheets.v4.{kind}), \"{given}\""
    ))
}

/// A `ValueRange`: what lies in a block, clipped to the grid, without trailing empty rows and cells.
pub fn value_range(
    book: &Spreadsheet,
    block: Block,
    rendering: Rendering,
    now: Timestamp,
) -> Result<Json, GoogleError> {
    book.check_edge(&block, false)?;
    let grid = book.tab(block.tab)?;
    let block = Block {
        rows: (block.rows.0, block.rows.1.min(grid.rows)),
        columns: (block.columns.0, block.columns.1.min(grid.columns)),
        ..block
    };
    let evaluator = Evaluator::new(book, now);
    let shown = |row: usize, column: usize| {
        let value = evaluator.value(block.tab, row, column);
        rendering.show(grid.cell(row, column), &value)
    };
    let rows = block.rows.0..block.rows.1.min(grid.used_rows().max(block.rows.0));
    let used = grid.used_columns_of(rows.clone()).max(block.columns.0);
    let columns = block.columns.0..block.columns.1.min(used);
    let mut values: Vec<Vec<Json>> = match rendering.major {
        Dimension::Rows => rows.map(|row| columns.clone().map(|column| shown(row, column)).collect()).collect(),
        Dimension::Columns => columns.map(|column| rows.clone().map(|row| shown(row, column)).collect()).collect(),
    };
    trim(&mut values);
    let major = if rendering.major == Dimension::Rows { "ROWS" } else { "COLUMNS" };
    let mut answer = json!({"range": book.name(&block), "majorDimension": major});
    if !values.is_empty() {
        answer["values"] = json!(values);
    }
    Ok(answer)
}

fn trim(values: &mut Vec<Vec<Json>>) {
    let is_empty = |value: &Json| value.as_str().is_some_and(str::is_empty);
    for row in values.iter_mut() {
        let used = row.iter().rposition(|value| !is_empty(value)).map_or(0, |last| last + 1);
        row.truncate(used);
    }
    let used = values.iter().rposition(|row| !row.is_empty()).map_or(0, |last| last + 1);
    values.truncate(used);
}

#[expect(clippy::cast_possible_truncation, reason = "whole and within an i64's exact range")]
fn unformatted(value: &Value) -> Json {
    match value {
        Value::Empty => json!(""),
        Value::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => json!(*number as i64),
        Value::Number(number) => json!(number),
        Value::Text(text) => json!(text),
        Value::Bool(truth) => json!(truth),
        Value::Error(error) => json!(error.text()),
    }
}
