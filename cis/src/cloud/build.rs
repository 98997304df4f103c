//! The functions' programs, by a plain `cargo build`: the machine's own architecture, no cross-compiler.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;

use super::CloudError;
use crate::paths;

/// Program by function name.
pub type Programs = BTreeMap<String, PathBuf>;

/// Builds every function; cargo shows its progress.
///
/// # Errors
///
/// A function does not build.
pub async fn functions(release: bool) -> Result<Programs, CloudError> {
    let functions = template::passports(&paths::root())?;
    let packages: BTreeSet<&str> = functions.values().map(|located| located.package.as_str()).collect();
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(paths::root()).args(["build", "--bins", "--message-format=json-render-diagnostics"]);
    command.args(packages.into_iter().flat_map(|package| ["--package", package]));
    if release {
        command.arg("--release");
    }
    let built = command.stdin(Stdio::null()).stderr(Stdio::inherit()).kill_on_drop(true).output().await;
    let built = built.map_err(CloudError::Cargo)?;
    if !built.status.success() {
        return Err(CloudError::Build);
    }
    let programs = programs(&String::from_utf8_lossy(&built.stdout));
    functions.into_keys().map(|name| program(&programs, name)).collect()
}

fn program(programs: &Programs, name: String) -> Result<(String, PathBuf), CloudError> {
    match programs.get(&name) {
        Some(path) => Ok((name, path.clone())),
        None => Err(CloudError::NoProgram(name)),
    }
}

/// The programs that cargo reports, one JSON message a line.
/// (<https://doc.rust-lang.org/cargo/reference/external-tools.html#artifact-messages>)
fn programs(messages: &str) -> Programs {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|message| {
            let path = message["executable"].as_str()?;
            Some((message["target"]["name"].as_str()?.to_owned(), PathBuf::from(path)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_read_from_cargos_messages() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"get_order","kind":["lib"]},"executable":null}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"name":"get-order"},"executable":"/t/debug/get-order"}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        let expected = Programs::from([("get-order".to_owned(), PathBuf::from("/t/debug/get-order"))]);
        assert_eq!(programs(messages), expected);
    }
}
