//! Formulas: working them out.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use domain::Timestamp;
use serde::Serialize;

use super::a1::{self, A1};
use super::book::Spreadsheet;
use super::cell::{Cell, CellError, CellInput, Value};
use super::formula::{self, Expr, Operator};
use super::functions;

/// A formula that would have fetched something from outside: what formula injection is after.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct OutsideCall {
    /// The cell that does it.
    pub cell: String,
    /// The function, such as `IMPORTXML`.
    pub function: String,
    /// What it would have fetched.
    pub target: String,
}

type CellPosition = (usize, usize, usize);

/// Works out one spreadsheet as it stands. Each cell is worked out once.
pub struct Evaluator<'a> {
    book: &'a Spreadsheet,
    pub(super) now: Timestamp,
    known: RefCell<BTreeMap<CellPosition, Value>>,
    under_way: RefCell<Vec<CellPosition>>,
    calls: RefCell<BTreeSet<OutsideCall>>,
}

/// Longer chains of references than this end in an error instead of filling the stack.
const MAX_CHAIN: usize = 100;

impl<'a> Evaluator<'a> {
    /// Nothing worked out yet.
    pub const fn new(book: &'a Spreadsheet, now: Timestamp) -> Self {
        Self {
            book,
            now,
            known: RefCell::new(BTreeMap::new()),
            under_way: RefCell::new(Vec::new()),
            calls: RefCell::new(BTreeSet::new()),
        }
    }

    /// What a cell comes to.
    pub fn value(&self, tab: usize, row: usize, column: usize) -> Value {
        let cell = self.book.tabs.get(tab).and_then(|tab| tab.cell(row, column));
        match cell.map(|Cell { entered, .. }| entered) {
            None => Value::Empty,
            Some(CellInput::Number(number)) => Value::Number(*number),
            Some(CellInput::Text(text)) => Value::Text(text.clone()),
            Some(CellInput::Bool(truth)) => Value::Bool(*truth),
            Some(CellInput::Formula(text)) => self.formula((tab, row, column), text),
        }
    }

    /// The outside calls of all formulas that were worked out.
    pub fn calls(&self) -> Vec<OutsideCall> {
        self.calls.borrow().iter().cloned().collect()
    }

    fn formula(&self, place: CellPosition, text: &str) -> Value {
        if let Some(value) = self.known.borrow().get(&place) {
            return value.clone();
        }
        let chain = self.under_way.borrow().len();
        if chain >= MAX_CHAIN || self.under_way.borrow().contains(&place) {
            return Value::Error(CellError::Reference);
        }
        self.under_way.borrow_mut().push(place);
        let value = Value::from(formula::parse(text).and_then(|expr| self.scalar(&expr)));
        self.under_way.borrow_mut().pop();
        self.known.borrow_mut().insert(place, value.clone());
        value
    }

    /// One value: a range of one cell, or anything that is not a range.
    pub(super) fn scalar(&self, expr: &Expr) -> Result<Value, CellError> {
        let value = match expr {
            Expr::Number(number) => Value::Number(*number),
            Expr::Text(text) => Value::Text(text.clone()),
            Expr::Bool(truth) => Value::Bool(*truth),
            Expr::Range(range) => self.values(range)?.into_iter().flatten().next().unwrap_or(Value::Empty),
            Expr::Call(name, arguments) => functions::call(self, name, arguments)?,
            Expr::Negate(inner) => Value::Number(-self.scalar(inner)?.number()?),
            Expr::Percent(inner) => Value::Number(self.scalar(inner)?.number()? / 100.0),
            Expr::Binary(operator, left, right) => binary(*operator, &self.scalar(left)?, &self.scalar(right)?)?,
        };
        if let Value::Error(error) = value { Err(error) } else { Ok(value) }
    }

    /// All values of an argument: a range's cells, or the one value.
    pub(super) fn all(&self, expr: &Expr) -> Result<Vec<Value>, CellError> {
        match expr {
            Expr::Range(range) => Ok(self.values(range)?.into_iter().flatten().collect()),
            other => self.scalar(other).map(|value| vec![value]),
        }
    }

    /// A range's values by row, as far as the tab is used.
    pub(super) fn values(&self, range: &A1) -> Result<Vec<Vec<Value>>, CellError> {
        let here = self.under_way.borrow().last().map_or(0, |place| place.0);
        let tab = match &range.tab {
            Some(title) => self.book.tab_named(title).ok_or(CellError::Reference)?,
            None => here,
        };
        let grid = self.book.tabs.get(tab).ok_or(CellError::Reference)?;
        if range.rows.first >= grid.rows || range.columns.first >= grid.columns {
            return Err(CellError::Reference);
        }
        let last_row = range.rows.last.unwrap_or(usize::MAX).min(grid.used_rows().saturating_sub(1));
        let last_column = range.columns.last.unwrap_or(usize::MAX).min(grid.used_columns().saturating_sub(1));
        let row = |row| (range.columns.first..=last_column).map(|column| self.value(tab, row, column)).collect();
        Ok((range.rows.first..=last_row).map(row).collect())
    }

    /// Records that the current formula would have made a request.
    pub(super) fn note_call(&self, function: &str, target: String) {
        let Some((tab, row, column)) = self.under_way.borrow().last().copied() else { return };
        let title = self.book.tabs.get(tab).map(|tab| tab.title.as_str()).unwrap_or_default();
        let cell = a1::format(title, (row, row), (column, column));
        self.calls.borrow_mut().insert(OutsideCall { cell, function: function.to_owned(), target });
    }

    /// Row and column of the formula under way, counted from 0.
    pub(super) fn here(&self) -> (usize, usize) {
        self.under_way.borrow().last().map_or((0, 0), |(_, row, column)| (*row, *column))
    }
}

fn binary(operator: Operator, left: &Value, right: &Value) -> Result<Value, CellError> {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let arithmetic = |work: fn(f64, f64) -> f64| {
        let result = work(left.number()?, right.number()?);
        if result.is_finite() { Ok(Value::Number(result)) } else { Err(CellError::Number) }
    };
    let order = || functions::compare(left, right);
    match operator {
        Operator::Add => arithmetic(|a, b| a + b),
        Operator::Subtract => arithmetic(|a, b| a - b),
        Operator::Multiply => arithmetic(|a, b| a * b),
        Operator::Divide if right.number()? == 0.0 => Err(CellError::Division),
        Operator::Divide => arithmetic(|a, b| a / b),
        Operator::Power => arithmetic(f64::powf),
        Operator::Join => Ok(Value::Text(left.text()? + &right.text()?)),
        Operator::Equal => Ok(Value::Bool(order() == Equal)),
        Operator::Unequal => Ok(Value::Bool(order() != Equal)),
        Operator::Less => Ok(Value::Bool(order() == Less)),
        Operator::LessOrEqual => Ok(Value::Bool(order() != Greater)),
        Operator::Greater => Ok(Value::Bool(order() == Greater)),
        Operator::GreaterOrEqual => Ok(Value::Bool(order() != Less)),
    }
}
