//! The repository's files, its documents and its tests.

use std::collections::BTreeSet;
use std::path::Path;

use super::markdown::is_name;

/// Folders that are no part of the repository.
const LEFT_OUT: [&str; 5] = [".aws-sam", ".git", "mutants.out", "node_modules", "target"];

/// A page for people.
pub struct Document {
    /// From the root, as in `docs/api.md`.
    pub path: String,
    pub text: String,
}

impl Document {
    /// Adds a line at the end.
    pub fn append(&mut self, line: &str) {
        self.text.extend(["\n", line, "\n"]);
    }
}

pub struct Repository {
    pub documents: Vec<Document>,
    /// Files and folders, from the root.
    pub paths: BTreeSet<String>,
    /// Names of test functions.
    pub tests: BTreeSet<String>,
}

impl Repository {
    pub fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut repository = Self { documents: Vec::new(), paths: BTreeSet::new(), tests: BTreeSet::new() };
        repository.walk(root, "");
        repository
    }

    /// Whether this is the name of a file or folder at the root.
    pub fn has_at_root(&self, name: &str) -> bool {
        !name.contains('/') && self.paths.contains(name)
    }

    fn walk(&mut self, folder: &Path, prefix: &str) {
        for entry in folder.read_dir().unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            if LEFT_OUT.contains(&name.as_str()) {
                continue;
            }
            let path = format!("{prefix}{name}");
            if entry.file_type().unwrap().is_dir() {
                self.walk(&entry.path(), &format!("{path}/"));
            }
            match name.rsplit_once('.') {
                Some((_, "rs")) => self.tests.extend(tests(&std::fs::read_to_string(entry.path()).unwrap())),
                Some((_, "md")) => {
                    let text = std::fs::read_to_string(entry.path()).unwrap();
                    self.documents.push(Document { path: path.clone(), text });
                }
                _ => {}
            }
            self.paths.insert(path);
        }
    }
}

/// The tests of a source file: functions below an attribute that ends in `test`, and what `promises!` makes tests of.
fn tests(source: &str) -> Vec<String> {
    let (mut found, mut is_test, mut is_promise) = (Vec::new(), false, false);
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if let Some((_, function)) = line.split_once("fn ").filter(|_| is_test) {
            found.extend(function.split('(').next().map(str::to_owned));
            is_test = false;
        } else if line.starts_with("promises! {") {
            is_promise = true;
        } else if line == "}" {
            is_promise = false;
        } else if is_promise {
            found.extend(
                line.split(", ").map(|name| name.trim_end_matches(',')).filter(|name| is_name(name)).map(str::to_owned),
            );
        }
    }
    found
}
