//! `cargo cis openapi`: writes the API's contract, after a change of what it is made from.

use std::{fs, io};

/// Writes it where it is committed.
///
/// # Errors
///
/// The file cannot be written.
pub fn write() -> io::Result<()> {
    fs::write(contract::path(), contract::text())?;
    println!("written: {}", contract::path().display());
    Ok(())
}
