//! sync-sheet.
