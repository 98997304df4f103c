//! What functions answer from, made from where it is said: the routes from `template.yaml`, the page for people from the
//! API's contract, and both contract and page compressed.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::io::{self, Write as _};
use std::path::Path;
use std::{env, fs};

use flate2::Compression;
use flate2::write::GzEncoder;

const TEMPLATE: &str = "../../template.yaml";
const CONTRACT: &str = "../../openapi.json";

fn main() -> Result<(), Box<dyn Error>> {
    for source in [TEMPLATE, CONTRACT] {
        println!("cargo:rerun-if-changed={source}");
    }
    let folder = env::var("OUT_DIR")?;
    let contract = fs::read_to_string(CONTRACT)?;
    let page = reference::page(&serde_json::from_str(&contract)?)?;
    fs::write(Path::new(&folder).join("openapi.json.gz"), gzip(&contract)?)?;
    fs::write(Path::new(&folder).join("reference.html.gz"), gzip(&page)?)?;
    fs::write(Path::new(&folder).join("reference.html"), page)?;
    fs::write(Path::new(&folder).join("routes.rs"), routes(&fs::read_to_string(TEMPLATE)?))?;
    Ok(())
}

/// The same bytes for the same text: the header has no time.
fn gzip(text: &str) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes())?;
    encoder.finish()
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
