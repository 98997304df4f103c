//! The spreadsheets as JSON, for a stack that survives its process.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Sheets;
use super::book::Spreadsheet;
use crate::draw::Draw;

/// What is kept. Tokens are not: a client whose token is refused asks for another.
#[derive(Debug, Serialize, Deserialize)]
struct Snapshot {
    books: Vec<Spreadsheet>,
    draw: Draw,
}

impl Sheets {
    /// Every spreadsheet with what was entered.
    ///
    /// # Errors
    ///
    /// When they cannot be written as JSON.
    pub fn snapshot(&self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(Snapshot { books: self.books.clone(), draw: self.draw.clone() })
    }

    /// Takes over the spreadsheets of a snapshot, in place of those of the same id; others stay.
    ///
    /// # Errors
    ///
    /// When the snapshot is not one; nothing is changed then.
    pub fn restore(&mut self, snapshot: Value) -> Result<(), serde_json::Error> {
        let kept: Snapshot = serde_json::from_value(snapshot)?;
        self.books.retain(|book| kept.books.iter().all(|restored| restored.id != book.id));
        self.books.splice(0..0, kept.books);
        self.draw = kept.draw;
        Ok(())
    }
}
