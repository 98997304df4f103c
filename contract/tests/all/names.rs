//! Two types with one name are one schema in the document, silently: whichever comes last.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[test]
fn no_two_types_share_a_name() {
    let mut types: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    let root = contract::path().with_file_name("");
    for file in ["functions", "shared"].iter().flat_map(|folder| sources(&root.join(folder))) {
        for name in names(&std::fs::read_to_string(&file).unwrap()) {
            types.entry(name).or_default().push(file.clone());
        }
    }
    assert!(types.contains_key("TokenDelivery") && types.len() > 30, "types are found: {types:?}");
    types.retain(|_, files| files.len() > 1);
    assert!(types.is_empty(), "give one of them another name with `#[schema(as = …)]`: {types:?}");
}

#[test]
fn a_type_has_the_name_that_it_is_given() {
    let text = "use utoipa::ToSchema;\n#[derive(Debug, ToSchema)]\n#[schema(as = Other)]\npub struct One<'a> {}\n\
        #[derive(Debug)]\nstruct Two;\n#[derive(ToSchema)]\n#[serde(rename_all = \"x\")]\npub(crate) enum Three {}";
    assert_eq!(names(text), ["Other", "Three"]);
}

/// The names in the document of the types that derive their schema.
fn names(text: &str) -> Vec<String> {
    let name = |derive: &str| {
        let (traits, rest) = derive.split_once(")]")?;
        let (attributes, declared) = ["struct ", "enum "].iter().filter_map(|word| rest.split_once(word)).min()?;
        let given = attributes.split_once("schema(as = ").map_or(declared, |(_, name)| name);
        let end = given.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(given.len());
        traits.split([',', ' ', '\n']).any(|one| one == "ToSchema").then(|| given[..end].to_owned())
    };
    text.split("derive(").skip(1).filter_map(name).collect()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let inside = |path: PathBuf| if path.is_dir() { sources(&path) } else { vec![path] };
    entries.flat_map(inside).filter(|path| path.extension().is_some_and(|end| end == "rs")).collect()
}
