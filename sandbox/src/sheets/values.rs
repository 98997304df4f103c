//! Writing values: update, clear, and append with its search for the table's end.

use std::collections::BTreeSet;

use domain::Timestamp;
use serde_json::{Value as Json, json};

use super::book::{Block, Spreadsheet};
use super::cell::{Cell, CellInput};
use super::enter::InputOption;
use super::error::GoogleError;
use super::grid::{Dimension, Tab};
use super::render::{self, Rendering};

/// Google's limit of characters in a cell.
const MAX_CELL_CHARACTERS: usize = 50_000;

/// How a write reads its values, and whether it answers with them.
#[derive(Clone, Copy, Debug)]
pub struct WriteOptions {
    /// `valueInputOption`.
    pub input: InputOption,
    /// How the answer shows the written cells, when it should.
    pub echo: Option<Rendering>,
    /// The time for formulas in the answer.
    pub now: Timestamp,
}

/// What was written, for the totals of a batch.
#[derive(Clone, Debug)]
pub struct WriteResult {
    /// The `UpdateValuesResponse`.
    pub answer: Json,
    /// Where.
    pub block: Block,
    /// Cells that got a value or were emptied.
    pub cells: usize,
}

/// What a write does to one cell.
#[derive(Clone, Debug)]
enum Change {
    /// `null`: leaves it alone.
    CachePolicy,
    /// Fills or empties it.
    Put(Option<Cell>),
}

/// The changes by row.
type Rows = Vec<Vec<Change>>;

/// Reads `values` of a `ValueRange` into rows of cells.
fn read(value_range: &Json, input: InputOption) -> Result<Rows, GoogleError> {
    let major = render::dimension(value_range.get("majorDimension").and_then(Json::as_str))?;
    let lists = match value_range.get("values") {
        None | Some(Json::Null) => return Ok(Vec::new()),
        Some(Json::Array(lists)) => lists,
        Some(_) => {
            return Err(GoogleError::invalid(
                "Invalid value at 'data.values' (type.googleapis.com/google.protobuf.ListValue)",
            ));
        }
    };
    let mut rows = Rows::new();
    for (outer, list) in lists.iter().enumerate() {
        let list = list.as_array();
        let list = list.ok_or_else(|| GoogleError::invalid(format!("Invalid value at 'data.values[{outer}]'")))?;
        let mut cells = Vec::new();
        for (inner, value) in list.iter().enumerate() {
            let cell = cell(value, input).map_err(|error| error.within(&format!("values[{outer}][{inner}]")))?;
            cells.push(cell);
        }
        rows.push(cells);
    }
    Ok(if major == Dimension::Rows { rows } else { transpose(rows) })
}

fn cell(value: &Json, input: InputOption) -> Result<Change, GoogleError> {
    Ok(Change::Put(match value {
        Json::Null => return Ok(Change::CachePolicy),
        Json::Bool(truth) => Some(Cell::plain(CellInput::Bool(*truth))),
        Json::Number(number) => number.as_f64().map(|number| Cell::plain(CellInput::Number(number))),
        Json::String(text) if text.chars().count() > MAX_CELL_CHARACTERS => {
            let message = "Your input contains more than the maximum of 50000 characters in a single cell.";
            return Err(GoogleError::invalid(message));
        }
        Json::String(text) => input.text(text),
        Json::Array(_) => return Err(GoogleError::invalid("list_value {}")),
        Json::Object(_) => return Err(GoogleError::invalid("struct_value {}")),
    }))
}

fn transpose(columns: Rows) -> Rows {
    let height = columns.iter().map(Vec::len).max().unwrap_or(0);
    let mut rows = vec![vec![Change::CachePolicy; columns.len()]; height];
    for (column, cells) in columns.into_iter().enumerate() {
        for (row, cell) in cells.into_iter().enumerate() {
            rows[row][column] = cell;
        }
    }
    rows
}

fn size(rows: &Rows) -> (usize, usize) {
    (rows.len(), rows.iter().map(Vec::len).max().unwrap_or(0))
}

/// A write that nothing stands against: where, and what.
#[derive(Debug)]
pub struct PlannedWrite {
    block: Block,
    rows: Rows,
}

/// Plans `values.update`: a single cell as range is the corner to start from, a larger range must hold the values. A
/// batch plans all its writes before it carries the first one out.
pub fn plan(
    book: &Spreadsheet,
    range: &str,
    value_range: &Json,
    input: InputOption,
) -> Result<PlannedWrite, GoogleError> {
    let (written_as, asked) = book.resolve(range)?;
    let inner = value_range.get("range").and_then(Json::as_str).unwrap_or(range);
    if book.resolve(inner)?.1 != asked {
        let message = format!("Requested writing within range [{range}], but the value range is [{inner}]");
        return Err(GoogleError::invalid(message));
    }
    let rows = read(value_range, input)?;
    let (height, width) = size(&rows);
    let block = Block {
        rows: (asked.rows.0, asked.rows.0 + height),
        columns: (asked.columns.0, asked.columns.0 + width),
        ..asked
    };
    book.check_edge(&asked, false)?;
    if !written_as.is_cell() {
        check_fit(book, &asked, &block)?;
    }
    book.check_edge(&block, true)?;
    Ok(PlannedWrite { block, rows })
}

fn check_fit(book: &Spreadsheet, asked: &Block, block: &Block) -> Result<(), GoogleError> {
    let beyond = if block.rows.1 > asked.rows.1 {
        format!("row [{}]", asked.rows.1 + 1)
    } else if block.columns.1 > asked.columns.1 {
        format!("column [{}]", super::a1::letters(asked.columns.1))
    } else {
        return Ok(());
    };
    let within = book.name(asked);
    Err(GoogleError::invalid(format!("Requested writing within range [{within}], but tried writing to {beyond}")))
}

/// Carries a planned write out.
pub fn write(book: &mut Spreadsheet, planned: PlannedWrite, options: WriteOptions) -> Result<WriteResult, GoogleError> {
    let PlannedWrite { block, rows } = planned;
    let tab = book.tab_mut(block.tab)?;
    let mut cells = 0;
    for (row, line) in (block.rows.0..).zip(rows) {
        for (column, cell) in (block.columns.0..).zip(line) {
            if let Change::Put(cell) = cell {
                tab.set(row, column, cell);
                cells += 1;
            }
        }
    }
    let mut answer = json!({"spreadsheetId": book.id, "updatedRange": book.name(&block)});
    if cells > 0 {
        answer["updatedRows"] = json!(block.rows.1 - block.rows.0);
        answer["updatedColumns"] = json!(block.columns.1 - block.columns.0);
        answer["updatedCells"] = json!(cells);
    }
    if let Some(rendering) = options.echo {
        answer["updatedData"] = render::value_range(book, block, rendering, options.now)?;
    }
    Ok(WriteResult { answer, block, cells })
}

/// `values.batchUpdate`'s answer: the totals and each write's own.
pub fn batch_answer(book: &Spreadsheet, written: Vec<WriteResult>) -> Json {
    let of = |pick: fn(&Block) -> (usize, usize, usize)| {
        let places: BTreeSet<_> = written
            .iter()
            .filter(|one| one.cells > 0)
            .flat_map(|one| {
                let (tab, start, end) = pick(&one.block);
                (start..end).map(move |place| (tab, place))
            })
            .collect();
        places.len()
    };
    let sheets: BTreeSet<_> = written.iter().map(|one| one.block.tab).collect();
    json!({
        "spreadsheetId": book.id,
        "totalUpdatedRows": of(|block| (block.tab, block.rows.0, block.rows.1)),
        "totalUpdatedColumns": of(|block| (block.tab, block.columns.0, block.columns.1)),
        "totalUpdatedCells": written.iter().map(|one| one.cells).sum::<usize>(),
        "totalUpdatedSheets": sheets.len(),
        "responses": written.into_iter().map(|one| one.answer).collect::<Vec<_>>(),
    })
}

/// Plans `values.clear`: the range, clipped to the grid.
pub fn plan_clear(book: &Spreadsheet, range: &str) -> Result<Block, GoogleError> {
    let (_, block) = book.resolve(range)?;
    book.check_edge(&block, false)?;
    let tab = book.tab(block.tab)?;
    let rows = (block.rows.0, block.rows.1.min(tab.rows));
    let columns = (block.columns.0, block.columns.1.min(tab.columns));
    Ok(Block { rows, columns, ..block })
}

/// Empties a block and gives its name.
pub fn clear(book: &mut Spreadsheet, block: &Block) -> Result<String, GoogleError> {
    let tab = book.tab_mut(block.tab)?;
    for row in block.rows.0..block.rows.1.min(tab.used_rows()) {
        for column in block.columns.0..block.columns.1.min(tab.used_columns()) {
            tab.set(row, column, None);
        }
    }
    Ok(book.name(block))
}

/// `values.append`: writes below the last table that meets the range, or at the range's corner when none does. The grid
/// grows where it must. `insert_rows` moves what is below down instead of writing over it.
pub fn append(
    book: &mut Spreadsheet,
    range: &str,
    value_range: &Json,
    insert_rows: bool,
    options: WriteOptions,
) -> Result<Json, GoogleError> {
    let (_, asked) = book.resolve(range)?;
    book.check_edge(&asked, false)?;
    let rows = read(value_range, options.input)?;
    let (height, width) = size(&rows);
    let found = tables(book.tab(asked.tab)?, asked.tab);
    let table = found.into_iter().filter(|table| table.meets(&asked)).max_by_key(|table| table.rows.1);
    let (row, column) = table.map_or((asked.rows.0, asked.columns.0), |table| (table.rows.1, table.columns.0));
    let block = Block { tab: asked.tab, rows: (row, row + height), columns: (column, column + width) };

    let tab = book.tab(asked.tab)?;
    let inserted = if insert_rows && row < tab.rows { height } else { 0 };
    let grown = ((tab.rows + inserted).max(block.rows.1), tab.columns.max(block.columns.1));
    book.check_growth(asked.tab, grown)?;
    let tab = book.tab_mut(asked.tab)?;
    tab.insert(Dimension::Rows, row, inserted);
    tab.resize(grown.0, grown.1);
    let written = write(book, PlannedWrite { block, rows }, options)?;
    let mut answer = json!({"spreadsheetId": book.id, "updates": written.answer});
    if let Some(table) = table {
        answer["tableRange"] = json!(book.name(&table));
    }
    Ok(answer)
}

/// The tables of a tab: blocks of cells that touch each other, corners included, as large as they can grow.
fn tables(tab: &Tab, index: usize) -> Vec<Block> {
    let mut left: BTreeSet<(usize, usize)> = tab.occupied().collect();
    let mut tables: Vec<Block> = Vec::new();
    while let Some(start) = left.pop_first() {
        let mut block = Block { tab: index, rows: (start.0, start.0 + 1), columns: (start.1, start.1 + 1) };
        loop {
            let beside = |(_, column): &(usize, usize)| *column + 1 >= block.columns.0 && *column <= block.columns.1;
            let rows = (block.rows.0.saturating_sub(1), 0)..=(block.rows.1, usize::MAX);
            let near: Vec<_> = left.range(rows).copied().filter(beside).collect();
            if near.is_empty() {
                break;
            }
            for (row, column) in near {
                left.remove(&(row, column));
                block.rows = (block.rows.0.min(row), block.rows.1.max(row + 1));
                block.columns = (block.columns.0.min(column), block.columns.1.max(column + 1));
            }
        }
        tables.push(block);
    }
    tables
}
