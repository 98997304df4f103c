//! Google Sheets: a service account's token, and the rows of orders, written and read by their address.
//!
//! Rows are never appended: each order owns a row number, and writing it twice leaves one row. Must not know how row
//! numbers are allocated.

mod account;
mod assertion;
mod client;
mod error;
mod grid;
mod row;
mod token;
mod values;

#[cfg(test)]
mod conversation;
#[cfg(test)]
mod sandbox_tests;

pub use account::{InvalidAccount, ServiceAccount};
pub use client::{DEFAULT_TAB, LIVE_URL, Sheets};
pub use error::SheetsError;
pub use row::{COLUMNS, Cell, FIRST_ROW, HEADER, Row};
