//! `cargo cis openapi`: writes the API's contract and its page, after a change of what they are made from.

use std::{fs, io};

/// Writes both where they are committed.
///
/// # Errors
///
/// A file cannot be written.
pub fn write() -> io::Result<()> {
    fs::write(contract::path(), contract::text())?;
    fs::write(contract::reference_path(), contract::reference(&contract::document()))?;
    println!("written: {}, {}", contract::path().display(), contract::reference_path().display());
    Ok(())
}
