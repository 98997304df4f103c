//! The functions' programs, by a plain `cargo build`: the machine's own architecture, no cross-compiler.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;

use super::CloudError;
use crate::paths;

/// Program by function name.
pub type Programs = BTreeMap<String, PathBuf>;

/// Builds every package under `functions/`; cargo shows its progress.
///
/// # Errors
///
/// A function does not build.
pub async fn functions(release: bool) -> Result<Programs, CloudError> {
    let names = packages()?;
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(paths::root()).args(["build", "--bins", "--message-format=json-render-diagnostics"]);
    command.args(names.iter().flat_map(|name| ["--package", name]));
    if release {
        command.arg("--release");
    }
    let built = command.stdin(Stdio::null()).stderr(Stdio::inherit()).kill_on_drop(true).output().await;
    let built = built.map_err(CloudError::Cargo)?;
    if !built.status.success() {
        return Err(CloudError::Build);
    }
    let programs = programs(&String::from_utf8_lossy(&built.stdout));
    names.into_iter().map(|name| program(&programs, name)).collect()
}

fn program(programs: &Programs, name: String) -> Result<(String, PathBuf), CloudError> {
    match programs.get(&name) {
        Some(path) => Ok((name, path.clone())),
        None => Err(CloudError::NoProgram(name)),
    }
}

fn packages() -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(paths::root().join("functions"))? {
        let entry = entry?;
        if entry.path().join("Cargo.toml").exists() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
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

    #[test]
    fn every_function_is_a_package() {
        let names = packages().unwrap();
        assert!(names.iter().any(|name| name == "create-order"), "{names:?}");
    }
}
