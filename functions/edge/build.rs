//! The API's routes have their home in `template.yaml`: the table of this function is made from it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{env, fs, io};

const TEMPLATE: &str = "../../template.yaml";

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed={TEMPLATE}");
    let template = fs::read_to_string(TEMPLATE)?;
    let mut methods: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let keys = template.lines().filter_map(|line| line.trim().strip_prefix("RouteKey: "));
    // `$default` has no path: it is this function's own.
    for (method, path) in keys.filter_map(|key| key.trim_matches('"').split_once(' ')) {
        methods.entry(path).or_default().insert(method);
    }
    let rows = methods.iter().map(|(path, methods)| {
        let methods: Vec<_> = methods.iter().copied().collect();
        format!("    ({path:?}, {:?}),\n", methods.join(", "))
    });
    let table = format!("&[\n{}]\n", rows.collect::<String>());
    let folder = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    fs::write(Path::new(&folder).join("routes.rs"), table)
}
