//! The recipes of CONTRIBUTING.md as patches. The long edition of the checks carries them out; here it is seen that they
//! fit the files that they change, so that whoever changes such a file knows at once.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// What each file has to have somewhere, for each place that the patch changes; new files have nothing.
fn places(patch: &str) -> BTreeMap<&str, Vec<String>> {
    let mut places = BTreeMap::<_, Vec<String>>::new();
    let mut file = "";
    for line in patch.lines() {
        if let Some(path) = line.strip_prefix("--- ") {
            file = path.strip_prefix("a/").unwrap_or_default();
        } else if line.starts_with("@@ ") {
            places.entry(file).or_default().push(String::new());
        } else if let Some(old) = line.strip_prefix([' ', '-'])
            && let Some(place) = places.get_mut(file).and_then(|places| places.last_mut())
        {
            place.push_str(old);
            place.push('\n');
        }
    }
    places.remove("");
    places
}

/// The files that the patch does not fit.
fn misfits(patch: &str) -> Vec<&str> {
    let has_all = |(file, places): (&str, &Vec<String>)| {
        let text = fs::read_to_string(root().join(file)).unwrap_or_default();
        places.iter().all(|place| text.contains(place))
    };
    places(patch).iter().filter(|(file, places)| !has_all((file, places))).map(|(file, _)| *file).collect()
}

#[test]
fn the_recipes_fit_the_files_that_they_change() {
    let patches: Vec<_> = root().join("tests/recipes").read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(patches.len() > 2, "{patches:?}");
    for path in patches {
        let patch = fs::read_to_string(&path).unwrap();
        assert!(places(&patch).len() > 1, "{path:?} changes hardly anything");
        let misfits = misfits(&patch);
        assert!(misfits.is_empty(), "{path:?} does not fit {misfits:?} any more: carry the recipe out again");
    }
}

#[test]
fn a_recipe_that_does_not_fit_is_found() {
    let patch = fs::read_to_string(root().join("tests/recipes/order-status.patch")).unwrap();
    let stale = patch.replace("            | OrderStatus::Invoiced\n", "            | OrderStatus::Billed\n");
    assert_eq!(misfits(&stale), ["shared/domain/src/order/person.rs"]);
}
