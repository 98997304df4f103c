//! `cargo cis template`: writes `template.yaml`, after a change of its frame or of a function's passport.

use std::error::Error;
use std::fs;

use crate::paths;

/// Writes the template where it is committed.
///
/// # Errors
///
/// A passport or the frame says what cannot be, or a file cannot be written.
pub fn write() -> Result<(), Box<dyn Error>> {
    let path = paths::root().join("template.yaml");
    fs::write(&path, template::text(&paths::root())?)?;
    println!("written: {}", path.display());
    Ok(())
}
