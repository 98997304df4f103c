//! What a cell holds, and what it comes to.

use super::format::Format;
use serde::{Deserialize, Serialize};

/// What was put into a cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum CellInput {
    /// A number; dates are numbers with a format.
    Number(f64),
    /// Text.
    Text(String),
    /// TRUE or FALSE.
    Bool(bool),
    /// A formula, `=` included.
    Formula(String),
}

/// A cell that is not empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// What was put in.
    pub entered: CellInput,
    /// How numbers are shown.
    pub format: Format,
}

impl Cell {
    /// A cell that shows what it holds.
    pub const fn plain(entered: CellInput) -> Self {
        Self { entered, format: Format::Automatic }
    }
}

/// What a cell or a formula comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing there.
    Empty,
    /// A number.
    Number(f64),
    /// Text.
    Text(String),
    /// TRUE or FALSE.
    Bool(bool),
    /// A formula that failed.
    Error(CellError),
}

/// Why a formula failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellError {
    /// A reference that leads nowhere, in a circle, or to data that may not be fetched.
    Reference,
    /// Division by zero.
    Division,
    /// An unknown function or name.
    Name,
    /// A value of the wrong kind.
    Value,
    /// Nothing found.
    NotAvailable,
    /// A number that is out of bounds.
    Number,
    /// The formula cannot be read.
    Parse,
}

impl CellError {
    /// What the cell shows.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Reference => "#REF!",
            Self::Division => "#DIV/0!",
            Self::Name => "#NAME?",
            Self::Value => "#VALUE!",
            Self::NotAvailable => "#N/A",
            Self::Number => "#NUM!",
            Self::Parse => "#ERROR!",
        }
    }
}

impl Value {
    /// As a number in arithmetic: empty is 0, text counts when it reads as a number.
    pub fn number(&self) -> Result<f64, CellError> {
        match self {
            Self::Empty => Ok(0.0),
            Self::Number(number) => Ok(*number),
            Self::Bool(truth) => Ok(f64::from(u8::from(*truth))),
            Self::Text(text) => text.trim().parse().map_err(|_| CellError::Value),
            Self::Error(error) => Err(*error),
        }
    }

    /// As text in joining.
    pub fn text(&self) -> Result<String, CellError> {
        match self {
            Self::Error(error) => Err(*error),
            other => Ok(Format::Automatic.show(other)),
        }
    }

    /// As a condition.
    pub fn truth(&self) -> Result<bool, CellError> {
        match self {
            Self::Text(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Self::Text(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            other => other.number().map(|number| number != 0.0),
        }
    }
}

impl From<Result<Value, CellError>> for Value {
    fn from(result: Result<Self, CellError>) -> Self {
        result.unwrap_or_else(Self::Error)
    }
}
