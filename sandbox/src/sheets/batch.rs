//! `spreadsheets:batchUpdate`: changes to tabs, rows and columns, all or nothing.

use std::cmp::Ordering;

use domain::Timestamp;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::book::Spreadsheet;
use super::cell::Value;
use super::error::GoogleError;
use super::evaluate::Evaluator;
use super::functions;
use super::grid::{Dimension, Tab};
use super::render;
use crate::draw::Draw;

/// Requests that only change how things look: taken without effect.
const COSMETIC: [&str; 4] = ["autoResizeDimensions", "updateDimensionProperties", "updateBorders", "addBanding"];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DimensionRange {
    #[serde(default)]
    sheet_id: i64,
    dimension: String,
    #[serde(default)]
    start_index: usize,
    end_index: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GridRange {
    #[serde(default)]
    sheet_id: i64,
    #[serde(default)]
    start_row_index: usize,
    end_row_index: Option<usize>,
    #[serde(default)]
    start_column_index: usize,
    end_column_index: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SortSpec {
    #[serde(default)]
    dimension_index: usize,
    #[serde(default)]
    sort_order: String,
}

/// Applies one request and gives its reply. The caller works on a copy, so that a failing batch changes nothing.
pub fn apply(book: &mut Spreadsheet, request: &Json, draw: &mut Draw, now: Timestamp) -> Result<Json, GoogleError> {
    let entry = request.as_object().filter(|fields| fields.len() == 1).and_then(|fields| fields.iter().next());
    let (name, body) = entry.ok_or_else(|| GoogleError::invalid("Must specify exactly one kind of request."))?;
    let reply = match name.as_str() {
        "addSheet" => add_sheet(book, body, draw),
        "deleteSheet" => delete_sheet(book, body),
        "updateSheetProperties" => update_sheet(book, body),
        "updateSpreadsheetProperties" => update_spreadsheet(book, body),
        "deleteDimension" => delete_dimension(book, body),
        "insertDimension" => insert_dimension(book, body),
        "appendDimension" => append_dimension(book, body),
        "sortRange" => sort_range(book, body, now),
        "repeatCell" if text(body, "fields").is_some_and(|fields| fields.starts_with("userEnteredFormat")) => {
            Ok(json!({}))
        }
        cosmetic if COSMETIC.contains(&cosmetic) => Ok(json!({})),
        other => return Err(GoogleError::unimplemented(&format!("the request {other}"))),
    };
    reply.and_then(|reply| book.check_size().map(|()| reply))
}

fn text<'a>(body: &'a Json, field: &str) -> Option<&'a str> {
    body.get(field).and_then(Json::as_str)
}

fn part<T: for<'de> Deserialize<'de>>(body: &Json, field: &str) -> Result<T, GoogleError> {
    let part = body.get(field).cloned().unwrap_or_default();
    serde_json::from_value(part).map_err(|error| GoogleError::invalid(format!("{field}: {error}")))
}

fn add_sheet(book: &mut Spreadsheet, body: &Json, draw: &mut Draw) -> Result<Json, GoogleError> {
    let properties = body.get("properties").cloned().unwrap_or_default();
    let id =
        properties.get("sheetId").and_then(Json::as_i64).unwrap_or_else(|| i64::from(draw.below(2_000_000_000)) + 1);
    if book.tab_with_id(id).is_ok() {
        return Err(GoogleError::invalid(format!("A sheet with the id {id} already exists.")));
    }
    let untitled =
        || (1..=book.tabs.len() + 1).map(|n| format!("Sheet{n}")).find(|title| book.tab_named(title).is_none());
    let title = text(&properties, "title").map(str::to_owned).or_else(untitled).unwrap_or_default();
    check_title(book, &title, None)?;
    let mut tab = Tab::new(id, title);
    set_grid(&mut tab, properties.get("gridProperties"))?;
    tab.hidden = properties.get("hidden").and_then(Json::as_bool).unwrap_or(false);
    let at = properties.get("index").and_then(Json::as_u64).and_then(|at| usize::try_from(at).ok());
    let at = at.unwrap_or(book.tabs.len()).min(book.tabs.len());
    book.tabs.insert(at, tab);
    Ok(json!({"addSheet": {"properties": book.properties(at)}}))
}

fn check_title(book: &Spreadsheet, title: &str, but: Option<usize>) -> Result<(), GoogleError> {
    if title.is_empty() {
        return Err(GoogleError::invalid("The title of a sheet must not be empty."));
    }
    if book.tab_named(title).is_some_and(|found| Some(found) != but) {
        let message = format!("A sheet with the name \"{title}\" already exists. Please enter another name.");
        return Err(GoogleError::invalid(message));
    }
    Ok(())
}

fn delete_sheet(book: &mut Spreadsheet, body: &Json) -> Result<Json, GoogleError> {
    let index = book.tab_with_id(body.get("sheetId").and_then(Json::as_i64).unwrap_or(0))?;
    if book.tabs.len() == 1 {
        return Err(GoogleError::invalid("You can't remove all the sheets in a document."));
    }
    book.tabs.remove(index);
    Ok(json!({}))
}

fn update_sheet(book: &mut Spreadsheet, body: &Json) -> Result<Json, GoogleError> {
    let properties = body.get("properties").cloned().unwrap_or_default();
    let fields = fields(body)?;
    let index = book.tab_with_id(properties.get("sheetId").and_then(Json::as_i64).unwrap_or(0))?;
    let wants = |field: &str| fields.iter().any(|one| *one == "*" || one.split('.').next() == Some(field));
    if let (true, Some(title)) = (wants("title"), text(&properties, "title")) {
        check_title(book, title, Some(index))?;
        title.clone_into(&mut book.tab_mut(index)?.title);
    }
    if wants("gridProperties") {
        set_grid(book.tab_mut(index)?, properties.get("gridProperties"))?;
    }
    if wants("hidden") {
        book.tab_mut(index)?.hidden = properties.get("hidden").and_then(Json::as_bool).unwrap_or(false);
    }
    let to = properties.get("index").and_then(Json::as_u64).and_then(|to| usize::try_from(to).ok());
    if let (true, Some(to)) = (fields.contains(&"index"), to) {
        let tab = book.tabs.remove(index);
        book.tabs.insert(to.min(book.tabs.len()), tab);
    }
    Ok(json!({}))
}

fn update_spreadsheet(book: &mut Spreadsheet, body: &Json) -> Result<Json, GoogleError> {
    fields(body)?;
    if let Some(title) = body.get("properties").and_then(|properties| text(properties, "title")) {
        title.clone_into(&mut book.title);
    }
    Ok(json!({}))
}

fn fields(body: &Json) -> Result<Vec<&str>, GoogleError> {
    let fields = text(body, "fields").unwrap_or_default();
    if fields.is_empty() {
        let message = "At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)";
        return Err(GoogleError::invalid(message));
    }
    Ok(fields.split(',').map(str::trim).collect())
}

fn set_grid(tab: &mut Tab, grid: Option<&Json>) -> Result<(), GoogleError> {
    let number = |field: &str| {
        let number = grid.and_then(|grid| grid.get(field)).and_then(Json::as_u64);
        number.and_then(|number| usize::try_from(number).ok())
    };
    let (rows, columns) = (number("rowCount").unwrap_or(tab.rows), number("columnCount").unwrap_or(tab.columns));
    if rows == 0 || columns == 0 {
        return Err(GoogleError::invalid("A sheet must have at least one row and one column."));
    }
    tab.resize(rows, columns);
    tab.frozen_rows = number("frozenRowCount").unwrap_or(tab.frozen_rows);
    Ok(())
}

/// The tab, dimension and ends of a `DimensionRange` that lies within the grid.
fn stretch(book: &Spreadsheet, body: &Json) -> Result<(usize, Dimension, usize, usize), GoogleError> {
    let range: DimensionRange = part(body, "range")?;
    let tab = book.tab_with_id(range.sheet_id)?;
    let dimension = render::dimension(Some(&range.dimension))?;
    let edge = if dimension == Dimension::Rows { book.tab(tab)?.rows } else { book.tab(tab)?.columns };
    let end = range.end_index.unwrap_or(edge);
    if range.start_index >= end {
        return Err(GoogleError::invalid("The range is empty."));
    }
    Ok((tab, dimension, range.start_index, end))
}

fn delete_dimension(book: &mut Spreadsheet, body: &Json) -> Result<Json, GoogleError> {
    let (tab, dimension, start, end) = stretch(book, body)?;
    let tab = book.tab_mut(tab)?;
    let (edge, name) = if dimension == Dimension::Rows { (tab.rows, "rows") } else { (tab.columns, "columns") };
    if start >= edge {
        return Err(GoogleError::invalid(format!("Cannot delete {name} that do not exist.")));
    }
    let end = end.min(edge);
    if end - start == edge {
        return Err(GoogleError::invalid(format!("You can't delete all the {name} on the sheet.")));
    }
    tab.delete(dimension, start, end);
    Ok(json!({}))
}

fn insert_dimension(book: &mut Spreadsheet, body: &Json) -> Result<Json, GoogleError> {
    let (tab, dimension, start, end) = stretch(book, body)?;
    let tab = book.tab_mut(tab)?;
    let edge = if dimension == Dimension::Rows { tab.rows } else { tab.columns };
    if start > edge {
        return Err(GoogleError::invalid("range.startIndex lies beyond the sheet's edge."));
    }
    tab.insert(dimension, start, end - start);
    Ok(json!({}))
}

fn append_dimension(book: &mut Spreadsheet, body: &Json) -> Result<Json, GoogleError> {
    let tab = book.tab_with_id(body.get("sheetId").and_then(Json::as_i64).unwrap_or(0))?;
    let dimension = render::dimension(text(body, "dimension"))?;
    let length = part(body, "length")?;
    let tab = book.tab_mut(tab)?;
    let edge = if dimension == Dimension::Rows { tab.rows } else { tab.columns };
    tab.insert(dimension, edge, length);
    Ok(json!({}))
}

fn sort_range(book: &mut Spreadsheet, body: &Json, now: Timestamp) -> Result<Json, GoogleError> {
    let range: GridRange = part(body, "range")?;
    let specs: Vec<SortSpec> = part(body, "sortSpecs")?;
    let tab = book.tab_with_id(range.sheet_id)?;
    let grid = book.tab(tab)?;
    let rows = (range.start_row_index, range.end_row_index.unwrap_or(grid.rows).min(grid.used_rows()));
    let columns = (range.start_column_index, range.end_column_index.unwrap_or(grid.columns).min(grid.used_columns()));
    let keys: Vec<_> = specs.iter().map(|spec| (spec.dimension_index, spec.sort_order == "DESCENDING")).collect();
    sort(book, tab, (rows, columns), &keys, now)?;
    Ok(json!({}))
}

/// Rows and columns, each first and one past the last.
pub type Area = ((usize, usize), (usize, usize));

/// Sorts rows by columns, each with whether it descends; empty cells always come last.
pub fn sort(
    book: &mut Spreadsheet,
    tab: usize,
    (rows, columns): Area,
    keys: &[(usize, bool)],
    now: Timestamp,
) -> Result<(), GoogleError> {
    let snapshot = book.clone();
    let evaluator = Evaluator::new(&snapshot, now);
    let order = |a: usize, b: usize| {
        let by_key = |(column, descending): &(usize, bool)| {
            let (left, right) = (evaluator.value(tab, a, *column), evaluator.value(tab, b, *column));
            match (&left, &right) {
                (Value::Empty, Value::Empty) => Ordering::Equal,
                (Value::Empty, _) => Ordering::Greater,
                (_, Value::Empty) => Ordering::Less,
                _ if *descending => functions::compare(&right, &left),
                _ => functions::compare(&left, &right),
            }
        };
        keys.iter().map(by_key).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    };
    book.tab_mut(tab)?.sort(rows, columns, |_, a, b| order(a, b));
    Ok(())
}
