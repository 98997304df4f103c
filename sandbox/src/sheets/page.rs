//! The page that shows a spreadsheet.

use askama::Template;
use bytes::Bytes;
use domain::Timestamp;
use http::Response;

use super::a1;
use super::book::Spreadsheet;
use super::cell::{CellInput, Value};
use super::control;
use super::evaluate::{Evaluator, OutsideCall};
use super::format::Format;
use super::grid::Tab;
use crate::answer;

/// The page shows no more rows than these; the JSON has them all.
const MAX_ROWS: usize = 2000;
/// Empty rows and columns around what is used, so that it looks like a sheet.
const MARGIN: usize = 3;

#[derive(Template)]
#[template(path = "sheet.html")]
struct SheetPage<'a> {
    books: &'a [Spreadsheet],
    book: &'a Spreadsheet,
    open: usize,
    columns: Vec<String>,
    rows: Vec<Row>,
    hidden_rows: usize,
    calls: Vec<OutsideCall>,
}

impl SheetPage<'_> {
    fn link(&self, title: &str) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("id", self.book.id.as_str()), ("tab", title)])
            .finish();
        format!("/_sandbox/sheets?{query}")
    }
}

struct Row {
    number: usize,
    cells: Vec<CellView>,
}

struct CellView {
    text: String,
    kind: &'static str,
    formula: String,
}

/// One tab of a spreadsheet, the first unless another is named.
pub fn spreadsheet(books: &[Spreadsheet], book: &Spreadsheet, tab: Option<&str>, now: Timestamp) -> Response<Bytes> {
    let open = tab.and_then(|title| book.tab_named(title)).unwrap_or(0);
    let Some(grid) = book.tabs.get(open) else { return answer::problem(404, "no such tab") };
    let width = (grid.used_columns() + MARGIN).min(grid.columns);
    let height = (grid.used_rows() + MARGIN).min(grid.rows);
    let evaluator = Evaluator::new(book, now);
    let row = |row: usize| Row {
        number: row + 1,
        cells: (0..width).map(|column| shown(grid, row, column, &evaluator.value(open, row, column))).collect(),
    };
    let page = SheetPage {
        books,
        book,
        open,
        columns: (0..width).map(a1::letters).collect(),
        rows: (0..height.min(MAX_ROWS)).map(row).collect(),
        hidden_rows: height.saturating_sub(MAX_ROWS),
        calls: control::outside_calls(book, now),
    };
    match page.render() {
        Ok(html) => answer::html(html),
        Err(error) => answer::problem(500, &error.to_string()),
    }
}

fn shown(grid: &Tab, row: usize, column: usize, value: &Value) -> CellView {
    let cell = grid.cell(row, column);
    let formula = match cell.map(|cell| &cell.entered) {
        Some(CellInput::Formula(text)) => text.clone(),
        _ => String::new(),
    };
    let kind = match value {
        Value::Number(_) => "number",
        Value::Error(_) => "error",
        Value::Bool(_) => "truth",
        Value::Empty | Value::Text(_) => "",
    };
    CellView { text: cell.map_or(Format::Automatic, |cell| cell.format).show(value), kind, formula }
}
