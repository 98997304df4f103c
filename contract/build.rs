//! The functions have one list: their passports. The document's operations are made from it.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

/// Serves this document, which says of itself what it is; and answers what no route is for.
const WITHOUT_OPERATION: [&str; 2] = ["get-openapi", "unknown-route"];

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("..");
    println!("cargo:rerun-if-changed={}", root.join("functions").display());
    let mut paths = Vec::new();
    for (name, located) in template::passports(&root)? {
        let passport = &located.passport;
        if passport.has_routes() && !WITHOUT_OPERATION.contains(&name.as_str()) {
            paths.push(format!("    {}::{}::handle,\n", located.package, name.replace('-', "_")));
        }
    }
    let paths = paths.concat();
    let code = format!(
        "/// What handlers and their types say of themselves.\n#[derive(OpenApi)]\n#[openapi(paths(\n{paths}))]\nstruct Handlers;\n"
    );
    fs::write(Path::new(&env::var("OUT_DIR")?).join("handlers.rs"), code)?;
    Ok(())
}
