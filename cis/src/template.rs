//! `cargo cis template`: writes what follows from the passports and the template's frame, after a change of one of them.

use std::error::Error;
use std::fs;

use crate::paths;

/// Writes `template.yaml`, and the functions into the table of services in ARCHITECTURE.md.
///
/// # Errors
///
/// A passport or the frame says what cannot be, or a file cannot be written.
pub fn write() -> Result<(), Box<dyn Error>> {
    let root = paths::root();
    let (yaml, architecture) = (root.join("template.yaml"), root.join("ARCHITECTURE.md"));
    fs::write(&yaml, template::text(&root)?)?;
    let document = fs::read_to_string(&architecture)?;
    fs::write(&architecture, template::services(&root, &document)?)?;
    println!("written: {}, {}", yaml.display(), architecture.display());
    Ok(())
}
