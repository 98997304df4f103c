//! The workspace as cargo sees it.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// For what a dependency is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Linked.
    Normal,
    /// For tests or the build only.
    Other,
}

/// A package of the workspace.
pub struct Member {
    pub name: String,
    /// Below the root, as `functions` or `shared`; empty for a package that stands there itself.
    pub folder: String,
    /// Packages of ours.
    pub dependencies: Vec<(String, Kind)>,
    /// Its `Cargo.toml`.
    pub manifest: String,
}

impl Member {
    pub fn depend_on(&mut self, name: &str, kind: Kind) {
        self.dependencies.push((name.to_owned(), kind));
    }

    /// Packages of ours that it links by itself.
    pub fn linked(&self) -> impl Iterator<Item = &str> {
        self.dependencies.iter().filter(|(_, kind)| *kind == Kind::Normal).map(|(name, _)| name.as_str())
    }
}

/// Every package of the workspace.
pub fn members() -> Vec<Member> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1", "--manifest-path"])
        .arg(root.join("Cargo.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().iter().map(|package| member(package, root)).collect()
}

fn member(package: &Value, root: &Path) -> Member {
    let path = Path::new(package["manifest_path"].as_str().unwrap());
    let folder = path.strip_prefix(root).unwrap().parent().and_then(Path::parent).unwrap();
    let ours = package["dependencies"].as_array().unwrap().iter().filter(|dependency| dependency["path"].is_string());
    let dependency = |dependency: &Value| {
        let kind = if dependency["kind"].is_null() { Kind::Normal } else { Kind::Other };
        (dependency["name"].as_str().unwrap().to_owned(), kind)
    };
    Member {
        name: package["name"].as_str().unwrap().to_owned(),
        folder: folder.to_str().unwrap().to_owned(),
        dependencies: ours.map(dependency).collect(),
        manifest: std::fs::read_to_string(path).unwrap(),
    }
}
