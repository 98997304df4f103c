//! What functions answer from, made from where it is said: the routes from `template.yaml`, and the page for people from
//! the API's contract.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::Path;
use std::{env, fs};

const TEMPLATE: &str = "../../template.yaml";
const CONTRACT: &str = "../../openapi.json";

fn main() -> Result<(), Box<dyn Error>> {
    for source in [TEMPLATE, CONTRACT] {
        println!("cargo:rerun-if-changed={source}");
    }
    let folder = env::var("OUT_DIR")?;
    let contract = serde_json::from_str(&fs::read_to_string(CONTRACT)?)?;
    fs::write(Path::new(&folder).join("reference.html"), reference::page(&contract)?)?;
    fs::write(Path::new(&folder).join("routes.rs"), routes(&fs::read_to_string(TEMPLATE)?))?;
    Ok(())
}

/// The methods of each path.
fn routes(template: &str) -> String {
    let mut methods: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let keys = template.lines().filter_map(|line| line.trim().strip_prefix("RouteKey: "));
    // `$default` has no path: it is `unknown-route`'s own.
    for (method, path) in keys.filter_map(|key| key.trim_matches('"').split_once(' ')) {
        methods.entry(path).or_default().insert(method);
    }
    let rows = methods.iter().map(|(path, methods)| {
        let methods: Vec<_> = methods.iter().copied().collect();
        format!("    ({path:?}, {:?}),\n", methods.join(", "))
    });
    format!("&[\n{}]\n", rows.collect::<String>())
}
