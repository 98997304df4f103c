//! The spreadsheet in which the business watches its orders.
//!
//! A module is a function; `src/bin` has its program, and the passport beside `src` says what AWS has to know of it.

pub mod sync_sheet;
